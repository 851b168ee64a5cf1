import { DcsError, type Secret, type Source } from 'dcs-sdk';

/** A value that shall enter Doppler, and where it stands: `.env:3`. */
export interface Given {
  readonly name: string;
  readonly secret: Secret;
  readonly at: string;
}

/** What was given, as the loop reads it. `identity` tells one record from another. */
export function sourceOfGiven(title: string, identity: string, given: readonly Given[]): Source {
  const secrets = new Map(given.map(({ name, secret }) => [name, { state: 'value', secret } as const]));
  return { title, identity, read: async () => ({ identity, version: 'given', secrets }) };
}

/** One error for all that is wrong, so that nobody mends a file line by line. `problems`: `.env:3: the quote is not closed`. */
export function refuseProblems(problems: readonly string[], hint: readonly string[] = []): void {
  const [first, ...rest] = problems;
  if (first === undefined) return;
  const shown = rest.slice(0, 20);
  const more = rest.length > shown.length ? [`${rest.length - shown.length} more`] : [];
  throw new DcsError('CONFIG', `${first}.`, { why: [...shown, ...more, 'Nothing was written.'].join('. '), hint });
}
