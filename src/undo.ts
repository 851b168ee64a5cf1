import { DcsError, isDcsError, type Environment, type Guard } from 'dcs-sdk';
import { mayWrite } from './consent.ts';
import { dopplerClient } from './doppler-access.ts';
import type { DopplerClient, GuardedChange } from './doppler/client.ts';
import { pastOf, type Past } from './doppler/past.ts';
import type { ChainedEntry } from './engine/audit.ts';
import { history } from './history.ts';
import { prompts } from './prompts.ts';
import { ago, plural, table } from './render/style.ts';
import type { Session } from './session.ts';

/** Taking one sync back: what Doppler shall hold again, and what cannot or need not be taken back. */
export interface Undo {
  readonly entries: readonly ChainedEntry[];
  readonly environment: Environment & { readonly line: string };
  readonly changes: readonly UndoChange[];
  /** Doppler's names, and why they stay. */
  readonly left: readonly { readonly name: string; readonly why: string }[];
}

export interface UndoChange extends GuardedChange {
  readonly note: string;
}

/** The entries of one sync. Throws USAGE when no log that can be read knows it. */
export async function findSync(session: Session, id: string): Promise<{ entries: readonly ChainedEntry[]; all: readonly ChainedEntry[] }> {
  const { entries: all, failures } = await history(session, [...session.project.environments.keys()]);
  const entries = all.filter((entry) => entry.id === id.toUpperCase() && entry.changes.length > 0);
  if (entries.length > 0) return { entries, all };
  if (failures[0]) throw failures[0].error;
  throw new DcsError('USAGE', `The history knows no sync ${id} that wrote anything.`, { hint: 'dcs history' });
}

/** The plan. Reads only. Throws CONFLICT where somebody edited one of the names since. */
export async function planUndo(session: Session, id: string): Promise<Undo> {
  const { entries, all } = await findSync(session, id);
  const environment = session.choose(false, entries[0]!.environment);
  const client = await dopplerClient(session);
  const parts = await Promise.all(entries.map((entry) => partOf(client, environment, entry, before(all, entry))));
  const changes = new Map(parts.flatMap((part) => part.changes).map((change) => [change.name, change]));
  const left = new Map(parts.flatMap((part) => part.left).map((each) => [each.name, each]));
  return {
    entries,
    environment,
    changes: [...changes.values()].toSorted(byName),
    left: [...left.values()].filter(({ name }) => !changes.has(name)).toSorted(byName),
  };
}

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);

/** The sync of the same target that came before. */
function before(all: readonly ChainedEntry[], entry: ChainedEntry): ChainedEntry | undefined {
  return all.slice(0, all.indexOf(entry)).findLast(({ place, id }) => place === entry.place && id !== entry.id);
}

/** A name came into Doppler itself: nothing is to be synced afterwards. */
const isDoppler = ({ place }: ChainedEntry): boolean => place.split('|')[1] === 'doppler';

async function partOf(
  client: DopplerClient,
  { doppler }: Environment,
  entry: ChainedEntry,
  former: ChainedEntry | undefined,
): Promise<Pick<Undo, 'changes' | 'left'>> {
  const names = entry.changes.map(({ name, from }) => (isDoppler(entry) ? name : from));
  if (entry.sourceLog === undefined)
    throw new DcsError('CONFLICT', `Sync ${entry.id} does not know where in Doppler's log it stood.`, {
      why: "Its token could not read the config's log. Nothing was written.",
      hint: 'dcs history',
    });
  if (!isDoppler(entry) && former?.sourceLog === undefined)
    return { changes: [], left: names.map((name) => ({ name, why: `the first sync of ${entry.target}: there is no value before it` })) };
  const past = await pastOf(client, doppler, { until: entry.sourceLog, after: isDoppler(entry) ? undefined : former?.sourceLog });
  refuseEdited(entry, names, past);
  const now = await client.secrets(doppler.project, doppler.config, { names });
  if (now === 'not-modified') throw new DcsError('NETWORK', 'Doppler answered "not modified" to a full read.');
  const changes: UndoChange[] = [];
  const left: { name: string; why: string }[] = [];
  for (const name of names) {
    const found = past.former.get(name);
    const was = now.secrets.get(name)?.raw ?? null;
    if (!found)
      left.push({ name, why: 'Doppler did not change it: the sync mended a drift, or the name came by reference or inheritance' });
    else if (now.secrets.get(name)?.raw === null) left.push({ name, why: 'this token may not see its value' });
    else if ((found.gave?.reveal() ?? null) !== was) throw edited(entry, [name]);
    else changes.push(noted({ name, was, value: found.value?.reveal() ?? null }, `by ${found.user} ${ago(found.at, new Date())}`));
  }
  return { changes, left };
}

