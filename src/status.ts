import { DcsError, EXIT, isDcsError } from 'dcs-sdk';
import { keyRows, type KeyRow } from './engine/key-rows.ts';
import { standing, type Standing } from './engine/state.ts';
import type { Look } from './engine/look.ts';
import { ago, plural, printable, table, type Style } from './render/style.ts';
import { takes } from './members.ts';
import { together as alike } from './render/together.ts';
import { titleOf, type Session } from './session.ts';
import { planTargets } from './planning.ts';
import type { SourceEntry } from './config/sources.ts';
import { besideDoppler, namedSources } from './sources.ts';
import { chooseTargets } from './jobs.ts';

/** One row of `dcs status`. */
export interface StatusRow {
  readonly environment: string;
  readonly target: string;
  readonly state: Standing['state'] | 'unreachable' | 'no access' | 'not set up';
  readonly standing?: Standing;
  readonly keys?: readonly KeyRow[];
  readonly last?: { readonly at: string; readonly by: string };
  readonly error?: DcsError;
  /** A source, and what sentences call it: Doppler is judged beside it. */
  readonly fills?: string;
}

export const ALL = { only: [], except: [], prune: false };

/** Every environment one may read, side by side; one failure hides no other row. */
export async function statusRows(session: Session, words: readonly string[]): Promise<StatusRow[]> {
  const sources = namedSources(session, words);
  if (sources.length > 0) return sourceRows(session, sources);
  const { project } = session;
  if (words.length > 0 || project.sources.size === 0) return targetRows(session, words);
  const [targets, beside] = await Promise.all([
    project.targets.size === 0 ? [] : targetRows(session, words),
    sourceRows(session, [...project.sources.values()]),
  ]);
  return [...targets, ...beside];
}

/** Doppler beside what fills it. */
export async function sourceRows(session: Session, entries: readonly SourceEntry[]): Promise<StatusRow[]> {
  const named = session.invocation.env;
  const names = named === undefined ? [...session.project.environments.keys()] : [session.choose(true).name];
  const rows = await Promise.all(
    names.map(async (name) => {
      const found = await besideDoppler(session, entries, session.choose(true, name));
      return found.map((each) =>
        'look' in each
          ? { ...lookRow(name, each.look), target: titleOf(session, each.name), fills: each.look.job.sourceName ?? each.name }
          : { ...failureRow(name, titleOf(session, each.name), each.error), fills: each.name },
      );
    }),
  );
  return rows.flat();
}

async function targetRows(session: Session, words: readonly string[]): Promise<StatusRow[]> {
  const named = session.invocation.env;
  const names = named === undefined ? [...session.project.environments.keys()] : [session.choose(true).name];
  const using = named === undefined ? names.filter((name) => takes(session, [], name)) : names;
  if (using.length === 0) chooseTargets(session, words, names[0] ?? 'dev'); // throws: there is no target at all
  const rows = await Promise.all(
    using.map((name) =>
      environmentRows(
        session,
        name,
        named === undefined ? words.filter((word) => takesWord(session, word, name)) : words,
        words.length > 0,
      ),
    ),
  );
  return rows.flat();
}

function takesWord({ project }: Session, word: string, environment: string): boolean {
  return [...project.targets.values()].some(
    ({ name, type, environments }) => (name === word || type === word) && environments.includes(environment),
  );
}

async function environmentRows(session: Session, name: string, words: readonly string[], filtered: boolean): Promise<StatusRow[]> {
  if (filtered && words.length === 0) return [];
  try {
    const environment = session.choose(true, name);
    const { looks, failures } = await planTargets(session, environment, words, ALL);
    return [...looks.map((look) => lookRow(name, look)), ...failures.map(({ job, error }) => failureRow(name, job.name, error))];
  } catch (error) {
    // The source of this environment failed, or the service token is for another: its targets cannot be judged, the other environments can.
    if (!isDcsError(error) || error.code === 'CONFIG' || error.code === 'USAGE') throw error;
    return chooseTargets(session, words, name).map((entry) => failureRow(name, titleOf(session, entry.name), error));
  }
}

export function lookRow(environment: string, look: Look): StatusRow {
  const found = standing(look);
  const { last } = look.found ?? {};
  return { environment, target: look.job.name, state: found.state, standing: found, keys: keyRows(look), ...(last ? { last } : {}) };
}

export function failureRow(environment: string, target: string, error: unknown): StatusRow {
  if (!isDcsError(error)) throw error;
  const state = error.code === 'AUTH' ? 'no access' : error.code === 'NETWORK' ? 'unreachable' : 'not set up';
  return { environment, target, state, error };
}

const SYMBOL: Record<StatusRow['state'], string> = {
  'in sync': '✓',
  behind: '~',
  drifted: '!',
  'cannot compare': '?',
  unreachable: '✗',
  'no access': '✗',
  'not set up': '✗',
};

