import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { hits, sinks } from '../e2e/canaries.ts';
import { SHARED_KEY } from '../e2e/machines.ts';
import { world, WORKER, YAML, type World } from '../e2e/world.ts';

const PRELOAD = fileURLToPath(new URL('die-at.mjs', import.meta.url));
const { accountId, token } = SEED.cloudflare;
const { project } = SEED.google;

/** A platform, by its back door. */
interface Platform {
  readonly yaml: string;
  readonly read: (w: World, name: string) => Promise<string | undefined>;
  readonly edit: (w: World, name: string, value: string) => Promise<unknown>;
}

const peek =
  (cloud: string, where: Record<string, string>) =>
  async (w: World, name: string): Promise<string | undefined> => {
    const answer = await fetch(`${w.origin}/_sandbox/${cloud}?${new URLSearchParams({ ...where, name })}`);
    return ((await answer.json()) as { value?: string | null }).value ?? undefined;
  };
const handEdit = (cloud: string, where: Record<string, string>) => (w: World, name: string, value: string) =>
  w.post(`/_sandbox/${cloud}`, { ...where, name, value });

const onWorker = { account: accountId, worker: WORKER };
const worker: Omit<Platform, 'yaml'> = { read: peek('cloudflare/peek', onWorker), edit: handEdit('cloudflare/hand-edit', onWorker) };
const google: Omit<Platform, 'yaml'> = { read: peek('google/peek', { project }), edit: handEdit('google/hand-edit', { project }) };
const stores = (w: World): string => `${w.origin}/client/v4/accounts/${accountId}/secrets_store/stores`;
const authorized = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
const storeId = async (w: World): Promise<string> =>
  ((await (await fetch(stores(w), { headers: authorized })).json()) as { result: { id: string }[] }).result[0]!.id;
const PLATFORMS = {
  Worker: { yaml: YAML, ...worker },
  'Worker, record at Doppler': { yaml: `ledger: doppler\n${YAML}`, ...worker },
  'Worker, record in git': { yaml: `ledger: git\n${YAML}`, ...worker },
  gcp: { yaml: `doppler: shop\ntargets:\n  gcp: {project_id: ${project}, include: ["*"]}\n`, ...google },
  firebase: { yaml: `doppler: shop\ntargets:\n  firebase: {project_id: ${project}, include: ["*"]}\n`, ...google },
  'Secrets Store': {
    yaml: `doppler: shop\ntargets:\n  store: {type: cloudflare-secrets-store, account_id: {staging: ${accountId}}, include: ["*"]}\n`,
    read: async (w, name) => peek('cloudflare/peek', { account: accountId, store: await storeId(w) })(w, name),
    edit: async (w, name, value) =>
      fetch(`${stores(w)}/${await storeId(w)}/secrets`, {
        method: 'POST',
        headers: authorized,
        body: JSON.stringify([{ name, value, scopes: ['workers'] }]),
      }),
  },
} satisfies Record<string, Platform>;
export type PlatformName = keyof typeof PLATFORMS;

const NAMES = ['DATABASE_URL', 'JWT_SECRET', 'REDIS_HOST', 'REDIS_URL', 'SENDGRID_KEY', 'SESSION_KEY', 'STRIPE_KEY'];
const SYNC = ['sync', '-e', 'staging', '--yes', '--prune'];
const STRANGER = 'STRANGER';
const value = (): string => `canary-${randomBytes(16).toString('hex')}`;

export interface Sweep {
  /** Runs that were killed. */
  readonly kills: number;
  /** Runs after which a name stayed that Doppler no longer has, because nothing proves any more that it is dcs's. */
  readonly stayed: number;
  /** What was wrong, `<call>: ...`. */
  readonly wrong: readonly string[];
}

/** `first`: a sync of a platform that has nothing yet; otherwise one that has to create, update and delete. */
interface Wanted {
  readonly first: boolean;
  /** Kills at each so many-th call; all by default. */
  readonly every?: number;
  /** These calls instead. */
  readonly at?: readonly string[];
  /** Breaks dcs in one way. */
  readonly plant?: string;
}

/** Kills a sync at its calls, one after the other; after each kill one more sync has to set everything right. */
export async function sweep(name: PlatformName, { first, every = 1, at, plant }: Wanted): Promise<Sweep> {
  const w = await world();
  try {
    return await new Sweeping(w, PLATFORMS[name], first, plant).through(every, at);
  } finally {
    await w.close();
  }
}

class Sweeping {
  readonly #w: World;
  readonly #platform: Platform;
  readonly #first: boolean;
  readonly #plant: string | undefined;
  #held: ReadonlyMap<string, string> = new Map();
  #scenes = 0;
  #stayed = 0;
  constructor(w: World, platform: Platform, first: boolean, plant: string | undefined) {
    this.#w = w;
    this.#platform = platform;
    this.#first = first;
    this.#plant = plant;
  }

