import type { Entry } from '../../../plugins/dcs-plugin-sandbox/src/server/journal.ts';
import type { Place } from './places.ts';
import type { Said } from './warm.ts';

export type Held = ReadonlyMap<string, string>;

/** What a sync without a fault starts from and comes to. */
export interface Clean {
  readonly before: Held;
  readonly after: Held;
  /** The names that it changes. */
  readonly names: readonly string[];
  readonly requests: readonly Entry[];
  /** How many versions the vendor has of each name at the end, where it counts them. */
  readonly versions: ReadonlyMap<string, number> | undefined;
}

export function cleanOf(before: Held, after: Held, requests: readonly Entry[], versions: Clean['versions']): Clean {
  const names = [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name) !== after.get(name));
  return { before, after, names, requests, versions };
}

/** A request that changes something: Google also reads by POST. */
export const changes = ({ method, path }: Pick<Entry, 'method' | 'path'>): boolean =>
  method !== 'GET' && !/(\/batch|:testIamPermissions)$/.test(path);

/** Broken where a name of somebody else moved, or one of dcs is neither what it was nor what it is to be. */
export function torn({ before, after }: Clean, now: Held): string[] {
  const names = new Set([...before.keys(), ...after.keys(), ...now.keys()]);
  return [...names].flatMap((name) => {
    const value = now.get(name);
    if (value === before.get(name) || value === after.get(name)) return [];
    return [`${name} is ${value === undefined ? 'absent' : 'something else'}`];
  });
}

/** Where a second, quiet sync did not bring what a quiet one brings at once, or wrote something twice. */
export function unlike(clean: Clean, now: Held, versions: Clean['versions'], said: Said): string[] {
  const names = [...new Set([...clean.after.keys(), ...now.keys()])];
  const others = new Map(reportOf(said)?.plans?.flatMap((plan) => plan.others.map(({ name, reason }) => [name, reason] as const)));
  // What it can no longer prove to be its own it leaves alone, and says so.
  const left = (name: string): boolean => !clean.after.has(name) && others.get(name) === 'contested';
  const values = names.filter((name) => now.get(name) !== clean.after.get(name) && !left(name));
  const twice = [...(versions ?? [])].filter(([name, count]) => count > (clean.versions?.get(name) ?? 0) && now.has(name));
  return [...values.map((name) => `${name} is wrong after the next sync`), ...twice.map(([name]) => `${name} was written twice`)];
}

type Result = 'done' | 'failed' | 'unknown' | 'skipped';
interface Report {
  readonly plans?: readonly { readonly others: readonly { readonly name: string; readonly reason: string }[] }[];
  readonly targets?: readonly {
    readonly error?: string;
    readonly outcomes: readonly { readonly name: string; readonly result: Result }[];
  }[];
}

function reportOf(said: Said): Report | undefined {
  try {
    // Of a source into Doppler the report stands below it.
    const document = JSON.parse(said.out) as Report & { readonly sources?: readonly Report[] };
    return document.sources?.[0] ?? document;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What a report says of each name that was to change: `unchanged` where it says nothing. */
export function toldOf(said: Said, { names }: Clean): ReadonlyMap<string, Result | 'unchanged'> {
  const outcomes = new Map(reportOf(said)?.targets?.flatMap(({ outcomes: all }) => all.map(({ name, result }) => [name, result] as const)));
  return new Map(names.map((name) => [name, outcomes.get(name) ?? 'unchanged']));
}

/** Where report, exit code and truth disagree. */
export function wrongly(place: Place, clean: Clean, said: Said, now: Held, journal: readonly Entry[]): string[] {
  const report = reportOf(said);
  if (report === undefined) return [`no report: ${said.out}${said.err}`];
  const told = toldOf(said, clean);
  const lost = said.givenUp > 0 || answersLost(place, journal);
  const wrong = [...told].flatMap(([name, result]) => {
    const done = now.get(name) === clean.after.get(name);
    if (result === 'unknown') return lost ? [] : [`${name} is unknown, and no answer was lost`];
    return (result === 'done') === done ? [] : [`${name} is ${result}, and was ${done ? '' : 'not '}written`];
  });
  const results = new Set(told.values());
  // Whether Doppler moved meanwhile could not be read: all is written, and the target says what failed.
  const whole = results.size === 1 && results.has('done') && report.targets?.every(({ error }) => error === undefined);
  const right = whole ? said.code === 0 : results.has('done') ? said.code === 5 : ![0, 1, 5].includes(said.code);
  return right ? wrong : [...wrong, `exit ${said.code} of ${[...told].map((each) => each.join(' ')).join(', ')}`];
}

/** An answer to a write was lost, or what shows its fate could not be read afterwards. */
function answersLost({ cloud }: Place, journal: readonly Entry[]): boolean {
  const first = journal.findIndex((entry) => entry.cloud === cloud && changes(entry));
  return first >= 0 && journal.slice(first).some(({ cloud: of, fault }) => of === cloud && fault !== undefined);
}