/** `brief`: of several members, with the command line that goes on; what is in sync is a count. */
export function statusLines(
  session: Session,
  rows: readonly StatusRow[],
  style: Style,
  now: Date,
  brief?: { readonly next: (environment: string) => string },
): string[] {
  const shown = brief === undefined ? rows : together(rows, session.invocation.verbose);
  const cells = shown.map((row) => [
    row.environment,
    row.target,
    `${SYMBOL[row.state]} ${row.state}`,
    countOf(row),
    row.last ? `${ago(row.last.at, now)}, ${row.last.by}` : (row.error?.message ?? 'never by dcs'),
  ]);
  const lines = (cells.length === 0 ? [] : table([['ENV', 'TARGET', 'STATE', 'SECRETS', 'LAST SYNC'], ...cells])).map(
    (line) => `  ${colour(line, style)}`,
  );
  if (brief) lines.push(`  ${style.green('✓ in sync')}  ${plural(rows.filter(({ state }) => state === 'in sync').length, 'target')}`);
  const detail = rows.flatMap((row) => details(row, session.invocation.verbose));
  const next = rows.find(({ state }) => state !== 'in sync');
  return [...lines, ...(detail.length > 0 ? ['', ...detail] : []), ...(next ? [nextStep(next, brief?.next)] : [])];
}

/** Without what is in sync; what cannot be looked at for one reason is one row. */
function together(rows: readonly StatusRow[], verbose: boolean): StatusRow[] {
  const left = rows.filter(({ state }) => state !== 'in sync');
  if (verbose) return left;
  const [failed, others] = [left.filter(({ error }) => error), left.filter(({ error }) => !error)];
  const named = failed.map((row) => ({ ...row, name: row.target }));
  return [
    ...others,
    ...alike(named, ({ environment, error }) => `${environment} ${error?.message}`).map((row) => ({ ...row, target: row.name })),
  ];
}

/** Name by name: `--keys`. */
export function keyLines(rows: readonly StatusRow[], style: Style): string[] {
  return rows.flatMap(({ environment, target, keys = [] }) => {
    const cells = keys.map(({ name, state, from, origin = 'no record', revision }) => [
      `${SYMBOL_OF_KEY[state]} ${state}`,
      from === undefined ? printable(name) : `${name} (${from} in Doppler)`,
      origin,
      revision ?? '',
    ]);
    return ['', `${environment} ${target}`, ...table(cells).map((line) => `  ${colour(line, style)}`)];
  });
}

const SYMBOL_OF_KEY: Record<KeyRow['state'], string> = {
  'in sync': '✓',
  behind: '~',
  drifted: '!',
  'cannot compare': '?',
  waits: '!',
  'not by dcs': '·',
};

function colour(line: string, style: Style): string {
  return line
    .replace('✓ in sync', style.green('✓ in sync'))
    .replace('! drifted', style.red('! drifted'))
    .replace('~ behind', style.yellow('~ behind'));
}

function countOf({ standing: found, state }: StatusRow): string {
  if (!found) return '';
  const names = state === 'behind' ? found.behind : state === 'drifted' ? found.drifted : [];
  return names.length > 0 ? `${names.length} of ${found.total}` : String(found.total);
}

function details({ environment, target, standing: found, fills }: StatusRow, verbose: boolean): string[] {
  if (!found) return [];
  const list = (names: readonly string[]): string =>
    names.length <= 5 || verbose ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${plural(names.length - 5, 'more', 'more')}`;
  return [
    ...(found.behind.length > 0
      ? [`behind   ${environment} ${target}: ${list(found.behind)} new or changed in ${fills ?? 'Doppler'}`]
      : []),
    ...(found.drifted.length > 0
      ? [`drifted  ${environment} ${target}: ${list(found.drifted)} changed ${fills === undefined ? 'there' : 'in Doppler'}, not by dcs`]
      : []),
    ...(found.unclear.length > 0 ? [`unclear  ${environment} ${target}: ${list(found.unclear)} cannot be compared`] : []),
  ];
}

function nextStep({ environment, target, fills, error }: StatusRow, next = (name: string): string => `dcs diff -e ${name}`): string {
  const [hint] = [error?.details.hint ?? []].flat();
  return `Next     ${hint ?? (fills === undefined ? next(environment) : `dcs diff ${target} -e ${environment}`)}`;
}

export function statusJson(rows: readonly StatusRow[], withKeys: boolean): Record<string, unknown> {
  return {
    inSync: rows.filter(({ state }) => state === 'in sync').length,
    targets: rows.map(({ environment, target, state, standing: found, keys = [], last, error, fills }) => ({
      environment,
      target,
      ...(fills === undefined ? {} : { source: true }),
      state,
      behind: found?.behind ?? [],
      drifted: found?.drifted ?? [],
      unclear: found?.unclear ?? [],
      total: found?.total ?? null,
      lastSync: last ?? null,
      ...(withKeys ? { keys } : {}),
      ...(error ? { error: { code: error.code, message: error.message } } : {}),
    })),
  };
}

/** Without `--exit-code`: 0 unless a target could not be looked at. With it: 2 = drifted (or, strictly, anything but in sync). */
export function statusExit(rows: readonly StatusRow[], { exitCode, strict }: { exitCode: boolean; strict: boolean }): number {
  const failed = rows.find(({ error }) => error);
  if (failed?.error) return exitCode ? 1 : EXIT[failed.error.code];
  if (!exitCode) return 0;
  return rows.some(({ state }) => state === 'drifted' || (strict && state !== 'in sync')) ? 2 : 0;
}
