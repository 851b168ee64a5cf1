import { DcsError } from './error.ts';
import { readJson, readText } from './body.ts';
import type { Http, HttpAnswer, HttpOptions, HttpRequest } from './http.ts';
import { isLoopback } from './loopback.ts';
import { backoff, certainlyUnsent, pause, retryAfter, untrusted } from './retry.ts';

/** Percent-encodes each value of a path: path`/projects/${name}`. */
export function path(strings: TemplateStringsArray, ...values: string[]): string {
  return strings.reduce((whole, text, index) => whole + segment(values[index - 1]!) + text);
}

function segment(value: string): string {
  if (value === '' || value === '.' || value === '..') throw new DcsError('CONFIG', `"${value}" cannot be part of an address.`);
  return encodeURIComponent(value);
}

/**
 * Twice what Doppler's largest config is told with (https://docs.doppler.com/docs/platform-limits, last verified 2026-11-21: 500 KiB; each
 * value stands there twice, raw and computed, and quoting doubles it), and more than a page of any list that dcs asks for.
 */
const MOST_BYTES = 4 * 1024 * 1024;
const RETRIED = new Set([429, 502, 503, 504]);

export function createHttp(options: HttpOptions): Http {
  const base = checkedBase(options.base);
  return { origin: base.origin, request: (request) => new Exchange(base, options, request).run() };
}

function checkedBase(text: string): URL {
  let base: URL;
  try {
    base = new URL(text);
  } catch {
    throw new DcsError('CONFIG', 'An API host is not a URL.', { hint: 'look at *_API_HOST and *_BASE_URL in the environment' });
  }
  if (base.protocol === 'https:' || (base.protocol === 'http:' && isLoopback(base))) return base;
  throw new DcsError('CONFIG', `${base.host} would get credentials without encryption.`, { hint: `https://${base.host}` });
}

type Failed = { readonly error: DcsError; readonly again: boolean; readonly after?: number | undefined };

/** One request with its retries. */
class Exchange {
  readonly #base: URL;
  readonly #options: HttpOptions;
  readonly #request: HttpRequest;
  readonly #idempotent: boolean;
  /** An earlier attempt may have been applied: no later failure takes that back. */
  #reached = false;
  constructor(base: URL, options: HttpOptions, request: HttpRequest) {
    this.#base = base;
    this.#options = options;
    this.#request = request;
    this.#idempotent = request.idempotent ?? request.method === 'GET';
  }

  async run(): Promise<HttpAnswer> {
    const { attempts = 5, deadline = 60_000, now = Date.now, sleep = pause, random = Math.random, signal } = this.#options;
    let end = now() + deadline;
    for (let attempt = 1; ; attempt++) {
      end += await this.#turn(now);
      const outcome = await this.#inTurn(end - now());
      if (!('error' in outcome)) return outcome;
      const wait = outcome.after ?? backoff(attempt, random);
      this.#reached ||= outcome.error.details.applied === 'unknown';
      if (!outcome.again || attempt >= attempts) throw this.#final(outcome.error);
      if (now() + wait >= end) throw this.#final(outcome.error, outcome.after);
      await sleep(wait, signal).catch((error: unknown) => {
        throw signal?.aborted ? this.#interrupted(this.#soFar()) : error;
      });
    }
  }

