export const EXIT = {
  CONFIG: 2,
  AUTH: 3,
  TARGET: 4,
  PARTIAL: 5,
  CONFLICT: 6,
  REFUSED: 7,
  NETWORK: 8,
  USAGE: 64,
  INTERRUPTED: 130,
} as const;

export type ErrorCode = keyof typeof EXIT;

export interface ErrorDetails {
  /** The next command to type, or what to change. One entry a line. */
  readonly hint?: string | readonly string[];
  /** Why it happened, ending in what was and was not written. Never an upstream body, never a value. */
  readonly why?: string;
  /** A request id or ray id of the vendor, for a support ticket. */
  readonly ref?: string;
  /** HTTP status of the answer that failed, where there was one. */
  readonly status?: number;
  /** The vendor's own error code, e.g. Cloudflare's 10007. */
  readonly vendorCode?: string | number;
  /** Of a write: `no` = certainly not applied, `unknown` = the answer was lost. Default `no`. */
  readonly applied?: 'no' | 'unknown';
  /** Nobody answered in time: the request may still be under way, and a look at once proves nothing. */
  readonly late?: true;
}

/** Anything a user can fix. Every other thrown value is a bug and shows its stack. Carries no `cause`: oclif would print it. */
export class DcsError extends Error {
  override readonly name = 'DcsError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly oclif: { readonly exit: number };
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message);
    this.code = code;
    this.details = details;
    this.oclif = { exit: EXIT[code] };
  }
}

/** Works across copies of this package, unlike `instanceof`: a user-installed plugin has its own. */
export function isDcsError(error: unknown): error is DcsError {
  return error instanceof Error && error.name === 'DcsError' && 'code' in error && String(error.code) in EXIT;
}
