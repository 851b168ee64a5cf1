import { DcsError, type Secret, type Secrets } from 'dcs-sdk';
import { refuseUnmet } from '../config/secret-rules.ts';
import type { Wanted } from '../engine/desired.ts';
import type { Session } from '../session.ts';
import { span } from './duration.ts';
import { placeFor, type Place } from './place.ts';
import type { Reader, Fresh, ReadOptions } from './reader.ts';

export interface InjectionOptions extends ReadOptions {
  /** What `-e` said, in order; empty: the environment the rules choose. A later one wins over an earlier one. */
  readonly environments: readonly string[];
  readonly only: readonly string[];
  readonly except: readonly string[];
  /** Names of `only` that Doppler lacks are no mistake. */
  readonly allowMissing: boolean;
  /**
   * What does not happen where `secrets:` of dcs.yaml is unmet, as the last sentence of the refusal. Undefined: nothing is
   * refused, because no value is used.
   */
  readonly unmet?: string | undefined;
  /** A target of dcs.yaml: its include, exclude, transform, rename and prefix apply. */
  readonly for?: string;
}

/** Where one injected name comes from. */
export interface Origin {
  /** Doppler's name for it. */
  readonly from: string;
  /** `shop/dev_personal` */
  readonly config: string;
  /** Configs named earlier whose value this one hides. */
  readonly hides: readonly string[];
}

/** The secrets of `run`, `env` and `redact`, under the names the program sees. */
export interface Injection {
  /** Line 1, then what a person should know: personal config, snapshot and its age, names that were left out. */
  readonly lines: readonly string[];
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly origins: ReadonlyMap<string, Origin>;
  /** There, but this token may not read it. */
  readonly withheld: readonly string[];
  /** Holds a `${...}` that Doppler does not resolve. */
  readonly unresolved: readonly string[];
  /** What was read, in order of precedence. */
  readonly configs: readonly { readonly project: string; readonly config: string }[];
  /** Identity and version of every config read: changes whenever a value may have. */
  readonly version: string;
}

interface Config {
  readonly place: Place;
  readonly fresh: Fresh;
  /** By the name the program sees. */
  readonly names: ReadonlyMap<string, Pick<Wanted, 'from' | 'held'>>;
}

/** Reads and shapes; throws rather than leave out a name that was asked for. */
export async function inject(session: Session, reader: Reader, options: InjectionOptions): Promise<Injection> {
  const words = options.environments.length === 0 ? [undefined] : options.environments;
  const places: Place[] = [];
  for (const word of words) places.push(await placeFor(session, word));
  const configs = await Promise.all(places.map(async (place) => configAt(session, place, await reader.read(place, options), options)));
  const merged = merge(configs);
  const chosen = filter(merged, options);
  const secrets = new Map<string, Secret>();
  const [withheld, unresolved, untransformed]: [string[], string[], string[]] = [[], [], []];
  for (const [name, { held }] of chosen) {
    if (held.state === 'value') secrets.set(name, held.secret);
    else if (held.state === 'untransformed') untransformed.push(`${name} left out: ${held.reason}`);
    else (held.state === 'withheld' ? withheld : unresolved).push(name);
  }
  return {
    lines: [...linesOf(configs, withheld, unresolved), ...hidden(chosen), ...untransformed.map((line) => `! ${line}`)],
    secrets,
    origins: new Map([...chosen].map(([name, { origin }]) => [name, origin])),
    withheld,
    unresolved,
    configs: configs.map(({ place: { project }, fresh: { config } }) => ({ project, config })),
    version: configs.map(({ fresh: { read } }) => `${read.identity} ${read.version}`).join('\n'),
  };
}

async function configAt(session: Session, place: Place, fresh: Fresh, options: InjectionOptions): Promise<Config> {
  const { secrets } = fresh.read;
  if (place.environment !== undefined && options.unmet !== undefined)
    refuseUnmet(session.project.secretRules, place.environment, secrets, options.unmet);
  if (options.for === undefined) {
    // dcs's own keys are for dcs alone.
    const names = [...secrets].filter(([from]) => !from.startsWith('DCS_')).map(([from, held]) => [from, { from, held }] as const);
    return { place, fresh, names: new Map(names) };
  }
  return { place, fresh, names: await shaped(session, options.for, secrets) };
}

async function shaped(session: Session, target: string, secrets: Secrets): Promise<Config['names']> {
  const entry = session.project.targets.get(target);
  if (entry === undefined)
    throw new DcsError('USAGE', `dcs.yaml has no target "${target}".`, {
      hint: [...session.project.targets.keys()].map((name) => `--for ${name}`),
    });
  const [{ shape }, { definitionOf, rulesOf }] = await Promise.all([import('../engine/shape.ts'), import('../jobs.ts')]);
  const { desired, collisions } = shape(secrets, await rulesOf(session, entry), await definitionOf(session, entry));
  if (collisions.length > 0)
    throw new DcsError('CONFLICT', `${collisions.join(' and ')} become one name for ${entry.name}.`, { hint: 'look at rename and prefix' });
  return desired.names;
}

type Merged = Map<string, { readonly held: Wanted['held']; readonly origin: Origin }>;

function merge(configs: readonly Config[]): Merged {
  const merged: Merged = new Map();
  for (const { place, fresh, names } of configs)
    for (const [name, { from, held }] of names) {
      const before = merged.get(name)?.origin;
      const hides = before === undefined ? [] : [...before.hides, before.config];
      merged.set(name, { held, origin: { from, config: `${place.project}/${fresh.config}`, hides } });
    }
  return merged;
}

/** `--only` and `--except` name what Doppler calls it, or what the program sees. */
function filter(merged: Merged, { only, except, allowMissing }: InjectionOptions): Merged {
  const known = new Set([...merged].flatMap(([name, { origin }]) => [name, origin.from]));
  const missing = [...(allowMissing ? [] : only), ...except].filter((name) => !known.has(name));
  if (missing.length > 0)
    throw new DcsError('USAGE', `Doppler has no ${missing.join(', ')}.`, { hint: ['dcs env     lists the names', '--allow-missing'] });
  const named = (list: readonly string[], name: string, { from }: Origin): boolean => list.includes(name) || list.includes(from);
  return new Map(
    [...merged].filter(([name, { origin }]) => (only.length === 0 || named(only, name, origin)) && !named(except, name, origin)),
  );
}

function linesOf(configs: readonly Config[], withheld: readonly string[], unresolved: readonly string[]): string[] {
  const lines = configs.flatMap(({ place, fresh }) => [
    fresh.config === place.config ? place.line : `${place.line} · your ${fresh.config}`,
    ...freshness(fresh),
  ]);
  if (withheld.length > 0) lines.push(`! ${withheld.join(', ')} left out: this token may not read them`);
  if (unresolved.length > 0) lines.push(`! ${unresolved.join(', ')} left out: they hold a reference that Doppler does not resolve`);
  return lines;
}

/** Which config's value is used where several have one. */
function hidden(chosen: Merged): string[] {
  const byConfigs = Map.groupBy(
    [...chosen].filter(([, { origin }]) => origin.hides.length > 0),
    ([, { origin }]) => `${origin.config} wins over ${origin.hides.join(', ')}`,
  );
  return [...byConfigs].map(([configs, names]) => `· ${configs}: ${names.map(([name]) => name).join(', ')}`);
}

function freshness({ age, unreachable, asked }: Fresh): string[] {
  if (unreachable !== undefined) return [`! ${unreachable} Using the snapshot of ${span(age)} ago.`];
  return asked ? [] : [`! Snapshot of ${span(age)} ago; Doppler was not asked.`];
}
