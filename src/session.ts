import { homedir } from 'node:os';
import { basename } from 'node:path';
import {
  createHttp,
  createPace,
  DcsError,
  isLoopback,
  type Pace,
  type Context,
  type Env,
  type Environment,
  type Invocation,
  type Log,
} from 'dcs-sdk';
import { osKeyring, type OpenKeyring } from './credentials/keyring.ts';
import { credentialStore, type CredentialStore } from './credentials/store.ts';
import { chooseEnvironment } from './config/environment.ts';
import { ciOf, type CiInfo } from './config/ci.ts';
import { directories, type Directories } from './config/directories.ts';
import { gitBranch, originOwner } from './config/git.ts';
import { claimOf, identityEnv, refuseUnset } from './config/identity-env.ts';
import { emptyProject } from './config/empty-project.ts';
import { findConfig, loadProject } from './config/load.ts';
import type { Project } from './config/project.ts';
import { loadUserFile, type Identity, type UserFile } from './config/user-file.ts';
import type { DopplerClient } from './doppler/client.ts';
import { dopplerEndpoint } from './doppler/endpoint.ts';
import { keepCompletion, keepWords, type CompletionConfig } from './completion/keep.ts';
import type { WordKind } from './completion/nodes.ts';
import type { SharedSource } from './doppler/shared-source.ts';
import type { OpenRecord } from './record.ts';
import { readRegistry, type PluginLike, type Registry } from './registry.ts';

/** What oclif's Config tells that the core uses. */
export interface OclifConfig extends CompletionConfig {
  readonly userAgent: string;
  readonly dataDir: string;
  getPluginsList(): (PluginLike & ReturnType<CompletionConfig['getPluginsList']>[number])[];
}

/** Everything a command starts from: no request was made yet. */
export interface Session {
  readonly invocation: Invocation;
  /** Of dcs. */
  readonly version: string;
  readonly env: Env;
  /** With what the identity says, for plugins. */
  readonly pluginEnv: Env;
  readonly cwd: string;
  readonly home: string;
  readonly directories: Directories;
  readonly project: Project;
  readonly user: UserFile;
  /** Of the user file: whose credentials answer here. */
  readonly identity: Identity | undefined;
  readonly registry: Registry;
  readonly ci: CiInfo | undefined;
  readonly keyring: OpenKeyring;
  readonly credentials: CredentialStore;
  readonly signal: AbortSignal;
  readonly dopplerHost: string;
  /** Some vendor's host is on this machine: line 1, JSON and the record say SANDBOX. */
  readonly sandbox: boolean;
  readonly log: Log;
  /** The member of a workspace that this is a part of the command for. */
  readonly member?: string;
  readonly shared: Shared;
  context(name: string, endpoint: string, signal?: AbortSignal): Context;
  /** Names for the completion of shells: of a config, or of a project. */
  seen(kind: WordKind, of: string, words: Iterable<string>): Promise<void>;
  /** Line 1 of every command that acts. */
  choose(reading: boolean, name?: string): Environment & { readonly line: string };
}

/** What the members of a workspace have in common during one command. */
export interface Shared {
  /** All attempts of one request together, ms. */
  patience: number;
  /** By host. */
  paceOf(endpoint: string): Pace;
  /** By the identity whose token it is. */
  readonly clients: Map<string | undefined, Promise<DopplerClient>>;
  /** By identity, of whom and of what. */
  readonly sources: Map<DopplerClient, Map<string, SharedSource>>;
  readonly records: Map<string, Promise<OpenRecord>>;
  /** Of clouds, by the Doppler config that `credentials:` names. */
  readonly tokens: Map<string, Promise<ReadonlyMap<string, string>>>;
  /** That no two targets are one place, looked at once. */
  places?: Promise<void>;
}

export interface SessionOptions {
  /** The command also works where there is no dcs.yaml. */
  readonly optional?: boolean;
  /** The command sees to signals itself. Default: the first Ctrl-C aborts, the second ends. */
  readonly signal?: AbortSignal;
}

export async function openSession(
  config: OclifConfig,
  invocation: Invocation,
  { optional = false, signal = interrupts() }: SessionOptions = {},
): Promise<Session> {
  const env: Env = process.env;
  const cwd = process.cwd();
  const home = homedir();
  const dirs = directories(env, home);
  const { configFile } = invocation;
  const absent = optional && configFile === undefined && findConfig(cwd) === undefined;
  const project = absent ? emptyProject(cwd) : await loadProject({ cwd, env, home, ...(configFile === undefined ? {} : { configFile }) });
  const user = await loadUserFile(dirs.configDir, dirs.cacheDir);
  const dopplerHost = dopplerEndpoint(env);
  const log = (line: string): void => {
    if (invocation.verbose) process.stderr.write(`${line}\n`);
  };
  const keyring = osKeyring(log);
  const credentials = credentialStore({ config: dirs.configDir, state: dirs.stateDir, keyring, log });
  if (env['DCS_SHELL']) await (await import('./shell/keep-rules.ts')).keepRules(dirs.stateDir, project, log);
  await keepCompletion(dirs.cacheDir, config, project, log);
  const ci = ciOf(env);
  const shared = share();
  const around = { env, user, ci, invocation, dopplerHost, signal, log, credentials, shared, version: config.version };
  const session: Session = {
    invocation,
    env,
    cwd,
    home,
    directories: { ...dirs, dataDir: config.dataDir },
    user,
    registry: readRegistry(config.getPluginsList()),
    ci,
    keyring,
    credentials,
    signal,
    dopplerHost,
    sandbox: isLocal(dopplerHost),
    log,
    shared,
    seen: (kind, of, words) => keepWords(dirs.cacheDir, session.project, { kind, of, words }, log),
    ...standing(project, around, cwd, () => session),
    version: config.version,
  };
  return session;
}

