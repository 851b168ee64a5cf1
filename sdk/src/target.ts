import type { Http } from './http.ts';
import type { Secret } from './secret.ts';

export type Env = Readonly<Record<string, string | undefined>>;
/** One line for `--verbose`; never a value. */
export type Log = (line: string) => void;

/** One change of a target's content that the platform shows. */
export interface Revision {
  /** Version id, etag or modification stamp. */
  readonly id: string;
  /** False when this change cannot have altered a secret (a code deployment). Default true. */
  readonly touches?: boolean;
}

/** What dcs leaves beside a name on platforms that take labels, and reads there again. */
export interface Mark {
  /** The source that wrote the name. */
  readonly owner: string;
  /** dcs made the name: it may delete it. */
  readonly created: boolean;
  /** For which target: another one of the same source may write the name, and never deletes it. Absent: for any. */
  readonly place?: string;
  /** HMAC of the value written with the mark, and the id of its key: with `revision` they bear the record, so that no ledger is needed. */
  readonly mac?: string;
  readonly keyId?: string;
  /** Told by `list()` only: the revision of the name's own trail that was written with the mark. */
  readonly revision?: string;
}

/** What a target tells of one name it holds. */
export interface Entry {
  readonly name: string;
  /** Absent when the platform does not give values back. */
  readonly value?: Secret;
  /** Id of this very incarnation of the name: made again under the same name, it is another one. */
  readonly birth?: string;
  /** This name's own changes, newest first. Absent: the listing's shared trail counts, if there is one. */
  readonly trail?: readonly Revision[];
  /** A mark on the platform says which source wrote the name, and whether dcs created it. */
  readonly mark?: Mark;
  /** Why dcs cannot write this name here, e.g. a plain variable bears it. Such a name is never dcs's. */
  readonly locked?: string;
}

export interface Listing {
  /** MUST hold every name, each once. */
  readonly entries: readonly Entry[];
  /** Id of the container: a target made again under the same address is another incarnation. */
  readonly incarnation?: string;
  /** Changes that all names share (Worker versions), newest first. */
  readonly trail?: readonly Revision[];
}

/** Who the target is, as the API tells it. Asked before the first write and pinned by the ledger. */
export interface Identity {
  /** Stable, for machines: `account/worker`. */
  readonly id: string;
  /** For people: `Worker shop-api, account Acme`. */
  readonly title: string;
  /** What the plan should say before the write: `the latest version is not deployed: ...`. */
  readonly notes?: readonly string[];
  /** When the write becomes live, where it differs from the definition's. */
  readonly effect?: Effect;
}

export type Effect = 'now' | 'next-deploy' | 'redeploy';

export interface Put {
  readonly action: 'create' | 'update';
  readonly name: string;
  readonly secret: Secret;
  /** The mark to leave in place of the former one, on platforms that have marks: only a create sets `created` anew. */
  readonly mark?: Mark;
  readonly birth?: string;
}
export interface Delete {
  readonly action: 'delete';
  readonly name: string;
  readonly birth?: string;
}
export type Write = Put | Delete;

/** What became of one write. `failed` = certainly not applied; `unknown` = the answer was lost. */
export interface Outcome {
  readonly name: string;
  readonly result: 'done' | 'failed' | 'conflict' | 'unknown' | 'skipped';
  /** The revision this write made, where the answer tells. */
  readonly revision?: string;
  readonly birth?: string;
  /** What serves it now, for the report: `revision shop-api-00012-abc`. */
  readonly live?: string;
  /** A DcsError; its message never holds a value. */
  readonly error?: unknown;
}

