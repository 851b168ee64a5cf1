import { DcsError } from 'dcs-sdk';
import { isCoreSourceKey } from './core-target-keys.ts';
import type { Parsed } from './document.ts';
import type { Config, SourceConfig } from './schema.ts';
import { makeEntry, type EntryAround, type PluginEntry } from './targets.ts';
import { substituteAll } from './variables.ts';

/** One entry of `sources:`: what fills Doppler. */
export interface SourceEntry extends PluginEntry {
  /** Globs on the source's names. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** The source's name -> the name in Doppler. */
  readonly rename: ReadonlyMap<string, string>;
  readonly prefix: string;
}

/** `sources:`, and the `neon:` of a first-version file, which is the source neon. */
export function makeSources(config: Config, around: EntryAround): Map<string, SourceEntry> {
  const { sources = {}, neon } = config;
  if (neon !== undefined && Object.hasOwn(sources, 'neon'))
    throw new DcsError('CONFIG', `${around.at(['neon'])}: neon is the former place of sources.neon; a file has one of the two.`, {
      hint: 'dcs config migrate',
    });
  const places: EntryAround = { ...around, at: (path) => around.at(neon !== undefined && path[1] === 'neon' ? former(path) : path) };
  const all = { ...sources, ...(neon === undefined ? {} : { neon: firstVersion(neon) }) };
  return new Map(Object.entries(all).map(([name, source]) => [name, makeSource(name, source, places)]));
}

/** A first-version file has neon: at the top or under platforms:. What is said of it stays where it stands. */
export function neonOfPlatforms(parsed: Parsed<Config>): Parsed<Config> {
  const { platforms: { neon, ...platforms } = {}, ...rest } = parsed.value;
  if (neon === undefined || (neon.type ?? 'neon') !== 'neon' || rest.neon !== undefined) return parsed;
  return {
    value: { ...rest, platforms, neon: neon as NonNullable<Config['neon']> },
    at: (path) => parsed.at(path[0] === 'neon' ? ['platforms', ...path] : path),
  };
}

const former = ([, , key, ...rest]: readonly PropertyKey[]): PropertyKey[] => [
  'neon',
  ...(key === undefined ? [] : [key === 'branch' ? 'branch_mapping' : key]),
  ...rest,
];

function firstVersion({ branch_mapping, ...options }: NonNullable<Config['neon']>): SourceConfig {
  return { type: 'neon', ...options, ...(branch_mapping === undefined ? {} : { branch: branch_mapping }) };
}

function makeSource(name: string, config: SourceConfig, around: EntryAround): SourceEntry {
  const raw = new Map(Object.entries(config).filter(([key]) => !isCoreSourceKey(key)));
  const filled = <T>(key: string, value: T): T => substituteAll(value, around.env, () => around.at(['sources', name, key])) as T;
  return {
    ...makeEntry('sources', name, config.type ?? name, raw, around),
    get include() {
      return filled('include', config.include ?? ['*']);
    },
    get exclude() {
      return filled('exclude', config.exclude ?? []);
    },
    get rename() {
      return new Map(Object.entries(filled('rename', config.rename ?? {})));
    },
    get prefix() {
      return filled('prefix', config.prefix ?? '');
    },
  };
}