/** The same command at work for a member: signed in as where it was typed, but for identities of the user file. */
export function atMember(session: Session, name: string | undefined, project: Project): Session {
  const member: Session = {
    ...session,
    ...(name === undefined ? {} : { member: name }),
    ...standing(project, session, project.root, () => member),
  };
  return member;
}

/** What a target is called in a report: `api/worker` where the command is for members. */
export const titleOf = ({ member }: Session, target: string): string => (member === undefined ? target : `${member}/${target}`);

type Around = Pick<Session, 'env' | 'user' | 'ci' | 'invocation' | 'dopplerHost' | 'signal' | 'log' | 'credentials' | 'shared' | 'version'>;

/** What depends on the project. `folder`: where an identity of the user file is looked for. */
function standing(
  project: Project,
  around: Around,
  folder: string,
  self: () => Session,
): Pick<Session, 'project' | 'identity' | 'pluginEnv' | 'context' | 'choose'> {
  const { env, user, ci, invocation, dopplerHost, log, credentials, shared, version } = around;
  const branch = gitBranch(project.root);
  const identity = user.identityFor(folder, originOwner(project.root));
  const pluginEnv = identityEnv(identity, env);
  return {
    project,
    identity,
    pluginEnv,
    context: (name, endpoint, signal = around.signal) => ({
      http: createHttp({
        base: endpoint,
        name,
        signal,
        log,
        userAgent: `dcs/${version}`,
        pace: shared.paceOf(endpoint),
        deadline: shared.patience,
      }),
      env: pluginEnv,
      signal,
      log,
      kept: async (service) => {
        if (identity !== undefined) refuseUnset(identity, service, env);
        if (claimOf(identity, service, env)?.wins === 'identity') return undefined;
        const lent =
          project.credentials === undefined ? undefined : await (await import('./cloud-tokens.ts')).tokenInDoppler(self(), service);
        return lent ?? credentials.kept({ service, endpoint });
      },
      named: (variable) => (pluginEnv[variable] === env[variable] ? variable : `identity ${identity?.name ?? ''}`),
    }),
    choose: (reading, name) =>
      chooseEnvironment(project, {
        env,
        ci,
        reading,
        sandbox: isLocal(dopplerHost),
        ...(name !== undefined ? { flag: name } : invocation.env === undefined ? {} : { flag: invocation.env }),
        ...(branch === undefined ? {} : { branch }),
        ...tokenConfig(env, project),
      }),
  };
}

/** So many requests to one API at once. */
const AT_ONCE = 16;

function share(): Shared {
  const paces = new Map<string, Pace>();
  return {
    patience: 60_000,
    clients: new Map(),
    sources: new Map(),
    records: new Map(),
    tokens: new Map(),
    paceOf(endpoint) {
      const { host } = new URL(endpoint);
      const known = paces.get(host) ?? createPace(AT_ONCE);
      paces.set(host, known);
      return known;
    },
  };
}

/** A service token names its environment: `dp.st.prd.xxxx`. */
function tokenConfig(env: Env, { doppler, file }: Project): { tokenConfig?: { project: string; config: string } } {
  if (file === undefined) return {};
  const [, config] = /^dp\.st\.([a-z0-9_-]{2,35})\.[a-zA-Z0-9]+$/.exec(env['DOPPLER_TOKEN']?.trim() ?? '') ?? [];
  return config === undefined ? {} : { tokenConfig: { project: doppler.project, config } };
}

const isLocal = (url: string): boolean => isLoopback(new URL(url));

/** Sandbox and real clouds in one run would send real secrets to a toy, or toy secrets to production. */
export function refuseMixedHosts(dopplerHost: string, endpoints: readonly { readonly name: string; readonly endpoint: string }[]): void {
  const other = endpoints.find(({ endpoint }) => isLocal(endpoint) !== isLocal(dopplerHost));
  if (!other) return;
  const local = (url: string): string => (isLocal(url) ? 'a local sandbox' : 'the real cloud');
  throw new DcsError('CONFLICT', `Doppler is ${local(dopplerHost)}, ${other.name} is ${local(other.endpoint)}.`, {
    why: `Doppler is at ${new URL(dopplerHost).host}, ${other.name} at ${new URL(other.endpoint).host}. Nothing was written.`,
    hint: ['dcs sandbox shell     both in the sandbox', 'unset DOPPLER_API_HOST CLOUDFLARE_API_BASE_URL     neither'],
  });
}

/** The first Ctrl-C stops starting writes; the report follows. The second ends at once. */
function interrupts(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      // A supervisor reads lines of JSON there, or nothing.
      if (process.stderr.isTTY) process.stderr.write('\nStopping: no further write starts.\n');
      controller.abort();
    });
  return controller.signal;
}

export function projectTitle(project: Project): string {
  return project.name || basename(project.root);
}
