import { createHttp, DcsError, type HttpAnswer, type HttpRequest, type Log, type Pace } from 'dcs-sdk';
import type { DopplerSDK } from '@dopplerhq/node-sdk';
import { refusal } from './refusal.ts';

export interface TransportOptions {
  readonly base: string;
  readonly token: string;
  readonly signal?: AbortSignal;
  readonly log?: Log;
  /** All attempts of one request together, ms; short where a snapshot can step in. Default 60,000. */
  readonly deadline?: number;
  readonly pace?: Pace;
}

/** What Doppler said last about this token's quota (requests a minute). */
export interface RateLimits {
  readonly limit: number;
  readonly remaining: number;
  /** Unix seconds. */
  readonly reset: number;
}

export interface Transport {
  /** Answers below 300, and 304 to a request with If-None-Match; throws DcsError for everything else. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  limits(): RateLimits | undefined;
  /** How far this machine's clock is ahead of Doppler's, ms, as of the last answer. */
  ahead(): number | undefined;
}

/** The only way to Doppler: bounded, never following a redirect, and the one place that knows the token. */
export function createTransport({ base, token, signal, log, deadline, pace }: TransportOptions): Transport {
  const http = createHttp({
    base,
    name: 'Doppler',
    timeout: 10_000,
    ...(signal === undefined ? {} : { signal }),
    ...(log === undefined ? {} : { log }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(pace === undefined ? {} : { pace }),
  });
  let last: RateLimits | undefined;
  let ahead: number | undefined;
  return {
    limits: () => last,
    ahead: () => ahead,
    async send(request) {
      const answer = await http.request({ ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } });
      last = limitsOf(answer.headers) ?? last;
      const date = Date.parse(answer.headers.get('date') ?? '');
      if (!Number.isNaN(date)) ahead = Date.now() - date;
      // A 304 is an answer only to who asked for it: anywhere else it would read as "no secrets".
      const expected = answer.status === 304 && request.headers?.['if-none-match'] !== undefined;
      if (answer.status >= 300 && !expected) throw refusal(answer, request);
      return answer;
    },
  };
}

function limitsOf(headers: Headers): RateLimits | undefined {
  const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map((name) => Number(headers.get(`x-ratelimit-${name}`) ?? Number.NaN));
  if (limit === undefined || remaining === undefined || reset === undefined || ![limit, remaining, reset].every(Number.isFinite))
    return undefined;
  return { limit, remaining, reset };
}

/**
 * Doppler's SDK on our transport. Its own one corrupts multi-byte values, takes 3xx and empty answers for "no secrets", never
 * times out and crashes on HTML (@dopplerhq/node-sdk 1.3.0, last verified 2026-11-21). The SDK never learns the token.
 */
export async function sdkOver(send: Transport['send']): Promise<DopplerSDK> {
  const { DopplerSDK: Sdk } = await import('@dopplerhq/node-sdk');
  const sdk = new Sdk({ accessToken: '' });
  sdk.setBaseUrl('');
  for (const service of Object.values(sdk)) replaceHttpClient(service, send);
  return sdk;
}

/** The same service, but its requests carry these headers and its last answer can be looked at. */
export function observed<S extends object>(
  service: S,
  send: Transport['send'],
  headers: Readonly<Record<string, string>>,
): { service: S; last: () => HttpAnswer } {
  let last: HttpAnswer | undefined;
  const own = Object.create(service) as S;
  replaceHttpClient(own, async (request) => (last = await send({ ...request, headers })));
  return {
    service: own,
    last: () => {
      if (last === undefined) throw new DcsError('NETWORK', 'The Doppler SDK answered without a request.');
      return last;
    },
  };
}

type Call = (url: string, input?: unknown) => Promise<{ data: unknown }>;
type HttpClient = Record<'get' | 'post' | 'put' | 'patch' | 'delete', Call>;

/** The SDK repeats the query of a DELETE in its body, which Doppler's description has not. */
function bodyOf(method: HttpRequest['method'], input: unknown, query: URLSearchParams): unknown {
  if (method === 'GET') return undefined;
  const repeated = method === 'DELETE' && typeof input === 'object' && Object.keys(input ?? {}).every((name) => query.has(name));
  return repeated ? undefined : input;
}

// The SDK types httpClient as a class with private members, which nothing else can ever satisfy: hence the cast.
function replaceHttpClient(service: object, send: Transport['send']): void {
  const call =
    (method: HttpRequest['method']): Call =>
    async (url, input) => {
      const { pathname, searchParams } = new URL(url, 'http://sdk.invalid');
      const body = bodyOf(method, input, searchParams);
      const answer = await send({
        method,
        path: pathname,
        query: Object.fromEntries(searchParams),
        ...(body === undefined ? {} : { body }),
      });
      return { data: answer.body };
    };
  const client: HttpClient = { get: call('GET'), post: call('POST'), put: call('PUT'), patch: call('PATCH'), delete: call('DELETE') };
  (service as { httpClient: HttpClient }).httpClient = client;
}
