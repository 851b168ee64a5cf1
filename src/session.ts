import { homedir } from 'node:os';
import { basename } from 'node:path';
import { createHttp, DcsError, isLoopback, type Context, type Env, type Environment, type Invocation, type Log } from 'dcs-sdk';
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
import { dopplerEndpoint } from './doppler/endpoint.ts';
import { readRegistry, type PluginLike, type Registry } from './registry.ts';

/** What oclif's Config tells that the core uses. */
export interface OclifConfig {
  readonly version: string;
  readonly userAgent: string;
  getPluginsList(): PluginLike[];
}

/** Everything a command starts from: no request was made yet. */
export interface Session {
  readonly invocation: Invocation;
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
  context(name: string, endpoint: string): Context;
  /** Line 1 of every command that acts. */
  choose(reading: boolean, name?: string): Environment & { readonly line: string };
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
  if (env['DCS_SHELL'] && project.file !== undefined)
    await (await import('./shell/keep-rules.ts')).keepRules(dirs.stateDir, project.file, log);
  const branch = gitBranch(project.root);
  const identity = user.identityFor(cwd, originOwner(project.root));
  const pluginEnv = identityEnv(identity, env);
  const ci = ciOf(env);
  return {
    invocation,
    env,
    cwd,
    home,
    directories: dirs,
    project,
    user,
    identity,
    pluginEnv,
    registry: readRegistry(config.getPluginsList()),
    ci,
    keyring,
    credentials,
    signal,
    dopplerHost,
    sandbox: isLocal(dopplerHost),
    log,
    context: (name, endpoint) => ({
      http: createHttp({ base: endpoint, name, signal, log, userAgent: `dcs/${config.version}` }),
      env: pluginEnv,
      signal,
      log,
      kept: async (service) => {
        if (identity !== undefined) refuseUnset(identity, service, env);
        return claimOf(identity, service, env)?.wins === 'identity' ? undefined : credentials.kept({ service, endpoint });
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
      process.stderr.write('\nStopping: no further write starts.\n');
      controller.abort();
    });
  return controller.signal;
}

export function projectTitle(project: Project): string {
  return project.name || basename(project.root);
}
