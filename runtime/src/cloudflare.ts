import { cachedReader, type Reader } from './cache.ts';
import { doppler, record } from './doppler.ts';
import { SecretsError } from './error.ts';
import type { Env, Secrets, SecretsOptions } from './types.ts';

export { clearSecretsCache } from './cache.ts';
export { SecretsError, type SecretsErrorCode } from './error.ts';
export type { Secrets } from './types.ts';

export interface CloudflareEnv {
  DOPPLER_TOKEN?: string;
  DOPPLER_PROJECT?: string;
  DOPPLER_CONFIG?: string;
  [binding: string]: unknown;
}

export interface CloudflareContext {
  waitUntil(promise: Promise<unknown>): void;
  passThroughOnException(): void;
}

export interface CloudflareSchedule {
  readonly scheduledTime: number;
  readonly cron: string;
  noRetry(): void;
}

export interface CloudflareMessage {
  readonly id: string;
  readonly timestamp: Date;
  readonly body: unknown;
  readonly attempts: number;
  ack(): void;
  retry(options?: { delaySeconds?: number }): void;
}

export interface CloudflareBatch {
  readonly queue: string;
  readonly messages: readonly CloudflareMessage[];
  ackAll(): void;
  retryAll(options?: { delaySeconds?: number }): void;
}

export interface CloudflareEmail {
  readonly from: string;
  readonly to: string;
  readonly headers: Headers;
  readonly raw: ReadableStream<Uint8Array>;
  readonly rawSize: number;
  setReject(reason: string): void;
  forward(to: string, headers?: Headers): Promise<unknown>;
  reply(message: never): Promise<unknown>;
}

/** A Worker whose handlers are given the secrets after `env`. */
export interface CloudflareHandlerWithSecrets<K extends string = string, E = CloudflareEnv, C = CloudflareContext> {
  fetch?(request: Request, env: E, secrets: Secrets<K>, ctx: C): Response | Promise<Response>;
  scheduled?(controller: CloudflareSchedule, env: E, secrets: Secrets<K>, ctx: C): void | Promise<void>;
  queue?(batch: CloudflareBatch, env: E, secrets: Secrets<K>, ctx: C): void | Promise<void>;
  email?(message: CloudflareEmail, env: E, secrets: Secrets<K>, ctx: C): void | Promise<void>;
}

/** What a Worker exports. */
export interface CloudflareWorker<E = CloudflareEnv, C = CloudflareContext> {
  fetch?: (request: Request, env: E, ctx: C) => Promise<Response>;
  scheduled?: (controller: CloudflareSchedule, env: E, ctx: C) => Promise<void>;
  queue?: (batch: CloudflareBatch, env: E, ctx: C) => Promise<void>;
  email?: (message: CloudflareEmail, env: E, ctx: C) => Promise<void>;
}

/** Without `fallback`: what is bound to the Worker comes first anyway. */
export type WithSecretsOptions<K extends string = string> = Omit<SecretsOptions<K>, 'fallback'>;

/**
 * A Worker's handlers with `secrets` after `env`. A name of `keys` that is bound to the Worker comes from there: a secret or variable, or a
 * Secrets Store binding; the rest from Doppler with the binding DOPPLER_TOKEN. What is no longer fresh is refreshed in `waitUntil`.
 */
export function withSecrets<
  const K extends string = string,
  E extends object = CloudflareEnv,
  C extends CloudflareContext = CloudflareContext,
>(options: WithSecretsOptions<K>, worker: CloudflareHandlerWithSecrets<K, E, C>): CloudflareWorker<E, C> {
  const secretsOf = perEnv(options);
  type Handle = (event: unknown, env: E, secrets: Secrets<K>, ctx: C) => unknown;
  const handlers = worker as Record<string, Handle>;
  const wrapped: Record<string, unknown> = {};
  for (const name of Object.keys(worker))
    wrapped[name] = async (event: unknown, env: E, ctx: C) => handlers[name]!(event, env, await secretsOf(env, ctx), ctx);
  return wrapped;
}

/** @deprecated `withSecrets(options, { fetch })` */
export function createFetchHandler<
  const K extends string = string,
  E extends object = CloudflareEnv,
  C extends CloudflareContext = CloudflareContext,
>(
  options: WithSecretsOptions<K>,
  fetch: NonNullable<CloudflareHandlerWithSecrets<K, E, C>['fetch']>,
): NonNullable<CloudflareWorker<E, C>['fetch']> {
  return withSecrets<K, E, C>(options, { fetch }).fetch!;
}

/** The secrets alone, for frameworks that have handlers of their own. `ctx` keeps a refresh alive after the answer. */
export async function loadSecretsFromEnv<const K extends string = string>(
  env: object,
  options: WithSecretsOptions<K> = {},
  ctx?: Pick<CloudflareContext, 'waitUntil'>,
): Promise<Secrets<K>> {
  return bind(options, env as Env).read(ctx && ((promise) => ctx.waitUntil(promise)));
}

function perEnv<K extends string>(options: WithSecretsOptions<K>) {
  const bound = new WeakMap<object, Pick<Reader<K>, 'read'>>();
  return (env: object, ctx: CloudflareContext): Secrets<K> | Promise<Secrets<K>> => {
    let found = bound.get(env);
    if (!found) bound.set(env, (found = bind(options, env as Env)));
    return found.read((promise) => ctx.waitUntil(promise));
  };
}

/** https://developers.cloudflare.com/secrets-store/integrations/workers/, last verified 2026-11-21. */
interface StoreBinding {
  get(): Promise<string>;
}

const ids = new WeakMap<object, number>();
let last = 0;

/** What two environments bind to one name are two values. */
function idOf(env: object): number {
  const id = ids.get(env) ?? ++last;
  ids.set(env, id);
  return id;
}

/** The names that `env` has come from there, and with the rest in one record. */
function bind<K extends string>(options: WithSecretsOptions<K>, env: Env): Reader<K>;
function bind({ keys, ...options }: WithSecretsOptions, env: Env): Reader {
  const isBound = (key: string): boolean =>
    Object.hasOwn(env, key) && (typeof env[key] === 'string' || typeof (env[key] as StoreBinding | undefined)?.get === 'function');
  const bound = keys?.filter(isBound) ?? [];
  const rest = keys?.filter((key) => !isBound(key));
  const source = rest?.length === 0 ? undefined : doppler({ ...options, keys: rest }, env);
  return cachedReader(
    {
      owner: source?.owner ?? '',
      scope: source?.scope + (bound[0] ? idOf(env) + bound.join() : ''),
      fresh: source?.fresh ?? true,
      async load(known) {
        const [held, ...found] = await Promise.all([
          source?.load(known),
          ...bound.map((key) => ask(key, env[key] as string | StoreBinding)),
        ]);
        return { secrets: record(held?.secrets, Object.fromEntries(found)), etag: held?.etag ?? null };
      },
    },
    options,
  );
}

async function ask(key: string, binding: string | StoreBinding): Promise<[string, string]> {
  try {
    return [key, typeof binding === 'string' ? binding : await binding.get()];
  } catch {
    throw new SecretsError('UNREACHABLE', `No value for ${key} in the Secrets Store`);
  }
}
