import type { Parsed, Path } from './document.ts';
import type { Config } from './schema.ts';
import { says } from './says.ts';

/**
 * The file, with what it leaves out taken from `defaults:`: its own, else those of its workspace's root file. What was taken is
 * named at the place where it stands.
 */
export function withDefaults(own: Parsed<Config>, root: Parsed<Config> | undefined): Parsed<Config> {
  const first = merged(own, own);
  return root === undefined ? first : merged(first, root);
}

function merged(own: Parsed<Config>, from: Parsed<Config>): Parsed<Config> {
  const { value } = own;
  const { defaults } = from.value;
  if (defaults === undefined) return own;
  const targets = (key: 'targets' | 'platforms'): Partial<Config> =>
    value[key] === undefined ? {} : { [key]: targetsOf(value[key], defaults.targets) };
  const doppler = dopplerOf(value.doppler, defaults.doppler);
  const known = doppler === undefined || typeof doppler === 'string' ? undefined : doppler.configs;
  const environments = fill(value.environments, onlyOf(known, defaults.environments), (mine, theirs) => ({ ...theirs, ...mine }));
  const ledger = value.ledger ?? (typeof defaults.ledger === 'object' ? onlyOf(known, defaults.ledger) : defaults.ledger);
  return {
    value: {
      ...value,
      ...(doppler === undefined ? {} : { doppler }),
      ...(environments === undefined ? {} : { environments }),
      ...(ledger === undefined ? {} : { ledger }),
      ...targets('targets'),
      ...targets('platforms'),
      defaults: { ...defaults, ...value.defaults },
    },
    at: (path) => (says(value, path) ? own.at(path) : (inDefaults(value, defaults, path, from) ?? own.at(path))),
  };
}

type Defaults = NonNullable<Config['defaults']>;

function dopplerOf(own: Config['doppler'], theirs: Defaults['doppler']): Config['doppler'] {
  const mine = typeof own === 'string' ? { project: own } : (own ?? {});
  const given = typeof theirs === 'string' ? { project: theirs } : (theirs ?? {});
  const { project, configs } = { ...given, ...mine };
  if (project === undefined) return own;
  return configs === undefined ? project : { project, configs };
}

/** An environment that this file does not have is none of it. */
function onlyOf<T>(
  known: Readonly<Record<string, unknown>> | undefined,
  all: Record<string, T> | undefined,
): Record<string, T> | undefined {
  if (known === undefined || all === undefined) return all;
  return Object.fromEntries(Object.entries(all).filter(([name]) => Object.hasOwn(known, name)));
}

function targetsOf(own: NonNullable<Config['targets']>, byType: Defaults['targets'] = {}): NonNullable<Config['targets']> {
  const entries = Object.entries(own).map(([name, target]) => {
    const type = target.type ?? name;
    return [name, Object.hasOwn(byType, type) ? { ...byType[type], ...target } : target] as const;
  });
  return Object.fromEntries(entries);
}

function fill<T>(
  own: Record<string, T> | undefined,
  theirs: Record<string, T> | undefined,
  join: (mine: T | undefined, theirs: T) => T,
): Record<string, T> | undefined {
  if (own === undefined || theirs === undefined) return own ?? theirs;
  const joined = Object.entries(theirs).map(([name, value]) => [name, join(Object.hasOwn(own, name) ? own[name] : undefined, value)]);
  return { ...own, ...(Object.fromEntries(joined) as Record<string, T>) };
}

function inDefaults(own: Config, defaults: Defaults, path: Path, from: Parsed<Config>): string | undefined {
  const [key, name, ...rest] = path;
  if (key !== 'targets' && key !== 'platforms') return says(defaults, path) ? from.at(['defaults', ...path]) : undefined;
  const type = own[key]?.[String(name)]?.type ?? name;
  const there = ['targets', String(type), ...rest];
  return rest.length > 0 && says(defaults, there) ? from.at(['defaults', ...there]) : undefined;
}
