import type { DcsError, Entry, Revision } from 'dcs-sdk';
import { each } from './batch.ts';
import { keptByDcs, markOf, revisionOf, versionIn } from './marks.ts';
import type { Newest, SecretsApi, Stored } from './secrets-api.ts';

/** A secret and its newest version, undefined when it has none. */
export interface Seen {
  readonly secret: Stored;
  readonly newest: Newest | undefined;
  /** Its versions may not be looked at. */
  readonly closed?: true;
}

const LONGEST = 200;

/** What this process wrote and removed, since lists and `latest` may be minutes late. https://cloud.google.com/secret-manager/docs/consistency, last verified 2026-11-21. */
export interface Memory {
  readonly wrote: Map<string, number>;
  readonly removed: Set<string>;
}

/** The secrets whose ids `wanted` takes, with their newest versions; two requests where nothing is late. */
export async function look(api: SecretsApi, wanted: (id: string) => boolean, since: ReadonlySet<string>, memory: Memory): Promise<Seen[]> {
  const expected = newestOf(since, memory, wanted);
  const secrets = new Map((await api.all()).filter(({ id }) => wanted(id)).map((secret) => [secret.id, secret]));
  const unclear = [...expected.keys(), ...memory.removed].filter((id) => !secrets.has(id) || memory.removed.has(id));
  await each([...new Set(unclear)], async (id) => {
    const found = await api.get(id);
    if (found) secrets.set(id, found);
    else secrets.delete(id);
  });
  const closed = new Map<string, DcsError>();
  const newest = new Map(
    await api.newest(new Map([...secrets.keys()].map((id) => [id, undefined])), (id, refused) => closed.set(id, refused)),
  );
  refuseBlindness(secrets, closed);
  const late = [...expected].filter(([id, version]) => secrets.has(id) && (newest.get(id)?.version ?? 0) < version);
  for (const [id, found] of await api.newest(new Map(late))) if (found) newest.set(id, found);
  return [...secrets.values()].map((secret) => ({
    secret,
    newest: newest.get(secret.id),
    ...(closed.has(secret.id) ? { closed: true } : {}),
  }));
}

/** Others' secrets may be closed to this credential; what dcs wrote must not be, and not everything. */
function refuseBlindness(secrets: ReadonlyMap<string, Stored>, closed: ReadonlyMap<string, DcsError>): void {
  const ours = [...closed].find(([id]) => keptByDcs(secrets.get(id)!));
  const [first] = closed.values();
  if (ours) throw ours[1];
  if (first && closed.size === secrets.size) throw first;
}

/** The newest version that the ledger or this process knows of, by id. */
function newestOf(since: ReadonlySet<string>, { wrote }: Memory, wanted: (id: string) => boolean): Map<string, number> {
  const known = new Map(wrote);
  for (const revision of since) {
    const found = versionIn(revision);
    if (found && wanted(found.id)) known.set(found.id, Math.max(found.version, known.get(found.id) ?? 0));
  }
  return known;
}

/** Versions count from 1, each a write: the history of a secret without asking for it. A disabled newest one is a change, too. */
export function trailOf(id: string, newest: Newest | undefined): Revision[] {
  if (newest === undefined) return [];
  const { version, state } = newest;
  const numbers = Array.from({ length: Math.min(version, LONGEST) }, (_, index) => ({ id: revisionOf(id, version - index) }));
  return state === 'ENABLED' ? numbers : [{ id: `${revisionOf(id, version)} ${state}` }, ...numbers];
}

export function entryOf({ secret, newest, closed }: Seen, name: string, locked: string | undefined): Entry {
  return {
    name,
    birth: secret.created,
    trail: trailOf(secret.id, newest),
    ...(newest?.value === undefined ? {} : { value: newest.value }),
    ...markOf(secret),
    ...(locked === undefined && !closed ? {} : { locked: locked ?? 'this credential may not look at its versions' }),
  };
}
