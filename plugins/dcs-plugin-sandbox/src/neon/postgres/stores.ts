import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { ensureCertificate } from '../../server/certificate.ts';
import { copyCluster } from './copy.ts';
import { initialize, openPostgres, type Postgres, type Server, serve } from './server.ts';
import { connected } from './sql.ts';

/** One cluster with its history: `base/` is how it began, `data/` how it is, `data/pg_wal` everything between. */
export interface Store {
  id: string;
  /** Where its own history begins; what is older stands in `from`. */
  since: string;
  lsn: string;
  from?: string;
}

/** A moment of a store's history. */
export type Point = { lsn: string } | { time: string };

/** The moment asked for is not in the history. */
export class OutOfHistory extends Error {}

const position = (lsn: string): bigint => {
  const [high = '0', low = '0'] = lsn.split('/');
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
};

const before = (point: Point, store: Store): boolean =>
  'lsn' in point ? position(point.lsn) < position(store.lsn) : Date.parse(point.time) < Date.parse(store.since);

/** For those who ask for it; relative to the server's `data`. */
const TLS = { ssl: 'on', ssl_cert_file: '../../tls/cert.pem', ssl_key_file: '../../tls/key.pem' };

const NOW = `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS since, pg_current_wal_lsn()::text AS lsn`;

async function now(client: Client): Promise<{ since: string; lsn: string }> {
  const { rows } = await client.query<{ since: string; lsn: string }>(NOW);
  return rows[0] ?? { since: new Date().toISOString(), lsn: '0/0' };
}

/** The clusters behind the branches. A server runs from the first need of it until it is stopped. */
export class Stores {
  readonly #root: () => string;
  readonly #password: () => string;
  readonly #servers = new Map<string, Promise<Server>>();
  readonly #ending = new Map<string, Promise<void>>();
  #postgres: Promise<Postgres> | undefined;

  constructor(root: () => string, password: () => string) {
    this.#root = root;
    this.#password = password;
  }

