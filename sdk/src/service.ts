import type { Context, Env } from './target.ts';

/** Where a credential comes from, and what it beats: `CLOUDFLARE_API_TOKEN` over `wrangler login`. */
export interface Credential {
  readonly token: string;
  readonly from: string;
  readonly beats: readonly string[];
  /** What is wrong with where it is kept: a file that others may read. */
  readonly warnings?: readonly string[];
}

export interface Who {
  /** `Acme (7f3a...)`, an e-mail address, a token's name. */
  readonly account: string;
  /** What the credential may do, in words; problems (too wide, too narrow) in `warnings`. */
  readonly rights: readonly string[];
  readonly warnings: readonly string[];
  readonly expires?: string;
}

/** A vendor one signs in to: behind `dcs login|logout|whoami|doctor`. */
export interface ServiceDefinition {
  readonly id: string;
  readonly title: string;
  endpoint(env: Env): string;
  /** The first credential found, in the documented order; undefined when there is none. Never prints. */
  credential(context: Context): Promise<Credential | undefined>;
  /** Asks the API. Throws AUTH when the credential is refused. */
  whoami(credential: Credential, context: Context): Promise<Who>;
  /** How a person gets a credential: the vendor's own login command, and the page where tokens are made. */
  readonly login: { readonly command?: string; readonly tokenPage: string; readonly rights: string };
}

/** What `dcs init` finds in a repository: one entry of dcs.yaml. */
export interface Detected {
  readonly name: string;
  readonly type: string;
  /** The file it was found in, relative to the repository. */
  readonly file: string;
  /** Keys of the entry, environment maps included; `include` where the repository tells which names it reads. Default: all. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What a person should know: `account_id is not in wrangler.jsonc`. */
  readonly notes: readonly string[];
}

export type Detect = (root: string, env: Env) => Promise<readonly Detected[]>;
