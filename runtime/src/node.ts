import { processEnv, reader } from './reader.ts';
import type { Secrets, SecretsOptions } from './types.ts';

export { clearSecretsCache } from './cache.ts';
export { SecretsError, type SecretsErrorCode } from './error.ts';
export type { Secrets } from './types.ts';
export { getSecrets } from './index.ts';

/**
 * Puts the values of `keys` into `process.env`, for code that reads them there. What is set already stays. Once, at the start: they
 * do not change afterwards.
 */
export async function loadSecrets<const K extends string>(
  options: SecretsOptions<K> & { readonly keys: readonly K[] },
): Promise<Secrets<K>> {
  const secrets: Secrets<K> = await reader(options).read();
  const env = processEnv() as Record<string, string | undefined>;
  // What it inherits is not set: `constructor` may be a name.
  for (const key of options.keys) if (typeof env[key] !== 'string') env[key] = secrets[key];
  return secrets;
}
