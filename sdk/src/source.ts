import type { Secret } from './secret.ts';

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
