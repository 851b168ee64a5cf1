import { ignore } from './cache.ts';
import { reader } from './reader.ts';
import type { Secrets, SecretsOptions } from './types.ts';

export { clearSecretsCache } from './cache.ts';
export { SecretsError, type SecretsErrorCode } from './error.ts';
export type { Secrets, SecretsConfig, SecretsOptions } from './types.ts';

/** The values of `keys`, or of the whole config, from the cache or from Doppler. Rejects with a SecretsError. */
export async function getSecrets<const K extends string = string>(options: SecretsOptions<K> = {}): Promise<Secrets<K>> {
  return reader(options).read();
}

/** @deprecated A value that is no longer fresh is refreshed by the call that finds it. */
export function refreshSecretsBackground(options: SecretsOptions = {}): void {
  void (async () => reader(options).refresh())().catch(ignore);
}