  /** Waits for it; answers how long, ms. */
  async #turn(now: () => number): Promise<number> {
    const { pace, signal } = this.#options;
    const began = now();
    await pace?.enter(signal).catch((error: unknown) => {
      throw signal?.aborted ? this.#interrupted(this.#soFar()) : error;
    });
    return now() - began;
  }

  async #inTurn(left: number): Promise<HttpAnswer | Failed> {
    let quiet = 0;
    try {
      const outcome = await this.#attempt(Math.max(1, left));
      // What is too long for this request is so for the others: they fail as fast.
      if ('error' in outcome && outcome.error.details.status === 429 && (outcome.after ?? 0) < left) quiet = outcome.after ?? 0;
      return outcome;
    } finally {
      this.#options.pace?.leave(quiet);
    }
  }

  async #attempt(left: number): Promise<HttpAnswer | Failed> {
    const { timeout = 15_000, signal, log, fetch: send = fetch, name, maxBytes = MOST_BYTES, now = Date.now } = this.#options;
    const { method, path: where } = this.#request;
    if (signal?.aborted) throw this.#interrupted(this.#soFar());
    const started = now();
    let ref: string | undefined;
    const clock = AbortSignal.timeout(Math.min(timeout, left));
    try {
      const response = await send(this.#url(), {
        ...this.#init(),
        redirect: 'manual',
        signal: signal ? AbortSignal.any([signal, clock]) : clock,
      });
      log?.(`${method} ${where} -> ${response.status} (${now() - started} ms)`);
      ref = response.headers.get('cf-ray') ?? response.headers.get('x-request-id') ?? undefined;
      const failed = await this.#refused(response, ref);
      if (failed) return failed;
      const read = this.#request.reads === 'text' && response.status < 400 ? readText : readJson;
      return { status: response.status, headers: response.headers, body: await read(response, name, maxBytes) };
    } catch (error) {
      log?.(`${method} ${where} failed (${now() - started} ms)`);
      return this.#failed(error, clock.aborted, ref);
    }
  }

  #url(): URL {
    const url = new URL(this.#base.href.replace(/\/+$/, '') + this.#request.path);
    for (const [name, value] of Object.entries(this.#request.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    if (url.origin !== this.#base.origin) throw new Error('a request left its origin');
    return url;
  }

  #init(): RequestInit {
    const { method, headers, body, contentType = 'application/json' } = this.#request;
    return {
      method,
      headers: {
        accept: 'application/json',
        'user-agent': this.#options.userAgent ?? 'dcs',
        ...(body === undefined ? {} : { 'content-type': contentType }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : {
            body:
              typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData
                ? (body as BodyInit)
                : JSON.stringify(body),
          }),
    };
  }

  /** Redirects are never followed; a retried status is a failure; everything else is the caller's to judge. */
  async #refused(response: Response, ref: string | undefined): Promise<Failed | undefined> {
    const { status } = response;
    const { name } = this.#options;
    const details = { status, ...(ref === undefined ? {} : { ref }) };
    if (status >= 300 && status < 400 && status !== 304) {
      await response.body?.cancel();
      return {
        error: this.#error(`${name} answered with a redirect (${status})${this.#toward(response)}, which dcs does not follow.`, {
          ...details,
          applied: this.#maybe(),
        }),
        again: false,
      };
    }
    if (!RETRIED.has(status)) return undefined;
    await response.body?.cancel();
    const limited = status === 429;
    const error = this.#error(limited ? `${name} limits the rate of requests (429) to the end.` : `${name} is not available (${status}).`, {
      ...details,
      applied: limited ? 'no' : this.#maybe(),
      ...(status === 504 ? { late: true } : {}),
    });
    return { error, again: limited || this.#idempotent, after: retryAfter(response.headers, (this.#options.now ?? Date.now)()) };
  }

  #failed(error: unknown, timedOut: boolean, ref: string | undefined): Failed {
    const { name, signal } = this.#options;
    const about = ref === undefined ? {} : { ref };
    if (signal?.aborted) throw this.#interrupted(this.#maybe());
    if (error instanceof DcsError) {
      // A whole but unreadable answer below 500 (a login page, a proxy) is the same the next time.
      const passing = (error.details.status ?? 0) >= 500;
      const details = { ...error.details, ...about, applied: this.#maybe() };
      return { error: this.#error(error.message, details), again: passing && this.#idempotent };
    }
    if (timedOut)
      return {
        error: this.#error(`${name} did not answer in time.`, { ...about, applied: this.#maybe(), late: true }),
        again: this.#idempotent,
      };
    const code = causeCode(error);
    if (code === undefined && !(error instanceof TypeError)) throw error;
    if (untrusted(code))
      return { error: this.#error(`The certificate of ${name} cannot be trusted (${code}).`, { applied: 'no' }), again: false };
    const unsent = certainlyUnsent(code);
    const message = unsent ? `${name} cannot be reached (${code}).` : `The connection to ${name} broke (${code ?? 'unknown'}).`;
    return { error: this.#error(message, { ...about, applied: unsent ? 'no' : this.#maybe() }), again: unsent || this.#idempotent };
  }

  /** Names the host only: the rest of an address may carry a token. */
  #toward(response: Response): string {
    const location = response.headers.get('location');
    return location !== null && URL.canParse(location, this.#base) ? ` to ${new URL(location, this.#base).host}` : '';
  }

  #final(error: DcsError, asked?: number): DcsError {
    const why = asked === undefined ? {} : { why: `It asks to wait ${Math.ceil(asked / 1000)} s, longer than dcs waits.` };
    return this.#error(error.message, { ...error.details, ...why, ...(this.#reached ? { applied: 'unknown' } : {}) });
  }

  #soFar(): 'no' | 'unknown' {
    return this.#reached ? 'unknown' : 'no';
  }

  #maybe(): 'no' | 'unknown' {
    return this.#request.method === 'GET' ? 'no' : 'unknown';
  }

  #error(message: string, details: ConstructorParameters<typeof DcsError>[2]): DcsError {
    return new DcsError('NETWORK', message, details);
  }

  #interrupted(applied: 'no' | 'unknown'): DcsError {
    return new DcsError('INTERRUPTED', 'Interrupted.', { applied });
  }
}

function causeCode(error: unknown): string | undefined {
  const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
  return typeof cause?.code === 'string' ? cause.code : undefined;
}
