import type { Guard } from './guard.ts';
import type { Existing } from './plan.ts';
import type { Secret } from './secret.ts';
import type { Source } from './source.ts';
import type { Context, Env, Target } from './target.ts';

/** The environment a command acts on, and why. */
export interface Environment {
  readonly name: string;
  readonly protected: boolean;
  /** `-e`, `DCS_ENV`, `branch main`, `default`. */
  readonly why: string;
  readonly doppler: { readonly project: string; readonly config: string };
  /** `dev`, where this is a branch config of it (`dev_personal`, `dev_checkout`). Targets take environments, never those. */
  readonly branchOf?: string;
}

/** What a command line said that every command of the core understands. */
export interface Invocation {
  readonly env?: string;
  readonly configFile?: string;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly input: boolean;
  readonly yes: boolean;
}

/** One entry of dcs.yaml that belongs to the asking plugin. */
export interface ProjectTarget {
  readonly name: string;
  readonly type: string;
  /** As they are written, environment maps and all; of one environment, where that was asked for. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** One entry of `sources:` that belongs to the asking plugin. */
export interface ProjectSource {
  readonly name: string;
  readonly type: string;
  /** The environments it names. */
  readonly environments: readonly string[];
  /** Raw options, environment maps not yet resolved. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Environment maps resolved, `${VAR}` replaced; for a branch config such as `dev_personal` those of its environment. */
  optionsFor(environment: Environment): Readonly<Record<string, unknown>>;
}

/** The git hooks that a trigger may name. */
export const GIT_HOOKS = ['post-checkout', 'post-merge', 'pre-push'] as const;
export type GitHook = (typeof GIT_HOOKS)[number];
export const TRIGGER_TYPES = ['git-hook', 'webhook', 'ci', 'schedule'] as const;
export type TriggerType = (typeof TRIGGER_TYPES)[number];

/** One entry of `triggers:`: what may start a sync by itself. */
export interface Trigger {
  readonly type: TriggerType;
  readonly environment: string;
  /** Names of targets; absent: all that take the environment. */
  readonly targets?: readonly string[];
  /** Of a git-hook trigger; absent: post-checkout and post-merge. */
  readonly hooks?: readonly GitHook[];
}

/** What a child process of dcs said. */
export interface DcsRun {
  /** Its exit code; 130 where it was ended by the signal or the timeout. */
  readonly exit: number;
  /** Its one JSON document, errors too; undefined where it printed none. */
  readonly document?: Readonly<Record<string, unknown>>;
  /** What it wrote to stderr: names only, for people and logs. */
  readonly text: string;
}

export interface DcsRunOptions {
  /** Default: `root`, and the dcs.yaml in use; elsewhere the child looks for one itself. */
  readonly cwd?: string;
  /** Ends the child and what it started. */
  readonly signal?: AbortSignal;
  /** Milliseconds. Default: none. */
  readonly timeout?: number;
  /** Milliseconds that it has to end by itself once it was asked to. Default: 2000. */
  readonly grace?: number;
  /** Over the variables that dcs was started with; undefined takes one away. */
  readonly env?: Env;
}

/** A dcs.yaml of a workspace. */
export interface ProjectMember {
  /** As reports name it; `.` for the root file itself. */
  readonly name: string;
  readonly triggers: readonly Trigger[];
  /** It is as `dcs trust` saw it. */
  trusted(): Promise<boolean>;
}

/** Progress and data, already aware of `--json`, `--quiet`, CI and terminals. Data goes to stdout, the rest to stderr. */
export interface Output {
  /** The command's data: text lines for people, or the one JSON document under `--json`. */
  data(text: readonly string[], json: Readonly<Record<string, unknown>>): void;
  /** A line for people on stderr. */
  note(line: string): void;
}

/** How a source is brought into Doppler. */
export interface SyncOptions {
  /** The entry of `sources:` whose include, exclude, rename and prefix say what its names become in Doppler. */
  readonly entry?: string;
  /** What sentences call the source: `Neon`. */
  readonly from: string;
  /** The command line that does it again, for hints: `dcs neon branch switch dev -e dev`. Never a value. */
  readonly again: string;
  /** The person said yes to this very write already (`--yes` counts anyway). Covers neither a guard nor a protected environment. */
  readonly yes?: boolean;
  /** Guards consented to on the command line. */
  readonly allow?: readonly Guard[];
  /** Names that Doppler holds with another value and this source never wrote. Default: ask. */
  readonly existing?: Existing;
}

/** What became of it. Print `lines`, and put `json` into the command's own document. */
export interface Synced {
  readonly lines: readonly string[];
  readonly json: Readonly<Record<string, unknown>>;
  /** 0, or the exit code, which is set already. */
  readonly exit: number;
}

/** A branch config of Doppler that dcs made for a while, and what it was made for. */
export interface MadeConfig {
  readonly environment: Environment;
  /** What the plugin left in it as its secret `DCS_MADE_FOR`. */
  readonly mark: string;
}

/** Branch configs that come and go with something a plugin makes. Consent is the plugin's: it asks before. */
export interface MadeConfigs {
  /** Those of an environment whose names go on with this (`dev_pr-...`), by name. */
  list(environment: Environment, prefix: string): Promise<ReadonlyMap<string, MadeConfig>>;
  /** Makes `dev_NAME` and marks it; one that bears this mark is left as it is. Throws CONFLICT where another one has the name. */
  make(environment: Environment, name: string, mark: string): Promise<Environment>;
  /** Deletes it with all it holds, while it bears its mark; one that is gone is fine. */
  remove(made: MadeConfig): Promise<void>;
}

/** Where Doppler sends word of a change, and of which configs. Its signing key does not come back. */
export interface DopplerWebhook {
  readonly id: string;
  readonly url: string;
  readonly enabled: boolean;
  readonly configs: readonly string[];
}

export interface DopplerWebhooks {
  list(): Promise<readonly DopplerWebhook[]>;
  /** `secret`: the signing key. Doppler takes https only. */
  create(webhook: { readonly url: string; readonly secret: Secret; readonly configs: readonly string[] }): Promise<DopplerWebhook>;
  change(
    id: string,
    to: { readonly secret?: Secret; readonly enable?: readonly string[]; readonly disable?: readonly string[] },
  ): Promise<DopplerWebhook>;
  /** One that is off tells nobody anything. */
  turnOn(id: string): Promise<DopplerWebhook>;
  remove(id: string): Promise<void>;
}

/**
 * What the core lends to a plugin's commands. A plugin never prints a plan, asks for consent or speaks to Doppler by itself.
 */
export interface Host {
  readonly env: Env;
  /** The directory of dcs.yaml, else the working directory. */
  readonly root: string;
  /** Where dcs keeps what must outlive it on this machine; for plugins a folder of their own in it. */
  readonly stateDir: string;
  readonly output: Output;
  /** Entries of dcs.yaml of one of these types; empty without a dcs.yaml. With an environment: those that take it, and their options there. */
  targets(types: readonly string[], environment?: Environment): Promise<readonly ProjectTarget[]>;
  /** Entries of `sources:` of one of these types; empty without a dcs.yaml. */
  sources(types: readonly string[]): Promise<readonly ProjectSource[]>;
  environment(): Promise<Environment>;
  /** All environments of dcs.yaml. */
  environments(): Promise<readonly Environment[]>;
  /** The caller's own branch config of an environment (`dev_personal`); undefined where there is none, or for a machine's token. */
  personal(environment: Environment): Promise<Environment | undefined>;
  readonly madeConfigs: MadeConfigs;
  /** Entries of `triggers:` of that type. */
  triggers(type: TriggerType): readonly Trigger[];
  /** `notifications:` as dcs.yaml has it, by name, and where something stands; undefined: it has none. */
  readonly notifications:
    | { readonly channels: Readonly<Record<string, Readonly<Record<string, unknown>>>>; at(path: readonly (string | number)[]): string }
    | undefined;
  /** dcs.yaml is as `dcs trust` saw it. */
  trusted(): Promise<boolean>;
  /** What `--all` is about, at the root of a workspace, without members whose dcs.yaml cannot be read; undefined elsewhere. */
  members(): Promise<readonly ProjectMember[] | undefined>;
  /** Throws CONFLICT while another process of this machine does it: `dcs reconcile of /srv/shop`. One that died is no hindrance. */
  alone(what: string): Promise<{ release(): Promise<void> }>;
  /** Names of branches of `of` that a command has seen: the shells complete them. */
  seen(kind: 'branch', of: string, words: readonly string[]): Promise<void>;
  /** Runs this very dcs as a child process with `--json` and `--no-input`. Never throws for what it answers. No value in `words`. */
  dcs(words: readonly string[], options?: DcsRunOptions): Promise<DcsRun>;
  /** Those of a Doppler project. Consent is the plugin's: it asks before. */
  webhooks(project: string): Promise<DopplerWebhooks>;
  doppler(environment: Environment): Promise<{ readonly source: Source; readonly target: Target }>;
  /**
   * Brings what the source holds into the environment's Doppler config by the one loop: the plan (on stderr), consent, a write that
   * is refused where somebody edited a name meanwhile, read back, record, history. Names the source lacks stay; nothing is deleted.
   * Throws where consent is missing or nothing can be planned; `source.identity` tells one record from another.
   */
  sync(source: Source, environment: Environment, options: SyncOptions): Promise<Synced>;
  /**
   * The context `connect()` gets, bound to `endpoint`. `name` is for messages: `Cloudflare`. It ends with Ctrl-C; where cleaning up must
   * go on after that, with `signal`.
   */
  context(name: string, endpoint: string, signal?: AbortSignal): Context;
  /**
   * The yes to a write that is no sync: `question` at a terminal, or `--yes`. To a protected environment its name is typed, or `-e` and
   * `--yes` both. False: a no. Throws REFUSED where nobody can be asked; `again` is the command line for the hint, with its -e.
   */
  consent(environment: Environment, question: string, again: string): Promise<boolean>;
  /**
   * Yes or no, default No. Throws REFUSED naming `flag` where nobody can be asked (no terminal, CI, `--json`, `--no-input`);
   * true at once when that flag was given.
   */
  confirm(question: string, flag: string): Promise<boolean>;
  /** The same for what cannot be undone: the person types `expected`. */
  type(question: string, expected: string, flag: string): Promise<boolean>;
  /** Sets one key of dcs.yaml, comments kept: `['targets', 'api', 'account_id']`. Returns the file's path. */
  editConfig(path: readonly string[], value: unknown): Promise<string>;
}

const HOST = Symbol.for('dcs.host');
type Make = (config: unknown, invocation: Invocation) => Promise<Host>;

/** Called once by the core's bin; behind `globalThis` because a user-installed plugin has its own copy of this package. */
export function provideHost(make: Make): void {
  (globalThis as Record<symbol, unknown>)[HOST] = make;
}

export async function host(config: unknown, invocation: Invocation): Promise<Host> {
  const make = (globalThis as Record<symbol, unknown>)[HOST] as Make | undefined;
  if (!make) throw new Error('This command runs inside dcs only.');
  return make(config, invocation);
}
