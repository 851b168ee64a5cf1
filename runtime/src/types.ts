/** The values that were asked for, by name. Frozen, and without a prototype: `constructor` is no secret. */
export type Secrets<K extends string = string> = Readonly<Record<K, string>>;

export interface SecretsOptions<K extends string = string> {
  /** The names to read; each is there or the call fails. Without it: every name of the config. */
  keys?: readonly K[] | undefined;
  /** Default: DOPPLER_PROJECT. A service token knows its own. */
  project?: string | undefined;
  /** Default: DOPPLER_CONFIG. A service token knows its own. */
  config?: string | undefined;
  /** Default: DOPPLER_TOKEN. */
  token?: string | undefined;
  /** Default: DOPPLER_API_HOST, else `https://api.doppler.com`. */
  host?: string | undefined;
  /** Seconds that a value counts as fresh. Default 300; 0 asks at every call. */
  ttl?: number | undefined;
  /** Seconds after `ttl` that the last value may still serve while Doppler cannot be reached. Default 3600. */
  maxStale?: number | undefined;
  /** Seconds to wait for Doppler. Default 5. */
  timeout?: number | undefined;
  /** `env`: while Doppler cannot be reached and nothing is cached, the environment's values of exactly `keys`. Default `none`. */
  fallback?: 'env' | 'none' | undefined;
  /** @deprecated `ttl` */
  cache?: { ttl?: number };
}

/** @deprecated `SecretsOptions` */
export type SecretsConfig<K extends string = string> = SecretsOptions<K>;

/** What a platform calls its environment: strings, and on Workers bindings of every kind. */
export type Env = Readonly<Record<string, unknown>>;