  /** How PostgreSQL is started here; rejects with NoPostgres. */
  postgres(): Promise<Postgres> {
    this.#postgres ??= openPostgres().catch((error: unknown) => {
      this.#postgres = undefined;
      throw error;
    });
    return this.#postgres;
  }

  #folder(id: string, part: 'base' | 'data'): string {
    return join(this.#root(), id, part);
  }

  /** A new store; one that could not be made leaves nothing behind. */
  async #made(make: (id: string) => Promise<Omit<Store, 'id'>>): Promise<Store> {
    const id = randomUUID();
    await mkdir(join(this.#root(), id), { recursive: true, mode: 0o700 });
    try {
      return { id, ...(await make(id)) };
    } catch (error) {
      await this.remove(id);
      throw error;
    }
  }

  create(): Promise<Store> {
    return this.#made(async (id) => {
      await initialize(await this.postgres(), this.#folder(id, 'data'), this.#password());
      await copyCluster(this.#folder(id, 'data'), this.#folder(id, 'base'));
      return this.sql({ id }, 'postgres', now);
    });
  }

  /** A store that holds what `source` holds now, or held at `point`; `find` knows the stores that histories name. */
  async fork(source: Store, find: (id: string) => Store | undefined, point?: Point): Promise<Store> {
    if (point === undefined) return this.#made((id) => this.#forkNow(id, source));
    let holder = source;
    while (before(point, holder)) {
      const older = holder.from === undefined ? undefined : find(holder.from);
      if (older === undefined) throw new OutOfHistory('the requested point in time is before the beginning of the history');
      holder = older;
    }
    return this.#made((id) => this.#forkThen(id, holder, point));
  }

  async #forkNow(id: string, source: Store): Promise<Omit<Store, 'id'>> {
    const base = this.#folder(id, 'base');
    const start = await this.sql(source, 'postgres', async (client) => {
      await client.query(`SELECT pg_backup_start('branch', true)`);
      await copyCluster(this.#folder(source.id, 'data'), base, new Set(['pg_wal']));
      const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
      await this.#carryLog(source.id, base, rows[0]?.labelfile ?? '');
      return now(client);
    });
    await copyCluster(base, this.#folder(id, 'data'));
    return { ...start, from: source.id };
  }

  /** The part of the log that makes a copy of a living cluster whole. */
  async #carryLog(source: string, base: string, label: string): Promise<void> {
    await writeFile(join(base, 'backup_label'), label, { mode: 0o600 });
    const first = /\(file ([0-9A-F]{24})\)/.exec(label)?.[1];
    if (first === undefined) throw new Error('PostgreSQL gave no backup label.');
    const from = join(this.#folder(source, 'data'), 'pg_wal');
    await mkdir(join(base, 'pg_wal', 'archive_status'), { recursive: true, mode: 0o700 });
    for (const name of await readdir(from))
      if (name.endsWith('.history') || (/^[0-9A-F]{24}$/.test(name) && name >= first))
        await copyFile(join(from, name), join(base, 'pg_wal', name));
  }

  async #forkThen(id: string, holder: Store, point: Point): Promise<Omit<Store, 'id'>> {
    // Recovery stops at a change past the target: there has to be one, and it has to be on disk.
    const end = await this.sql(holder, 'postgres', async (client) => {
      for (const statement of ['SELECT txid_current()', 'SELECT pg_switch_wal()', 'SELECT txid_current()', 'SELECT pg_switch_wal()'])
        await client.query(statement);
      return now(client);
    });
    if (!before(point, { ...holder, ...end })) throw new OutOfHistory('the requested point in time is in the future');
    const data = this.#folder(id, 'data');
    await copyCluster(this.#folder(holder.id, 'base'), data);
    await writeFile(join(data, 'recovery.signal'), '', { mode: 0o600 });
    const server = await serve(await this.postgres(), data, this.#password(), {
      // The server's working directory is its `data`.
      restore_command: `cp ../../${holder.id}/data/pg_wal/%f %p`,
      recovery_target_action: 'promote',
      ...('lsn' in point
        ? { recovery_target_lsn: point.lsn }
        : { recovery_target_time: new Date(point.time).toISOString().replace('Z', '+00') }),
    });
    let start;
    try {
      start = await connected({ port: server.port, database: 'postgres', password: this.#password() }, now);
    } finally {
      await server.stop();
    }
    await copyCluster(data, this.#folder(id, 'base'));
    return { ...start, from: holder.id };
  }

  running(id: string): boolean {
    return this.#servers.has(id);
  }

  /** The port the store answers on; starts it where it sleeps. */
  async wake(id: string): Promise<number> {
    const running = this.#servers.get(id);
    if (running !== undefined) return (await running).port;
    const server = this.#start(id);
    this.#servers.set(id, server);
    const gone = (): void => {
      if (this.#servers.get(id) === server) this.#servers.delete(id);
    };
    server.then(({ over }) => over).then(gone, gone);
    return (await server).port;
  }

  async #start(id: string): Promise<Server> {
    await this.#ending.get(id);
    ensureCertificate(join(this.#root(), 'tls'));
    return serve(await this.postgres(), this.#folder(id, 'data'), this.#password(), TLS);
  }

  /** Ends the store's server and every connection to it. */
  async sleep(id: string, forgotten = false): Promise<void> {
    const server = this.#servers.get(id);
    if (server === undefined) return;
    this.#servers.delete(id);
    const end = server.then(({ stop }) => stop(forgotten));
    this.#ending.set(id, end);
    await end;
    if (this.#ending.get(id) === end) this.#ending.delete(id);
  }

  async sql<T>(store: { id: string }, database: string, work: (client: Client) => Promise<T>): Promise<T> {
    const port = await this.wake(store.id);
    return connected({ port, database, password: this.#password() }, work);
  }

  /** Removes what a sandbox that was killed had begun: every store but the `known`. */
  async tidy(known: ReadonlySet<string>): Promise<void> {
    if (!existsSync(this.#root())) return;
    for (const name of await readdir(this.#root())) if (/^[0-9a-f-]{36}$/.test(name) && !known.has(name)) await this.remove(name);
  }

  async remove(id: string): Promise<void> {
    await this.sleep(id, true);
    await rm(join(this.#root(), id), { recursive: true, force: true });
  }

  async close(forgotten: boolean): Promise<void> {
    await Promise.allSettled([...this.#servers.keys()].map((id) => this.sleep(id, forgotten)));
  }
}
