import { DcsError, isDcsError, writes, type Environment, type Source } from 'dcs-sdk';
import { nearest } from './config/nearest.ts';
import { shortName } from './plugins/names.ts';
import { OFFICIAL } from './registry.ts';
import type { SourceEntry } from './config/sources.ts';
import type { Look } from './engine/look.ts';
import { standing } from './engine/state.ts';
import { planIntoDoppler, syncIntoDoppler, type IntoDoppler } from './into-doppler.ts';
import { optionsOf, type Filters } from './jobs.ts';
import type { Style } from './render/style.ts';
import { refuseMixedHosts, type Session } from './session.ts';
import type { Planned } from './planning.ts';
import type { SyncResult } from './sync-end.ts';
import type { SyncOptions } from './sync.ts';

/** An entry of `sources:` in one environment, ready to be read. */
interface Open {
  readonly entry: SourceEntry;
  readonly source: Source;
  readonly into: Pick<IntoDoppler, 'from' | 'again' | 'rules' | 'existing' | 'record'>;
}

/** `sources:` holds its options under the environment's name, also for a branch config of it. */
const environmentOf = ({ name, branchOf = name }: Environment): string => branchOf;

/** The sources that the words name; empty: they name targets. Both at once would be two directions in one command. */
export function namedSources(session: Session, words: readonly string[]): SourceEntry[] {
  const all = [...session.project.sources.values()];
  const of = (word: string): SourceEntry[] => {
    const named = session.project.sources.get(word);
    return named ? [named] : session.project.targets.has(word) ? [] : all.filter(({ type }) => type === word);
  };
  for (const word of words)
    if (session.registry.sources.has(word) && of(word).length === 0 && !session.project.targets.has(word))
      throw new DcsError('USAGE', `dcs.yaml has no source of type ${word}.`, { hint: `dcs provision ${word}` });
  const found = new Set(words.flatMap(of));
  const others = words.filter((word) => of(word).length === 0);
  if (found.size > 0 && others.length > 0)
    throw new DcsError('USAGE', `${[...found].map(({ name }) => name).join(', ')} fills Doppler; ${others.join(', ')} is filled from it.`, {
      hint: [`dcs sync ${[...found].map(({ name }) => name).join(' ')}`, `dcs sync ${others.join(' ')}`],
    });
  return [...found];
}

async function open(session: Session, entry: SourceEntry, environment: Environment): Promise<Open> {
  const name = environmentOf(environment);
  const place = session.project.at(['sources', entry.name]);
  const registration = session.registry.sources.get(entry.type);
  if (registration === undefined) {
    const near = nearest(entry.type, [...session.registry.sources.keys()]);
    const official = OFFICIAL.get(entry.type);
    throw new DcsError(official ? 'USAGE' : 'CONFIG', `${place}: no plugin brings the source type "${entry.type}".`, {
      why: `Source ${entry.name} cannot be read without it. Nothing was written.`,
      hint: official ? `dcs plugins install ${shortName(official.plugin)}` : near === undefined ? 'dcs plugins' : `did you mean ${near}?`,
    });
  }
  if (!entry.environments.includes(name))
    throw new DcsError('CONFIG', `${entry.name} does not fill ${name}.`, {
      why: `It fills ${entry.environments.join(', ')}.`,
      hint: 'dcs context',
    });
  const definition = await registration.load();
  const endpoint = definition.endpoint(session.pluginEnv);
  refuseMixedHosts(session.dopplerHost, [{ name: definition.title, endpoint }]);
  const options = await optionsOf(session, entry, name, definition);
  return {
    entry,
    source: definition.connect(options, session.context(definition.title, endpoint)),
    into: {
      from: definition.title,
      again: `dcs sync ${entry.name} -e ${environment.name}`,
      rules: entry,
      existing: 'ask',
      record: true,
    },
  };
}

/** What a source would change in Doppler. Reads only. */
async function planSource(
  session: Session,
  entry: SourceEntry,
  environment: Environment,
  { only, except }: Pick<Filters, 'only' | 'except'>,
): Promise<Planned> {
  const { source, into } = await open(session, entry, environment);
  return planIntoDoppler(session, environment, source, { ...into, yes: false, allow: [], only, except });
}

