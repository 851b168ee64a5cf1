import { DcsError, type Secret } from 'dcs-sdk';
import type { DopplerClient, LogEntry } from './client.ts';

const PAGE = 20;
/** Entries looked at in all; each is a request. */
const MOST = 200;
const AT_ONCE = 5;

/** Where in a config's log a sync stands. */
export interface Span {
  /** The newest entry that the sync's values came with. */
  readonly until: string;
  /** The same of the sync before, empty where the log had none yet; absent: there was no sync before. */
  readonly after: string | undefined;
}

interface Config {
  readonly project: string;
  readonly config: string;
}

/** Raw values before the first and after the last change that the sync brought, and who made the first one; null: none, or hidden. */
export interface Former {
  readonly value: Secret | null;
  readonly gave: Secret | null;
  readonly at: string;
  readonly user: string;
}

export interface Past {
  /** By name: what was there before the sync's changes. */
  readonly former: ReadonlyMap<string, Former>;
  /** Names that were edited later, and by whom. */
  readonly since: ReadonlyMap<string, { readonly at: string; readonly user: string }>;
}

/** What a config held before a sync, told by its log. Throws CONFLICT when the log no longer reaches back to it. */
export async function pastOf(client: DopplerClient, { project, config }: Config, span: Span): Promise<Past> {
  const ids = await idsBackTo(client, { project, config }, span);
  const logs: LogEntry[] = [];
  for (let from = 0; from < ids.length; from += AT_ONCE)
    // oxlint-disable-next-line no-await-in-loop -- a few at once, so that a long log does not use up the minute's quota
    logs.push(...(await Promise.all(ids.slice(from, from + AT_ONCE).map((id) => client.log(project, config, id)))));
  const newest = span.after === span.until ? ids.length : ids.indexOf(span.until);
  const former = new Map<string, Former>();
  // From the newest to the oldest: the oldest change since the sync before has the last word on what was there.
  for (const { at, user, diff } of logs.slice(newest))
    for (const { name, removed, added } of diff) former.set(name, { value: removed, gave: former.get(name)?.gave ?? added, at, user });
  const since = new Map(logs.slice(0, newest).flatMap(({ names, at, user }) => names.map((name) => [name, { at, user }] as const)));
  return { former, since };
}

/** Newest first, from now down to the sync's own entries; the sync before is left out. */
async function idsBackTo(client: DopplerClient, { project, config }: Config, { until, after }: Span): Promise<string[]> {
  const ids: string[] = [];
  for (let page = 1; ids.length <= MOST; page++) {
    // oxlint-disable-next-line no-await-in-loop -- whether the next page is needed shows only in this one
    const found = await client.logIds(project, config, { page, count: PAGE });
    const fresh = found.filter((id) => !ids.includes(id));
    ids.push(...fresh);
    if (after === undefined ? ids.includes(until) : ids.includes(after))
      return after === undefined ? ids.slice(0, ids.indexOf(until) + 1) : ids.slice(0, ids.indexOf(after));
    if (fresh.length < PAGE && after === '') return ids;
    if (fresh.length === 0) break;
  }
  const why =
    ids.length > MOST ? `More than ${MOST} changes were made since.` : 'How long it is kept depends on the plan (Developer: 3 days).';
  throw new DcsError('CONFLICT', `Doppler's log of ${project}/${config} does not reach back to that sync.`, {
    why: `${why} Nothing was written.`,
    hint: `doppler configs logs -p ${project} -c ${config}`,
  });
}
