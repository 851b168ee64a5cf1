import type { Secret } from './secret.ts';
import type { Context, Env, Schema } from './target.ts';

/**
 * What a source knows of one name. `withheld`: it exists and this credential may not read it. `unresolved`: its value still
 * holds a `${...}` reference. `recorded`: unchanged since the ledger's last read (HTTP 304), so only its HMAC is known.
 * None of the three is ever "empty".
 */
export type Held =
  | { readonly state: 'value'; readonly secret: Secret }
  | { readonly state: 'withheld' }
  | { readonly state: 'unresolved' }
  | { readonly state: 'recorded'; readonly mac: string };

/** Name -> value. A Map, never a plain object: `__proto__` is a legal name. */
export type Secrets = ReadonlyMap<string, Held>;

export interface SourceRead {
  /** Host, project and config as the API tells them, e.g. `https://api.doppler.com/shop/prd`. */
  readonly identity: string;
  /** Changes whenever any name or value changes; the ETag where the vendor has one. */
  readonly version: string;
  readonly secrets: Secrets;
}

export interface Source {
  /** For people: `Doppler shop/prd`. */
  readonly title: string;
  /** Host, project and config, before any request: what a ledger pins. */
  readonly identity: string;
  /**
   * MUST throw on failure, never return a short map. `unlessVersion`: answer `undefined` when the source still has that
   * version (one cheap request); a source that cannot tell reads in full.
   */
  read(unlessVersion?: string): Promise<SourceRead | undefined>;
}

/** A platform that fills Doppler: what stands below `sources:` in dcs.yaml. It reads; the core brings what it read into Doppler. */
export interface SourceDefinition<Options = unknown> {
  /** The word in dcs.yaml and on the command line. */
  readonly type: string;
  /** For people: `Neon`. */
  readonly title: string;
  /** Validates the platform's own keys of the entry, after `${VAR}` and environment maps are resolved. */
  readonly options: Schema<Options>;
  /** The keys of `options`, so that a misspelt one gets "did you mean". */
  readonly keys: readonly string[];
  /** Names this plugin signs in with: withheld from every target unless included by name. */
  readonly credentials: readonly string[];
  /** Base URL of the API. The vendor's own variable may name another host (a sandbox). */
  endpoint(env: Env): string;
  /** Its `identity` starts with the endpoint's origin and stays the same while an environment moves from one branch to another. */
  connect(options: Options, context: Context): Source;
}

export function defineSource<Options>(definition: SourceDefinition<Options>): SourceDefinition<Options> {
  return definition;
}