const NOTE = { create: 'deleted', update: 'back to what it was before it was changed', delete: 'made' } as const;

const noted = (change: GuardedChange, byWhom: string): UndoChange => ({ ...change, note: `${NOTE[actionOf(change)]} ${byWhom}` });

function refuseEdited(entry: ChainedEntry, names: readonly string[], { since }: Past): void {
  const later = names.filter((name) => since.has(name));
  if (later.length > 0) throw edited(entry, later, since.get(later[0]!)?.user);
}

function edited({ id, environment }: ChainedEntry, names: readonly string[], user?: string): DcsError {
  return new DcsError('CONFLICT', `${names.join(', ')}: edited in Doppler since sync ${id}${user === undefined ? '' : ` by ${user}`}.`, {
    why: 'Taking the sync back would take that edit back too. Nothing was written.',
    hint: `dcs explain ${names[0]!} -e ${environment}`,
  });
}

const ACTION = { create: '+ create ', update: '~ update ', delete: '- delete ' } as const;

export function actionOf({ was, value }: GuardedChange): keyof typeof ACTION {
  return value === null ? 'delete' : was === null ? 'create' : 'update';
}

export function undoLines({ entries, changes, left }: Undo): string[] {
  const [first] = entries;
  const targets = targetsOf(entries);
  return [
    `Undo of sync ${first!.id}, ${ago(first!.at, new Date())}, ${first!.by}`,
    '',
    'doppler',
    ...table(changes.map((change) => [ACTION[actionOf(change)], change.name, change.note])).map((line) => `  ${line}`),
    ...table(left.map(({ name, why }) => ['· left   ', name, why])).map((line) => `  ${line}`),
    '',
    `${plural(changes.length, 'change')} in Doppler${targets.length === 0 ? '' : `, then a sync of these names to ${targets.join(', ')}`}`,
  ];
}

/** The targets of dcs.yaml that are to be synced afterwards. */
export const targetsOf = (entries: readonly ChainedEntry[]): string[] => [
  ...new Set(entries.filter((entry) => !isDoppler(entry)).map(({ target }) => target)),
];

/** Asks, and writes Doppler: all of it, or nothing because somebody edited one of the names meanwhile. */
export async function takeBack(session: Session, undo: Undo, given: { yes: boolean; allow: readonly Guard[] }): Promise<void> {
  const { environment, changes } = undo;
  const again = `dcs undo ${undo.entries[0]!.id} -e ${environment.name}`;
  const ask = prompts(session.invocation, session.env);
  const deletes = changes.filter((change) => actionOf(change) === 'delete').map(({ name }) => name);
  if (deletes.length > 0 && !given.allow.includes('delete')) {
    if (!ask.possible)
      throw new DcsError('REFUSED', `${deletes.join(', ')}: would be deleted from Doppler.`, {
        why: 'The sync brought what was new then; taking it back removes it (guard: delete). Nothing was written.',
        hint: `${again} --yes --allow delete`,
      });
    if (!(await ask.confirm(`Delete ${deletes.join(', ')} from Doppler?`, '--allow delete'))) throw saidNo();
  }
  const named = session.invocation.env !== undefined;
  const consent = { yes: given.yes, allow: new Set(given.allow), named, plan: false, again };
  if (!(await mayWrite(changes.length, environment, consent, ask))) throw saidNo();
  const { project, config } = environment.doppler;
  const client = await dopplerClient(session);
  try {
    await client.change(project, config, changes);
  } catch (error) {
    if (!isDcsError(error) || error.details.applied === 'unknown') throw error;
    const now = await client.secrets(project, config, { names: changes.map(({ name }) => name) });
    const moved = now === 'not-modified' ? [] : changes.filter(({ name, was }) => (now.secrets.get(name)?.raw ?? null) !== was);
    throw moved.length > 0
      ? edited(
          undo.entries[0]!,
          moved.map(({ name }) => name),
        )
      : error;
  }
}

const saidNo = (): DcsError => new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });
