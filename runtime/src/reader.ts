import { cachedReader, type Reader } from './cache.ts';
import { doppler } from './doppler.ts';
import type { Env, SecretsOptions } from './types.ts';

/** Reads from Doppler as `options` and the environment of this process say. Throws CONFIG for what no request can mend. */
export const reader = <K extends string>(options: SecretsOptions<K>): Reader<K> => cachedReader(doppler(options, processEnv()), options);

/** None where there is no process. */
export const processEnv = (): Env => (globalThis as { process?: { env?: Env } }).process?.env ?? {};