  async through(every: number, at?: readonly string[]): Promise<Sweep> {
    await this.#w.yaml(this.#platform.yaml);
    const listed = await this.#calls();
    const calls = at ?? listed;
    const wrong: string[] = [];
    let kills = 0;
    for (let index = Math.floor(every / 2); index < calls.length; index += every) {
      const found = await this.#kill(calls[index]!);
      kills += found.killed ? 1 : 0;
      wrong.push(...found.wrong.map((each) => `${calls[index]}: ${each}`));
      // What is wrong once stays so.
      if (wrong.length > 0) break;
    }
    return { kills, stayed: this.#stayed, wrong };
  }

  /** The calls of a sync that nobody kills. */
  async #calls(): Promise<string[]> {
    const log = join(this.#w.home, 'calls');
    await this.#scene();
    if (!this.#first) {
      await this.#w.dcs(SYNC);
      await this.#scene();
      await this.#w.dcs(SYNC);
      await this.#scene();
    }
    const ran = await this.#w.dcs(SYNC, { env: { NODE_OPTIONS: `--import=${PRELOAD}`, DCS_DIE_LOG: log } });
    if (ran.code !== 0) throw new Error(ran.err + ran.out);
    const calls = (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
    await rm(log);
    return calls;
  }

  async #kill(call: string): Promise<{ killed: boolean; wrong: string[] }> {
    const w = this.#w;
    const { wanted, before } = await this.#scene();
    const values = [...wanted.values()];
    const plant = this.#plant === undefined ? {} : { DCS_DIE_PLANT: this.#plant, DCS_DIE_VALUE: values[0] };
    const killed = await w.dcs(SYNC, { env: { NODE_OPTIONS: `--import=${PRELOAD}`, DCS_DIE_AT: call, ...plant } });
    const wrong = [...(await this.#torn(wanted, before)), ...(await plain(w, values))];
    if (killed.code !== null && killed.code !== 0) wrong.push(`ended with ${killed.code}: ${killed.err}`);
    const again = await w.dcs(SYNC);
    if (again.code !== 0) wrong.push(`the next sync ended with ${again.code}: ${again.err}`);
    const gone = [...before.keys()].find((name) => !wanted.has(name));
    if (gone !== undefined && (await this.#stays(gone, before.get(gone)!))) this.#stayed++;
    else if (gone !== undefined) wrong.push(...(await this.#unlike(wanted, [gone])));
    wrong.push(...(await this.#unlike(wanted, wanted.keys())), ...(await plain(w, values)), ...(await unreadable(w)));
    return { killed: killed.code === null, wrong };
  }

  /** What Doppler has now, and what it had. */
  async #scene(): Promise<{ wanted: ReadonlyMap<string, string>; before: ReadonlyMap<string, string> }> {
    const before = this.#first ? new Map<string, string>() : this.#held;
    const isNew = this.#scenes++ === 0 || this.#first;
    this.#held = isNew ? await fresh(this.#w, this.#platform) : await change(this.#w, before, `EXTRA_${this.#scenes}`);
    return { wanted: this.#held, before };
  }

  /** After a kill each name is as it was or as it is to be. */
  async #torn(wanted: ReadonlyMap<string, string>, before: ReadonlyMap<string, string>): Promise<string[]> {
    const wrong: string[] = [];
    for (const name of new Set([...wanted.keys(), ...before.keys()])) {
      const found = await this.#platform.read(this.#w, name);
      if (found !== wanted.get(name) && found !== before.get(name)) wrong.push(`${name} is neither old nor new`);
    }
    return wrong;
  }

  /** A name to be deleted stands as it was, and dcs says why: it deletes only what is proven to be its own. */
  async #stays(gone: string, value: string): Promise<boolean> {
    if ((await this.#platform.read(this.#w, gone)) !== value) return false;
    const { out } = await this.#w.dcs(['diff', '-e', 'staging', '--prune']);
    return out.split('\n').some((line) => line.includes(` ${gone} `) && line.includes('changed there since dcs wrote it'));
  }

  async #unlike(wanted: ReadonlyMap<string, string>, names: Iterable<string>): Promise<string[]> {
    const wrong: string[] = [];
    for (const name of names)
      if ((await this.#platform.read(this.#w, name)) !== wanted.get(name)) wrong.push(`${name} is not as in Doppler`);
    if ((await this.#platform.read(this.#w, STRANGER)) !== 'theirs') wrong.push('a foreign secret was touched');
    return wrong;
  }
}

/** As on the first day, with seven values and somebody else's. */
async function fresh(w: World, platform: Platform): Promise<Map<string, string>> {
  await w.post('/_sandbox/reset', {});
  await w.post('/_sandbox/cloudflare/limits', { quota: 1_000_000, seconds: 1 });
  await rm(join(w.home, 'state'), { recursive: true, force: true });
  for (const file of ['dcs.lock', 'dcs.history.jsonl']) await rm(join(w.project, file), { force: true });
  const wanted = new Map(NAMES.map((name) => [name, value()]));
  await w.doppler('stg', { ...Object.fromEntries(wanted), DCS_LEDGER_KEY: SHARED_KEY });
  await platform.edit(w, STRANGER, 'theirs');
  return wanted;
}

/** One value changes, one name comes, one goes. */
async function change(w: World, kept: ReadonlyMap<string, string>, extra: string): Promise<Map<string, string>> {
  const wanted = new Map(kept);
  const last = [...kept.keys()].find((name) => name.startsWith('EXTRA'));
  if (last !== undefined) wanted.delete(last);
  wanted.set('STRIPE_KEY', value()).set(extra, value());
  await w.doppler('stg', { ...Object.fromEntries(wanted), ...(last === undefined ? {} : { [last]: null }) });
  return wanted;
}

/** The files that hold a value. */
const plain = async (w: World, values: readonly string[]): Promise<string[]> =>
  hits(values, await sinks(w)).map((file) => `${file} holds a value`);

/** The record cannot be read, or does not know what stands there; a lock is left. */
async function unreadable(w: World): Promise<string[]> {
  const told: string[] = [];
  const status = await w.dcs(['status', '-e', 'staging', '--exit-code']);
  if (status.code !== 0) told.push(`status ended with ${status.code}: ${status.out}${status.err}`);
  const locks = await readdir(join(w.home, 'state', 'dcs', 'locks'), { recursive: true, withFileTypes: true });
  const left = locks.filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp'));
  if (left.length > 0) told.push(`a lock is left: ${left[0]!.name}`);
  return told;
}
