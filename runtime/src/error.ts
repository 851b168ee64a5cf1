/**
 * - `CONFIG`: something is not set, or must not be set so.
 * - `REFUSED`: Doppler said no (401, 403, 404 ...): nothing that was cached serves any more.
 * - `MISSING`: Doppler answered and has no value for a name of `keys`.
 * - `UNREACHABLE`: no answer, a timeout, 429, 5xx, or not an answer of Doppler.
 */
export type SecretsErrorCode = 'CONFIG' | 'REFUSED' | 'MISSING' | 'UNREACHABLE';

/** Its message names names, never a value, a token or what the other side said. */
export class SecretsError extends Error {
  readonly code: SecretsErrorCode;
  constructor(code: SecretsErrorCode, message: string) {
    super(message);
    this.name = 'SecretsError';
    this.code = code;
  }
}
