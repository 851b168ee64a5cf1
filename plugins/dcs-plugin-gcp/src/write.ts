import { DcsError, isDcsError, type Delete, type Outcome, type Put, type Write } from 'dcs-sdk';
import { each } from './batch.ts';
import { annotationsOf, LABELS, revisionOf } from './marks.ts';
import type { Pace } from './pace.ts';
import type { SecretsApi, Stored } from './secrets-api.ts';
import type { Seen } from './sight.ts';

/** What writing needs of a target. */
export interface Desk {
  readonly api: SecretsApi;
  readonly pace: Pace;
  readonly project: string;
  readonly replicas?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly keep: number;
  readonly log: (line: string) => void;
  /** What the last listing saw, by id. */
  seen(id: string): Seen | undefined;
  wrote(secret: Stored, version: number): void;
  removed(id: string): void;
}

const AT_A_TIME = 8;

/** Writes each change on its own, some at a time. After AUTH or an interrupt the rest is skipped. */
export async function writeEach(
  changes: readonly Write[],
  idOf: (name: string) => string,
  desk: Desk,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const outcomes = new Map<string, Outcome>();
  let stopped = false;
  await each(
    changes,
    async (change) => {
      const { name } = change;
      if (stopped || signal.aborted) {
        outcomes.set(name, { name, result: 'skipped' });
        return;
      }
      try {
        const id = idOf(name);
        outcomes.set(name, change.action === 'delete' ? await remove(change, id, desk) : await put(change, id, desk));
      } catch (error) {
        if (!isDcsError(error)) throw error;
        outcomes.set(name, outcomeOf(name, error));
        stopped ||= error.code === 'AUTH' || error.code === 'INTERRUPTED';
      }
    },
    AT_A_TIME,
  );
  return changes.map(({ name }) => outcomes.get(name)!);
}

export function outcomeOf(name: string, error: DcsError): Outcome {
  if (error.details.applied === 'unknown') return { name, result: 'unknown', error };
  return { name, result: error.code === 'CONFLICT' ? 'conflict' : 'failed', error };
}

export async function put(change: Put, id: string, desk: Desk): Promise<Outcome> {
  const { name, mark, secret: value } = change;
  const found = desk.seen(id);
  if (change.action === 'update' && (found === undefined || differs(change, found.secret))) return { name, result: 'conflict' };
  const secret = change.action === 'create' ? await create(id, change, desk) : found!.secret;
  const version = await add(id, value, found?.newest?.version ?? 0, desk);
  desk.wrote(secret, version);
  // A create left its mark before: it is the first version's.
  if (mark !== undefined && !(change.action === 'create' && version === 1))
    await remark(secret, annotationsOf(mark, version), version, desk);
  if (version > desk.keep) await disableOld(id, desk);
  return { name, result: 'done', revision: revisionOf(id, version), birth: secret.created };
}

const differs = ({ birth }: Write, secret: Stored): boolean => birth !== undefined && birth !== secret.created;

/** A create whose answer was lost is looked for before it is sent again. */
async function create(id: string, { mark }: Put, { api, pace, project, replicas, labels = LABELS }: Desk): Promise<Stored> {
  const annotations = mark === undefined ? {} : annotationsOf(mark, 1);
  const made = { labels, annotations, ...(replicas === undefined ? {} : { replicas }) };
  await pace.turn(project);
  try {
    return await api.create(id, made);
  } catch (error) {
    if (!isDcsError(error) || error.details.applied !== 'unknown') throw error;
    const found = await api.get(id).catch(() => {
      throw error;
    });
    if (found === undefined) {
      await pace.turn(project);
      return api.create(id, made);
    }
    const ours = mark !== undefined && Object.entries(annotations).every(([key, word]) => found.annotations.get(key) === word);
    if (ours) return found;
    throw error;
  }
}

/** A version whose answer was lost is looked for before it is added again. The number that comes back is the proof. */
async function add(id: string, value: Put['secret'], before: number, { api, pace, project }: Desk): Promise<number> {
  await pace.turn(project, id);
  try {
    return await api.add(id, value);
  } catch (error) {
    if (!isDcsError(error) || error.details.applied !== 'unknown') throw error;
    const look = async (): Promise<number | undefined> => {
      const after = (await api.newest(new Map([[id, before + 1]]))).get(id);
      if (after?.value?.reveal() === value.reveal()) return after.version;
      if (after === undefined) return undefined;
      throw error; // another version stands there, or one that cannot be read: nobody knows whose
    };
    const found = await look().catch(() => {
      throw error;
    });
    if (found !== undefined) return found;
    if (error.details.late) throw error; // it may come yet, and then twice
    await pace.turn(project, id);
    return api.add(id, value);
  }
}

/** The value is written by now: a mark that cannot be left costs other machines a look, and is no failure. */
async function remark(secret: Stored, annotations: ReturnType<typeof annotationsOf>, version: number, desk: Desk): Promise<void> {
  const { api, pace, project, log } = desk;
  await pace.turn(project, secret.id);
  try {
    desk.wrote(await api.annotate(secret, annotations), version);
  } catch (error) {
    if (!isDcsError(error)) throw error;
    log(`${secret.id}: version ${version} is written, and bears no mark: ${error.message}`);
  }
}

async function disableOld(id: string, { api, pace, project, keep, log }: Desk): Promise<void> {
  try {
    const enabled = (await api.versions(id, 'state:ENABLED')).filter(({ state }) => state === 'ENABLED');
    for (const { version } of enabled.toSorted((a, b) => b.version - a.version).slice(keep)) {
      await pace.turn(project);
      await api.setState(id, version, 'disable');
    }
  } catch (error) {
    if (!isDcsError(error)) throw error;
    log(`${id}: older versions stay enabled: ${error.message}`);
  }
}

async function remove(change: Delete, id: string, desk: Desk): Promise<Outcome> {
  const { name } = change;
  const { api, pace, project } = desk;
  const found = desk.seen(id)?.secret;
  if (found === undefined || differs(change, found)) return { name, result: 'conflict' };
  await pace.turn(project);
  try {
    await api.remove(found);
  } catch (error) {
    if (!isDcsError(error) || (error.details.status !== 404 && error.details.applied !== 'unknown')) throw stale(error);
    if (error.details.status !== 404 && (await api.get(id).catch(() => found)) !== undefined) throw error;
  }
  desk.removed(id);
  return { name, result: 'done' };
}

/** The etag is another one: somebody changed the secret since it was listed. */
function stale(error: unknown): unknown {
  if (!isDcsError(error) || error.details.vendorCode !== 'FAILED_PRECONDITION') return error;
  return new DcsError('CONFLICT', 'Somebody changed the secret meanwhile.', { status: 400 });
}
