import { isDcsError, type Outcome, type Write } from 'dcs-sdk';

export const skipped = (changes: readonly Write[]): Outcome[] => changes.map(({ name }) => ({ name, result: 'skipped' }));

/** The same failure for every change of a request; a lost answer is `unknown`. A bug stays a bug. */
export function failed(changes: readonly Write[], error: unknown): Outcome[] {
  if (!isDcsError(error)) throw error;
  const result = error.details.applied === 'unknown' ? 'unknown' : 'failed';
  return changes.map(({ name }) => ({ name, result, error }));
}
