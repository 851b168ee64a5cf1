import { ignore, type Reader } from './cache.ts';
import { record } from './doppler.ts';
import { SecretsError } from './error.ts';
import { reader } from './reader.ts';
import type { Secrets, SecretsOptions } from './types.ts';

export { clearSecretsCache } from './cache.ts';
export { SecretsError, type SecretsErrorCode } from './error.ts';
export type { Secrets } from './types.ts';

export interface CloudRunSecretsOptions<K extends string = string> extends SecretsOptions<K> {
  /** Seconds between refreshes by a timer, which does not keep the process alive. Default 0: the call that finds an old value refreshes it. */
  refreshInterval?: number;
  onRefresh?: (secrets: Secrets<K>) => void;
  onRefreshError?: (error: Error) => void;
}

const readers = new Map<string, Reader>();
let timers: ReturnType<typeof setInterval>[] = [];

/** Reads once before the server listens; from then on `getSecret` answers at once. Rejects with a SecretsError, and may be tried again. */
export async function initSecrets<const K extends string = string>(options: CloudRunSecretsOptions<K> = {}): Promise<Secrets<K>> {
  const own = reader(options);
  const secrets = await own.read();
  if (readers.has(own.key)) return secrets;
  readers.set(own.key, own);
  const { refreshInterval: seconds, onRefresh, onRefreshError = ignore } = options;
  if (seconds) {
    const timer = setInterval(() => void own.refresh().then(onRefresh, onRefreshError), seconds * 1000);
    // A number where timers are numbers.
    (timer as { unref?: () => void }).unref?.();
    timers.push(timer);
  }
  return secrets;
}

const peeked = (): Secrets[] => {
  if (readers.size === 0) throw new SecretsError('CONFIG', 'initSecrets() has not finished');
  return [...readers.values()].map((each) => {
    const found = each.peek();
    if (!found) throw new SecretsError('UNREACHABLE', 'Doppler gave no answer that may serve');
    return found;
  });
};

/** A value as of the last refresh; undefined when `initSecrets` did not ask for it. Throws before that, and once Doppler refused. */
export const getSecret = (key: string): string | undefined => peeked().find((each) => key in each)?.[key];

/** As `getSecret`, and throws when there is none. */
export function requireSecret(key: string): string {
  const value = getSecret(key);
  if (value === undefined) throw new SecretsError('MISSING', `No value for ${key}`);
  return value;
}

/** All that `initSecrets` asked for. */
export const getAllSecrets = (): Secrets => record(...peeked());

export const isInitialized = (): boolean => readers.size > 0;

/** Asks Doppler now. */
export async function refreshSecrets(options?: CloudRunSecretsOptions): Promise<Secrets> {
  if (options) await initSecrets(options);
  await Promise.all([...readers.values()].map((each) => each.refresh()));
  return getAllSecrets();
}

export function stopAutoRefresh(): void {
  for (const timer of timers) clearInterval(timer);
  timers = [];
}

/** As before the first `initSecrets`. */
export function reset(): void {
  stopAutoRefresh();
  readers.clear();
}

/** For express and what calls its middleware: requests wait for `initSecrets`. */
export function secretsMiddleware(options: CloudRunSecretsOptions = {}) {
  return async (_req: unknown, _res: unknown, next: (error?: unknown) => void): Promise<void> => {
    try {
      await initSecrets(options);
    } catch (error) {
      return next(error);
    }
    next();
  };
}
