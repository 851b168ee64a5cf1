import { DcsError, type Env } from 'dcs-sdk';
import type { Path } from './document.ts';
import { kindOf } from './names.ts';
import { nearest } from './nearest.ts';
import type { TransformRules } from '../engine/transform/compile.ts';
import { isCoreTargetKey } from './core-target-keys.ts';
import type { TargetConfig } from './schema.ts';
import { unfold, type Chains } from './transforms.ts';
import { isSet, substituteAll, variablesIn } from './variables.ts';

/** One entry below `targets:` or `sources:`, as its plugin sees it. */
export interface PluginEntry {
  readonly section: 'targets' | 'sources';
  readonly name: string;
  readonly type: string;
  /** Exactly those it names; all of them where every option has one value. */
  readonly environments: readonly string[];
  /** One value for all environments. */
  readonly singleValue: boolean;
  /** Every option as dcs.yaml has it: environment maps and variables not resolved. */
  readonly raw: Readonly<Record<string, unknown>>;
  /** Environment maps resolved, `${VAR}` replaced; a variable that is not set is an error only here. */
  optionsFor(environment: string): Record<string, unknown>;
  /** Options that hold a `${VAR}` in this environment: where secrets go then depends on who sets it. */
  variable(environment: string): readonly string[];
  /** Variables this environment's options need and do not have. */
  missing(environment: string): readonly string[];
}

/** One target of dcs.yaml. With one value for all environments it is written only with `-e` typed, and by one environment only. */
export interface TargetEntry extends PluginEntry {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly transform: TransformRules;
  readonly rename: ReadonlyMap<string, string>;
  readonly prefix: string;
  readonly policy: 'upsert-only' | 'create-only' | 'mirror';
  readonly existing: 'ask' | 'leave' | 'replace';
  readonly shared: boolean;
}

/** What entries are read against: the names of the environments, the variables, the places in the file. */
export interface EntryAround {
  readonly names: readonly string[];
  readonly env: Env;
  readonly at: (path: Path) => string;
}

interface Around extends EntryAround {
  readonly firstVersion: boolean;
  readonly chains: Chains;
}

export function makeTargets(targets: Readonly<Record<string, TargetConfig>>, around: Around): Map<string, TargetEntry> {
  const entries = Object.entries(targets);
  return new Map(entries.map(([name, config]) => [name, makeTarget(name, config, around, entries.length === 1 || around.firstVersion)]));
}

function makeTarget(name: string, config: TargetConfig, around: Around, mayOmitInclude: boolean): TargetEntry {
  const { at, env, chains } = around;
  if (config.include === undefined && !mayOmitInclude)
    throw new DcsError(
      'CONFIG',
      `${at(['targets', name])}: with two or more targets each one states what it gets: ${name} has no include.`,
      { hint: 'include: ["*"]     everything' },
    );
  const raw = platformOptions(config, around.firstVersion);
  // Read late: a variable that is missing is an error only where it is used.
  const filled = <T>(key: string, value: T): T => substituteAll(value, env, () => at(['targets', name, key])) as T;
  return {
    ...makeEntry('targets', name, config.type ?? name, raw, around),
    get include() {
      return filled('include', config.include ?? ['*']);
    },
    get exclude() {
      return filled('exclude', config.exclude ?? []);
    },
    transform: new Map(
      Object.entries(config.transform ?? {}).map(([from, steps]) => [
        from,
        unfold(steps, ['targets', name, 'transform', from], { chains, at }),
      ]),
    ),
    get rename() {
      return new Map(Object.entries(filled('rename', config.rename ?? {})));
    },
    get prefix() {
      return filled('prefix', config.prefix ?? '');
    },
    policy: config.policy ?? 'upsert-only',
    existing: config.existing ?? 'ask',
    shared: config.shared ?? false,
  };
}

/** The part of an entry that its plugin reads. */
export function makeEntry(
  section: PluginEntry['section'],
  name: string,
  type: string,
  raw: ReadonlyMap<string, unknown>,
  around: EntryAround,
): PluginEntry {
  const { at, env } = around;
  const maps = new Set([...raw].filter(([key, value]) => isEnvironmentMap(value, around, [section, name, key])).map(([key]) => key));
  const named = new Set([...maps].flatMap((key) => Object.keys(raw.get(key) as object)));
  const chosen = (environment: string): [string, unknown][] =>
    [...raw].flatMap(([key, value]): [string, unknown][] => {
      if (!maps.has(key)) return [[key, value]];
      return Object.hasOwn(value as object, environment) ? [[key, (value as Record<string, unknown>)[environment]]] : [];
    });
  return {
    section,
    name,
    type,
    environments: maps.size === 0 ? around.names : around.names.filter((one) => named.has(one)),
    singleValue: maps.size === 0,
    raw: Object.fromEntries(raw),
    variable: (environment) => chosen(environment).flatMap(([key, value]) => (variablesIn(value).length > 0 ? [key] : [])),
    optionsFor: (environment) =>
      Object.fromEntries(chosen(environment).map(([key, value]) => [key, substituteAll(value, env, () => at([section, name, key]))])),
    missing: (environment) =>
      chosen(environment)
        .flatMap(([, value]) => variablesIn(value))
        .filter((variable) => !isSet(env, variable)),
  };
}

function platformOptions(config: TargetConfig, firstVersion: boolean): Map<string, unknown> {
  const options = Object.entries(config).filter(([key]) => !isCoreTargetKey(key));
  return new Map(options.map(([key, value]) => [firstVersion && key === 'worker_name' ? 'worker' : key, value]));
}

/** A map whose keys are environments. One that only nearly is, is a slip that would send secrets elsewhere. */
function isEnvironmentMap(value: unknown, { names, at }: EntryAround, path: Path): boolean {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  const strange = keys.find((key) => !names.includes(key));
  if (strange === undefined) return keys.length > 0;
  const near = nearest(strange, names) ?? names.find((one) => kindOf(one) !== undefined && kindOf(one) === kindOf(strange));
  if (near === undefined && strange !== 'constructor' && keys.every((key) => !names.includes(key))) return false;
  throw new DcsError(
    'CONFIG',
    `${at([...path, strange])}: "${strange}" is no environment of this file${near === undefined ? '' : `; did you mean "${near}"?`}`,
    {
      why: `Its environments are ${names.join(', ')}.`,
    },
  );
}
