import { DcsError } from 'dcs-sdk';
import { NAME_TRANSFORMERS, transformName, type NameTransformer } from '../engine/transform/names.ts';
import { table } from '../render/style.ts';
import type { Injection, Origin } from './injection.ts';

/** Same as the injection, its names as the transformer makes them. Throws CONFLICT where two become one. */
export function withNames(injection: Injection, kind: NameTransformer): Injection {
  const renamed = (names: Iterable<string>): string[] => Array.from(names, (name) => transformName(kind, name));
  const before = new Map<string, string>();
  for (const name of injection.origins.keys()) {
    const after = transformName(kind, name);
    const other = before.get(after);
    if (other !== undefined)
      throw new DcsError('CONFLICT', `${other} and ${name} both become ${after}.`, {
        why: `--name-transformer ${kind} makes one name of them. Nothing was written or printed.`,
        hint: `--except ${name}`,
      });
    before.set(after, name);
  }
  return {
    ...injection,
    secrets: new Map([...injection.secrets].map(([name, secret]) => [transformName(kind, name), secret])),
    origins: new Map([...injection.origins].map(([name, origin]) => [transformName(kind, name), origin])),
    withheld: renamed(injection.withheld),
    unresolved: renamed(injection.unresolved),
  };
}

export const NAME_TRANSFORMER_NAMES = Object.keys(NAME_TRANSFORMERS) as readonly NameTransformer[];

/** One name of `dcs env`. */
export interface Named extends Origin {
  readonly name: string;
  readonly state: 'value' | 'withheld' | 'unresolved' | 'untransformed';
  readonly personal: boolean;
  /** A rule of the target makes its value another one. */
  readonly transformed: boolean;
}

/** `transformed`: Doppler's names that a rule of the target transforms. */
export function namedOf({ secrets, origins, withheld, unresolved }: Injection, transformed: ReadonlySet<string>): Named[] {
  const stateOf = (name: string): Named['state'] => {
    if (secrets.has(name)) return 'value';
    if (withheld.includes(name)) return 'withheld';
    return unresolved.includes(name) ? 'unresolved' : 'untransformed';
  };
  return [...origins]
    .map(([name, origin]) => ({
      name,
      ...origin,
      state: stateOf(name),
      personal: origin.config.endsWith('_personal'),
      transformed: transformed.has(origin.from),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

const STATES: Readonly<Record<Named['state'], string | undefined>> = {
  value: undefined,
  withheld: '! withheld: this token may not read it',
  unresolved: '! unresolved: a reference that Doppler does not resolve',
  untransformed: '! its transform fails',
};

export function nameLines(names: readonly Named[]): string[] {
  if (names.length === 0) return ['No names.'];
  return table([
    ['NAME', 'FROM', ''],
    ...names.map(({ name, from, config, hides, state, personal, transformed }) => [
      name,
      `${config}${personal ? ' (yours)' : ''}`,
      [
        STATES[state],
        from === name ? undefined : `is ${from} there`,
        transformed ? 'transformed' : undefined,
        hides.length === 0 ? undefined : `over ${hides.join(', ')}`,
      ]
        .filter((word) => word !== undefined)
        .join(' · '),
    ]),
  ]);
}
