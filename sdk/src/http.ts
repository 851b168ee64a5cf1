import type { Pace } from './pace.ts';
import type { Log } from './target.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the base URL, starting with `/`; segments already percent-encoded by the caller (`path` tag). */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
  /** `text`: the body comes back as a string, whatever its type (a batch of answers). Default: JSON, and nothing else is taken. */
  readonly reads?: 'json' | 'text';
  /** Repeating it is harmless: retried also when it may have been applied. Default: true for GET only. */
  readonly idempotent?: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; undefined when the body is empty. Of a request that reads text, a string where it was answered below 400. */
  readonly body: unknown;
}

/**
 * A client bound to one origin. Answers of any status below 300 or from 400 on that carry JSON (or no body) come back; the
 * caller maps them. Everything else throws DcsError NETWORK, with `details.applied: 'unknown'` when the request may have been
 * applied: redirects (never followed), HTML, truncated or oversized bodies, resets, time-outs, 429 and 5xx to the end.
 */
export interface Http {
  readonly origin: string;
  request(request: HttpRequest): Promise<HttpAnswer>;
}

export interface HttpOptions {
  /** `https://api.cloudflare.com/client/v4`; plain http only to a loopback address. */
  readonly base: string;
  /** For messages: `Cloudflare`. */
  readonly name: string;
  readonly signal?: AbortSignal;
  readonly log?: Log;
  readonly userAgent?: string;
  /** One attempt, ms. Default 15,000. */
  readonly timeout?: number;
  /** All attempts together, ms, without what they wait for their turn. Default 60,000. */
  readonly deadline?: number;
  /** Shared with the other clients of this API. */
  readonly pace?: Pace;
  /** Default 5. */
  readonly attempts?: number;
  /** Largest body, bytes; JSON may have a value for each 40 of them. Default 4 MiB. */
  readonly maxBytes?: number;
  /** Tests hand in their own. */
  readonly fetch?: typeof fetch;
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  readonly random?: () => number;
  readonly now?: () => number;
}
