import { DcsError, type Env, type Trigger } from 'dcs-sdk';
import { withDefaults } from './defaults.ts';
import type { Parsed, Path } from './document.ts';
import { nearest } from './nearest.ts';
import { isProdLike, kindOf, STANDARD } from './names.ts';
import type { Config, LedgerPlace } from './schema.ts';
import { says } from './says.ts';
import { makeSecretRules, type SecretRule } from './secret-rules.ts';
import { makeSources, neonOfPlatforms, type SourceEntry } from './sources.ts';
import { makeTargets, type TargetEntry } from './targets.ts';
import { makeChains } from './transforms.ts';
import { makeTriggers } from './triggers.ts';
import { substitute } from './variables.ts';
import type { Workspace } from './workspace.ts';

export type { TargetEntry } from './targets.ts';

export interface ProjectEnvironment {
  readonly name: string;
  /** Doppler's config. */
  readonly config: string;
  readonly branches: readonly string[];
  readonly protected: boolean;
  /** Prod-like, and dcs.yaml says `protected: false`. */
  readonly unprotected: boolean;
  readonly default: boolean;
}

/** dcs.yaml, read and checked. */
export interface Project {
  readonly file?: string;
  readonly root: string;
  /** The workspace that this file heads, or is a member of. */
  readonly workspace?: Workspace;
  /** What it was read from: dcs.yaml, and the root file of its workspace where that one has `defaults`. */
  readonly files: readonly string[];
  readonly name: string;
  readonly doppler: { readonly project: string; readonly configs: ReadonlyMap<string, string> };
  readonly environments: ReadonlyMap<string, ProjectEnvironment>;
  readonly targets: ReadonlyMap<string, TargetEntry>;
  /** `sources:`: what fills Doppler. */
  readonly sources: ReadonlyMap<string, SourceEntry>;
  /** `secrets:`, by Doppler's name. */
  readonly secretRules: ReadonlyMap<string, SecretRule>;
  /** What may start a sync by itself. */
  readonly triggers: readonly Trigger[];
  /** The Doppler config that holds the clouds' own tokens. */
  readonly credentials: string | undefined;
  /** Read by dcs-plugin-automation. */
  readonly notifications: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
  readonly defaults: { readonly strict?: boolean };
  /** Keys that nothing here reads, one sentence each. */
  readonly notices: readonly string[];
  /** Where the record of this environment lives. */
  ledger(environment: string): LedgerPlace;
  /** `dcs.yaml:12:5` */
  at(path: Path): string;
  /** The same, or undefined where the file does not say it. */
  written(path: Path): string | undefined;
}

const LATER = ['gcp'] as const;

/** `head`: the root file of the workspace that this file is a member of. */
export function makeProject(
  own: Parsed<Config>,
  env: Env,
  where: Pick<Project, 'root' | 'workspace'> & { file: string },
  head?: Parsed<Config>,
): Project {
  const parsed = neonOfPlatforms(withDefaults(own, head));
  const { value: config } = parsed;
  const firstVersion = config.platforms !== undefined;
  if (firstVersion && config.targets !== undefined)
    throw new DcsError('CONFIG', `${parsed.at(['platforms'])}: platforms is the former name of targets; a file has one of the two.`);
  const at = (path: Path): string => parsed.at(firstVersion && path[0] === 'targets' ? ['platforms', ...path.slice(1)] : path);
  const fill = (text: string, path: Path): string => substitute(text, env, () => at(path));
  const { doppler } = config;
  if (doppler === undefined && config.workspaces === undefined)
    throw new DcsError('CONFIG', `${at([])}: doppler must name a Doppler project, or be a map.`);
  const dopplerProject = (): string => {
    if (doppler === undefined) throw noProject(at([]));
    return typeof doppler === 'string' ? fill(doppler, ['doppler']) : fill(doppler.project, ['doppler', 'project']);
  };
  const environments = makeEnvironments(config, at, fill);
  const chains = makeChains(config.transforms, at);
  const homes = ledgerHomes(config, environments, at);
  const targets = makeTargets(config.targets ?? config.platforms ?? {}, { names: [...environments.keys()], env, at, firstVersion, chains });
  const { triggers, notices } = makeTriggers(config, { environments: [...environments.keys()], targets: new Set(targets.keys()), at });
  return {
    ...where,
    files: [where.file, ...(head?.value.defaults === undefined || where.workspace === undefined ? [] : [where.workspace.file])],
    get name() {
      if (config.project !== undefined) return fill(config.project, ['project']);
      return doppler === undefined ? '' : dopplerProject();
    },
    doppler: {
      get project() {
        return dopplerProject();
      },
      get configs() {
        return new Map([...environments.values()].map((one) => [one.name, one.config]));
      },
    },
    environments,
    targets,
    sources: makeSources(config, { names: [...environments.keys()], env, at }),
    secretRules: makeSecretRules(config, [...environments.keys()], at),
    triggers,
    get credentials() {
      return credentialsConfig(config, environments, at);
    },
    notifications: config.notifications,
    defaults: config.defaults?.strict === undefined ? {} : { strict: config.defaults.strict },
    notices: [
      ...LATER.filter((key) => config[key] !== undefined).map((key) => `${key}: is read by a plugin that is not installed.`),
      ...notices,
    ],
    ledger: (environment) => homes.get(environment) ?? 'machine',
    at,
    written: (path) =>
      says(config, firstVersion && path[0] === 'targets' ? ['platforms', ...path.slice(1)] : path) ? at(path) : undefined,
  };
}

