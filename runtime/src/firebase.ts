import { ignore, type Reader } from './cache.ts';
import { SecretsError } from './error.ts';
import { reader } from './reader.ts';
import type { Secrets, SecretsOptions } from './types.ts';

export { clearSecretsCache } from './cache.ts';
export { SecretsError, type SecretsErrorCode } from './error.ts';
export type { Secrets } from './types.ts';

/** What there is of express's request when no `onRequest` says which one it is. */
export interface FirebaseRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  get(header: string): string | undefined;
}

/** What there is of express's response when no `onRequest` says which one it is. */
export interface FirebaseResponse {
  status(code: number): this;
  set(header: string, value: string): this;
  send(body?: unknown): unknown;
  json(body?: unknown): unknown;
  end(): unknown;
}

// What firebase-functions leaves open, these leave open: its own types cannot be seen through a generic `onCall`.
/* oxlint-disable typescript/no-explicit-any */
/** What there is of a callable's request when nothing says which one it is. */
export interface FirebaseCallableRequest {
  readonly data: any;
  readonly auth?: { readonly uid: string; readonly token: any } | undefined;
}

/** What there is of an event when nothing says which one it is. */
export interface FirebaseEvent {
  readonly id: string;
  readonly time: string;
  readonly data?: any;
  readonly params?: any;
}
/* oxlint-enable typescript/no-explicit-any */

export type FirebaseHttpHandler<K extends string = string, Q = FirebaseRequest, S = FirebaseResponse> = (
  req: Q,
  res: S,
  secrets: Secrets<K>,
) => unknown;

/** `rest`: what the first generation calls `context`, the second `response`. */
export type FirebaseCallableHandler<
  K extends string = string,
  A = FirebaseCallableRequest,
  R extends readonly unknown[] = [],
  O = unknown,
> = (request: A, secrets: Secrets<K>, ...rest: R) => O;

export interface WithSecretsOptions<K extends string = string> extends SecretsOptions<K> {
  /** Ask when the module is loaded, so that a cold start waits for no further round trip. Default false. */
  prefetch?: boolean;
}

/** For `onRequest`: the handler gets the secrets after request and response. */
export function withSecrets<const K extends string = string, Q = FirebaseRequest, S = FirebaseResponse>(
  options: WithSecretsOptions<K>,
  handler: FirebaseHttpHandler<K, Q, S>,
): (req: Q, res: S) => Promise<void> {
  const secrets = later(options);
  return async (req, res) => void (await handler(req, res, await secrets().read()));
}

/** For `onCall`: the handler gets the secrets after the request. */
export function withSecretsCallable<
  const K extends string = string,
  A = FirebaseCallableRequest,
  R extends readonly unknown[] = [],
  O = unknown,
>(options: WithSecretsOptions<K>, handler: FirebaseCallableHandler<K, A, R, O | Promise<O>>): (request: A, ...rest: R) => Promise<O> {
  const secrets = later(options);
  return async (request, ...rest) => await handler(request, await secrets().read(), ...rest);
}

/** For events of every kind (`onSchedule`, `onDocumentCreated`, `onMessagePublished` ...): the handler gets the secrets after the event. */
export const withSecretsEvent: <const K extends string = string, A = FirebaseEvent, R extends readonly unknown[] = [], O = unknown>(
  options: WithSecretsOptions<K>,
  handler: FirebaseCallableHandler<K, A, R, O | Promise<O>>,
) => (event: A, ...rest: R) => Promise<O> = withSecretsCallable;

let prefetched: (() => Reader) | undefined;

/** Asks at once, at the top of a module: what later reads the same keys finds them. Never throws; a failure shows where they are read. */
export function prefetchSecrets(options: WithSecretsOptions = {}): void {
  prefetched = later({ ...options, prefetch: true });
}

/** What `prefetchSecrets` brought. Throws until it is there. */
export function getPrefetchedSecrets(): Secrets {
  const found = prefetched?.().peek();
  if (!found) throw new SecretsError('CONFIG', 'Nothing was prefetched yet');
  return found;
}

/** What `prefetchSecrets` brings. */
export async function waitForSecrets(): Promise<Secrets> {
  return prefetched ? prefetched().read() : getPrefetchedSecrets();
}

/** The environment counts when it is first needed: where functions are analysed for a deployment it holds no token. */
function later<K extends string>(options: WithSecretsOptions<K>): () => Reader<K> {
  let made: Reader<K> | undefined;
  const get = (): Reader<K> => (made ??= reader(options));
  if (options.prefetch) void (async () => get().read())().catch(ignore);
  return get;
}
