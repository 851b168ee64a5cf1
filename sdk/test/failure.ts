import { isDcsError, type DcsError } from '../src/error.ts';

/** The error with which it has to end. */
export async function failure(promise: Promise<unknown>): Promise<DcsError> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!isDcsError(error)) throw new Error(`no DcsError: ${String(error)}`);
  return error;
}