/** Never one that is synced: whoever may write a target would get the keys to all of them. */
function credentialsConfig(
  { credentials }: Config,
  environments: ReadonlyMap<string, ProjectEnvironment>,
  at: Project['at'],
): string | undefined {
  const own = credentials?.doppler;
  const synced = own === undefined ? undefined : [...environments.values()].find(({ config }) => config === own);
  if (synced)
    throw new DcsError('CONFIG', `${at(['credentials', 'doppler'])}: ${own} is the config of ${synced.name}, which is synced.`, {
      hint: 'a config of its own for the tokens of clouds',
    });
  return own;
}

const noProject = (at: string): DcsError =>
  new DcsError('CONFIG', `${at}: this file names no Doppler project; the members of its workspace do.`, {
    hint: ['the same with --all', 'or in the folder of a member'],
  });

function makeEnvironments(config: Config, at: Project['at'], fill: (text: string, path: Path) => string): Map<string, ProjectEnvironment> {
  const settings = new Map(Object.entries(config.environments ?? {}));
  const environments = new Map<string, ProjectEnvironment>();
  for (const [name, raw] of configsOf(config, settings, at)) {
    const said = settings.get(name) ?? {};
    const prodLike = isProdLike(name) || isProdLike(raw);
    environments.set(name, {
      name,
      get config() {
        return fill(raw, ['doppler', 'configs', name]);
      },
      branches: said.branches ?? [],
      protected: said.protected ?? prodLike,
      unprotected: prodLike && said.protected === false,
      default: said.default ?? false,
    });
  }
  const [, second] = [...environments.values()].filter((one) => one.default);
  if (second) throw new DcsError('CONFIG', `${at(['environments', second.name, 'default'])}: only one environment can be the default.`);
  return environments;
}

function configsOf({ doppler }: Config, settings: ReadonlyMap<string, unknown>, at: Project['at']): Map<string, string> {
  if (typeof doppler === 'object' && doppler.configs) {
    const configs = new Map(Object.entries(doppler.configs));
    for (const name of settings.keys()) if (!configs.has(name)) throw unknown(name, [...configs.keys()], at(['environments', name]));
    return configs;
  }
  const renamed = new Map([...settings.keys()].map((name) => [kindOf(name), name]));
  const configs = new Map([...STANDARD].map(([kind, config]) => [renamed.get(kind) ?? kind, config]));
  for (const name of settings.keys())
    if (!configs.has(name))
      throw new DcsError('CONFIG', `${at(['environments', name])}: ${name} has no Doppler config.`, {
        hint: `add it to doppler.configs: {${name}: ...}`,
      });
  return configs;
}

function ledgerHomes({ ledger }: Config, environments: ReadonlyMap<string, unknown>, at: Project['at']): Map<string, LedgerPlace> {
  const names = [...environments.keys()];
  if (typeof ledger !== 'object') return new Map(names.map((name) => [name, ledger ?? 'machine']));
  for (const name of Object.keys(ledger)) if (!environments.has(name)) throw unknown(name, names, at(['ledger', name]));
  return new Map(Object.entries(ledger));
}

function unknown(name: string, names: readonly string[], position: string): DcsError {
  const near = nearest(name, names);
  return new DcsError(
    'CONFIG',
    `${position}: "${name}" is no environment of this file${near === undefined ? '' : `; did you mean "${near}"?`}`,
    {
      why: `Its environments are ${names.join(', ')}.`,
    },
  );
}