export interface Target {
  /** MUST fail when the container does not exist or is not the one named. */
  identify(): Promise<Identity>;
  /**
   * MUST return every page and MUST throw on failure, never a short list. `since`: revisions the ledger remembers; a target
   * whose history is paged looks back for them as far as is cheap.
   */
  list(since: ReadonlySet<string>): Promise<Listing>;
  /**
   * Writes one chunk of at most `limits.batch` changes. MUST report exactly one outcome a change and MUST NOT touch another
   * name, MUST NOT retry what may have been applied unless repeating is harmless. Reports, does not throw.
   */
  write(changes: readonly Write[]): Promise<Outcome[]>;
  /**
   * Code that still runs with older values until it is deployed anew, a line each: `function api: STRIPE_KEY 3 (newest 4)`. Asked
   * after `list()`, by diff and by a sync that writes or redeploys.
   */
  undeployed?(): Promise<readonly string[]>;
  /** Makes what was written live, where `effect` is not `now`; resolves when it is. */
  redeploy?(): Promise<{ readonly title: string }>;
  /** The vendor's own command that makes this revision, secrets included, live again; undefined where it cannot. Runs nothing. */
  rollback?(revision: string): string | undefined;
}

export interface Supports {
  /** `list()` gives values back. */
  readonly readable: boolean;
  /** `list()` gives marks that prove ownership without the ledger. */
  readonly ownership: boolean;
  /** One `write()` applies wholly or not at all. */
  readonly atomic: boolean;
  /** `list()` gives a trail: foreign writes show. */
  readonly trail: boolean;
}

export interface Limits {
  /** Largest value, in UTF-8 bytes. */
  readonly valueBytes?: number;
  readonly names?: RegExp;
  readonly reserved?: RegExp;
  /** Names the container may hold, locked ones included. */
  readonly count?: number;
  /** Changes one `write()` takes. Default 1. */
  readonly batch?: number;
  /** The platform treats names that differ by case as one. */
  readonly foldsCase?: boolean;
  /** False: the platform refuses or drops an empty value. Default true. */
  readonly empty?: boolean;
}

/** The file the platform's local tool reads, for `dcs run|env --for`. */
export interface LocalFile {
  readonly file: string;
  readonly format: 'dotenv' | 'json' | 'firebase';
  /** Makes the tool read its environment too, so that no file is needed: what `dcs run --for` sets besides the secrets. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** The one schema interface this contract needs of zod, valibot and others: https://standardschema.dev */
export interface Schema<Output> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
    validate(value: unknown): SchemaResult<Output> | Promise<SchemaResult<Output>>;
  };
}
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: ReadonlyArray<{
        readonly message: string;
        readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
      }>;
    };

/** What a target or service gets from the core: its only way to the network, the environment and kept credentials. */
export interface Context {
  /** Bound to the definition's endpoint: a credential given to it cannot reach another origin. */
  readonly http: Http;
  readonly env: Env;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** A token that `dcs login` keeps for that service. */
  kept(service: string): Promise<string | undefined>;
  /** What people call the origin of a variable's value: its own name, or the identity that lent it. */
  named?(variable: string): string;
}

export interface TargetDefinition<Options = unknown> {
  /** The word in dcs.yaml and on the command line. */
  readonly type: string;
  /** For people: `Cloudflare Worker`. */
  readonly title: string;
  /** Validates the platform's own keys of the dcs.yaml entry, after `${VAR}` and environment maps are resolved. */
  readonly options: Schema<Options>;
  /** The keys of `options`, so that a misspelt one gets "did you mean". */
  readonly keys: readonly string[];
  readonly supports: Supports;
  readonly limits?: Limits;
  /** Names this plugin signs in with: withheld from every target unless included by name. */
  readonly credentials: readonly string[];
  /** Id of the service one signs in to for it. Default: the first word of the type. */
  readonly service?: string;
  readonly effect: Effect;
  readonly local?: LocalFile;
  /** Types of Doppler's own integrations that write where this target writes: two pipes into one place overwrite each other. */
  readonly nativeSyncs?: readonly string[];
  /** Base URL of the API. The vendor's own variable may name another host (a sandbox). */
  endpoint(env: Env): string;
  /** Identity known without a request, e.g. `account/worker`: what two entries of dcs.yaml may not share. */
  place(options: Options): string;
  /** Why this secret cannot live here, or undefined. Runs at plan time. Never quotes the value. */
  check?(name: string, secret: Secret, options?: Options): string | undefined;
  connect(options: Options, context: Context): Target;
}

export function defineTarget<Options>(definition: TargetDefinition<Options>): TargetDefinition<Options> {
  return definition;
}
