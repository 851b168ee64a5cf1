import { DcsError, isDcsError, Secret, type Context, type Entry, type Outcome, type Put, type Target, type Write } from 'dcs-sdk';
import { LABELS, revisionOf, versionIn } from './marks.ts';
import type { GcpOptions } from './options.ts';
import type { Pace } from './pace.ts';
import type { Newest, SecretsApi, Stored } from './secrets-api.ts';
import { trailOf } from './sight.ts';
import { identify } from './place.ts';
import { outcomeOf } from './write.ts';

const OWNER = 'dcs-source';
const NAMES = 'dcs-names';
const MOST_BYTES = 65_536;
/** Of the 16 KiB that all annotations may take. */
const MOST_NAMES = 12_000;

interface Held {
  readonly secret: Stored | undefined;
  readonly newest: Newest | undefined;
  readonly values: ReadonlyMap<string, unknown>;
}

/** All names in one JSON secret: read, changed and written as one new version. */
export function connectBundle(api: SecretsApi, options: GcpOptions, pace: Pace, { signal, log }: Context): Target {
  const id = options.secret!;
  let known = 0;
  const read = async (): Promise<Held> => {
    const secret = await api.get(id);
    if (secret === undefined) return { secret, newest: undefined, values: new Map() };
    const latest = (await api.newest(new Map([[id, undefined]]))).get(id);
    const newest = (latest?.version ?? 0) < known ? (await api.newest(new Map([[id, known]]))).get(id) : latest;
    return { secret, newest, values: valuesIn(newest, id) };
  };
  let held: Held | undefined;

  const write = async (changes: readonly Write[]): Promise<Outcome[]> => {
    const now = await read();
    if (now.newest?.version !== held?.newest?.version) return changes.map(({ name }) => ({ name, result: 'conflict' }));
    const values = new Map(now.values);
    for (const change of changes)
      if (change.action === 'delete') values.delete(change.name);
      else values.set(change.name, change.secret.reveal());
    const text = JSON.stringify(Object.fromEntries(values)); // fromEntries keeps `__proto__`, an assignment would lose it
    if (Buffer.byteLength(text) > MOST_BYTES)
      throw new DcsError('TARGET', `All names together are larger than ${MOST_BYTES} bytes.`, {
        why: 'A bundle is one secret. Nothing was written.',
        hint: 'mode: secrets',
      });
    await pace.turn(options.project_id);
    const marks = marksAfter(changes, now, values);
    const secret =
      now.secret ??
      (await api.create(id, { labels: LABELS, annotations: marks, ...(options.replicas ? { replicas: options.replicas } : {}) }));
    await pace.turn(options.project_id, id);
    const version = await api.add(id, new Secret(text));
    known = version;
    held = { secret, newest: { version, state: 'ENABLED' }, values };
    if (now.secret !== undefined && Object.keys(marks).length > 0) {
      await pace.turn(options.project_id, id);
      await api.annotate(secret, marks).catch((error: unknown) => {
        if (!isDcsError(error)) throw error;
        log(`${id}: version ${version} is written, and its names are not noted: ${error.message}`);
      });
    }
    return changes.map(({ name }) => ({ name, result: 'done', revision: revisionOf(id, version) }));
  };

  return {
    identify: () => identify(api, options),
    async list(since) {
      for (const revision of since) {
        const found = versionIn(revision);
        if (found?.id === id) known = Math.max(known, found.version);
      }
      held = await read();
      if (held.secret === undefined) await api.reach(); // no secret, or no such project?
      return { entries: entriesOf(held), trail: trailOf(id, held.newest) };
    },
    async write(changes) {
      if (signal.aborted) return changes.map(({ name }) => ({ name, result: 'skipped' }));
      try {
        return await write(changes);
      } catch (error) {
        if (!isDcsError(error)) throw error;
        return changes.map(({ name }) => outcomeOf(name, error));
      }
    },
  };
}

function valuesIn(newest: Newest | undefined, id: string): Map<string, unknown> {
  if (newest === undefined) return new Map();
  const unreadable = (why: string): DcsError =>
    new DcsError('TARGET', `Secret '${id}' cannot be read as a bundle: ${why}.`, {
      why: 'What it holds would be lost by a write. Nothing was written.',
      hint: 'another `secret` in dcs.yaml, or mode: secrets',
    });
  if (newest.value === undefined)
    throw unreadable(newest.state === 'ENABLED' ? 'its value may not be read' : 'its newest version is disabled');
  let parsed: unknown;
  try {
    parsed = JSON.parse(newest.value.reveal());
  } catch {
    throw unreadable('it is no JSON'); // the parser's message would quote it
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw unreadable('it is no JSON object');
  return new Map(Object.entries(parsed));
}

function entriesOf({ secret, values }: Held): Entry[] {
  const owner = secret?.annotations.get(OWNER);
  const created = namesIn(secret);
  return [...values].map(([name, value]) => ({
    name,
    ...(typeof value === 'string' ? { value: new Secret(value) } : { locked: 'the bundle holds no text under this name' }),
    ...(owner !== undefined && created.has(name) ? { mark: { owner, created: true } } : {}),
  }));
}

const namesIn = (secret: Stored | undefined): Set<string> =>
  new Set((secret?.annotations.get(NAMES) ?? '').split(' ').filter((name) => name !== ''));

/** The names that dcs made, as far as they fit; one that is not noted is never deleted. */
function marksAfter(changes: readonly Write[], { secret }: Held, values: ReadonlyMap<string, unknown>): Readonly<Record<string, string>> {
  const puts = changes.filter((change): change is Put => change.action !== 'delete');
  const owner = puts.find(({ mark }) => mark !== undefined)?.mark?.owner ?? secret?.annotations.get(OWNER);
  if (owner === undefined) return {};
  const before = owner === secret?.annotations.get(OWNER) ? namesIn(secret) : [];
  const made = [...before, ...puts.filter(({ mark }) => mark?.created).map(({ name }) => name)].filter((name) => values.has(name));
  let room = MOST_NAMES;
  const noted = [...new Set(made)].filter((name) => (room -= name.length + 1) >= 0);
  return { [OWNER]: owner, [NAMES]: noted.join(' ') };
}