/** The plans of several sources as one. */
export async function planNamedSources(
  session: Session,
  entries: readonly SourceEntry[],
  environment: Environment,
  filters: Pick<Filters, 'only' | 'except'>,
): Promise<Planned> {
  const planned = await Promise.all(entries.map((entry) => planSource(session, entry, environment, filters)));
  return { ...planned[0]!, looks: planned.flatMap(({ looks }) => looks) };
}

export type SyncSources = Pick<SyncOptions, 'yes' | 'allow' | 'only' | 'except' | 'prune' | 'redeploy' | 'trigger' | 'breakLock'>;

/** Brings each source into Doppler by the one loop, one after the other. */
export async function syncSources(
  session: Session,
  entries: readonly SourceEntry[],
  environment: Environment,
  { prune, redeploy, trigger, ...options }: SyncSources,
  style: Style,
  say: (line: string) => void,
): Promise<SyncResult> {
  if (prune) throw new DcsError('USAGE', '--prune is for targets: nothing is deleted in Doppler.', { hint: 'dcs secrets unset NAME' });
  if (trigger !== undefined || redeploy)
    throw new DcsError('USAGE', `--${redeploy ? 'redeploy' : 'trigger'} is for targets, and ${entries[0]!.name} fills Doppler.`, {
      why: 'Nothing was written.',
      hint: `dcs sync ${entries[0]!.name} -e ${environment.name}`,
    });
  const results: SyncResult[] = [];
  for (const entry of entries) {
    const { source, into } = await open(session, entry, environment);
    results.push(await syncIntoDoppler(session, environment, source, { ...into, ...options }, style, say));
  }
  return {
    lines: results.flatMap(({ lines }) => lines),
    json: {
      environment: environment.name,
      sources: results.map(({ json }, index) => ({ source: entries[index]!.name, ...json })),
    },
    exit: results.find(({ exit }) => exit !== 0)?.exit ?? 0,
  };
}

/** A source beside Doppler: what a sync of it would bring, or why that is not known. */
export type Beside = { readonly name: string } & ({ readonly look: Look } | { readonly error: DcsError });

/** Each source that fills an environment, side by side; one failure hides no other. Reads only. */
export async function besideDoppler(session: Session, entries: readonly SourceEntry[], environment: Environment): Promise<Beside[]> {
  const fills = entries.filter(({ environments }) => environments.includes(environmentOf(environment)));
  return Promise.all(
    fills.map(async (entry): Promise<Beside> => {
      const { name } = entry;
      try {
        const { looks } = await planSource(session, entry, environment, { only: [], except: [] });
        return { name, look: looks[0]! };
      } catch (error) {
        if (!isDcsError(error)) throw error;
        return { name, error };
      }
    }),
  );
}

/** For a sync that goes the other way: what the sources hold and Doppler does not, and the command that brings it. */
export async function sourceNotes(
  session: Session,
  environment: Environment,
): Promise<{ readonly lines: string[]; readonly json: Record<string, unknown>[] }> {
  const found = await besideDoppler(session, [...session.project.sources.values()], environment);
  const told = found.map((each) => {
    if ('error' in each)
      return {
        line: `? ${each.name}: Doppler cannot be compared with it. ${each.error.message}`,
        json: { source: each.name, state: 'unknown', error: { code: each.error.code, message: each.error.message } },
      };
    const names = writes(each.look.plan).map(({ name }) => name);
    const state = standing(each.look).state;
    return {
      line:
        names.length === 0
          ? undefined
          : `! ${each.name}: ${names.join(', ')} in Doppler is not what ${each.name} says; this sync leaves Doppler alone\n  Next  dcs sync ${each.name} -e ${environment.name}`,
      json: { source: each.name, state, names },
    };
  });
  return { lines: told.flatMap(({ line }) => (line === undefined ? [] : [line])), json: told.map(({ json }) => json) };
}
