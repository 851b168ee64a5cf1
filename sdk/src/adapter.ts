import type { SourceModule, TextEdit } from './rewrite.ts';
import type { Env } from './target.ts';

/** Where an app is. */
export interface App {
  readonly root: string;
  readonly env: Env;
  /** A file by its path from `root`; undefined: there is none. */
  readonly read: (path: string) => Promise<string | undefined>;
}

/** The module of an app that gets the adapter. */
export interface AppEntry {
  /** From the root of the app. */
  readonly file: string;
  /** Names that it reads there and that are no secrets: other bindings, variables of the platform. */
  readonly taken: readonly string[];
}

/**
 * How `dcs runtime add TYPE` puts an adapter into an app: `"runtime": {"TYPE": "./lib/adapter.js"}` in `oclif.dcs`. It only says what to
 * change; the core shows it, asks and writes.
 */
export interface AdapterDefinition {
  /** `Cloudflare Workers`. */
  readonly title: string;
  /** What the app imports: `dcs-runtime/cloudflare`. */
  readonly module: string;
  /** How the app gets its token, in a line: `wrangler secret put DOPPLER_TOKEN`. */
  readonly token: string;
  /** Throws CONFIG where there is no app of this platform. */
  entry(app: App): Promise<AppEntry>;
  /** Names that the module reads in a way that `edit` can change. */
  reads(module: SourceModule): readonly string[];
  /** The adapter is there already. */
  added(module: SourceModule): boolean;
  /** Makes it read `keys` through the adapter. Throws CONFIG for a shape it does not know. */
  edit(module: SourceModule, keys: readonly string[]): readonly TextEdit[];
}
