import { setTimeout as wait } from 'node:timers/promises';
import { DcsError } from 'dcs-sdk';
import type { Client } from 'pg';
import type { Row } from './plan.ts';

const TABLE = 'dcs.schema_migrations';
/** `dcsmig`: one lock a database, PostgreSQL keeps them apart by database. */
const LOCK = BigInt(0x64_63_73_6d_69_67);
const AGAIN_MS = 250;

/** What is recorded as applied; undefined: there is no record yet. */
export async function recordOf(client: Client): Promise<Row[] | undefined> {
  if (!(await exists(client, TABLE))) return undefined;
  return (await client.query<Row>(`SELECT version, file, checksum, statements FROM ${TABLE}`)).rows;
}

export async function exists(client: Client, table: string): Promise<boolean> {
  return (await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [table])).rows[0]!.there;
}

/** Under the lock only: two that create it at once would stand in each other's way. */
export async function createRecord(client: Client): Promise<void> {
  await client.query(`
    CREATE SCHEMA IF NOT EXISTS dcs;
    CREATE TABLE IF NOT EXISTS ${TABLE} (
      version text PRIMARY KEY,
      file text NOT NULL,
      checksum text,
      statements integer,
      applied_at timestamptz NOT NULL DEFAULT now(),
      applied_by text NOT NULL DEFAULT session_user,
      duration_ms integer,
      dcs_version text NOT NULL
    );
    COMMENT ON COLUMN ${TABLE}.checksum IS 'SHA-256 of the file; null: not compared';
    COMMENT ON COLUMN ${TABLE}.statements IS 'how many are done, of a file without a transaction that is not finished';`);
}

export interface Entry extends Row {
  readonly ms?: number;
  readonly by: string;
}

export async function enter(client: Client, { version, file, checksum, statements, ms, by }: Entry): Promise<void> {
  await client.query(
    `INSERT INTO ${TABLE} (version, file, checksum, statements, duration_ms, dcs_version) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (version) DO UPDATE SET file = $2, checksum = $3, statements = $4, duration_ms = coalesce($5, ${TABLE}.duration_ms)`,
    [version, file, checksum, statements, ms === undefined ? null : Math.round(ms), by],
  );
}

/**
 * The lock ends with the session, so it cannot outlive who died. Asked for again and again: whoever waits inside PostgreSQL would hold
 * up CREATE INDEX CONCURRENTLY of the one that works, and both would stand still.
 */
export async function lock(client: Client, patience: number, signal: AbortSignal, say: (line: string) => void): Promise<void> {
  const end = Date.now() + patience;
  for (let told = false; ; told = true) {
    const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [LOCK]);
    if (rows[0]!.mine) return;
    if (Date.now() >= end) throw taken(patience, await holder(client));
    if (!told) say(`waiting for another migration, at most ${patience / 1000} s: ${await holder(client)}`);
    await wait(AGAIN_MS, undefined, { signal }).catch((error: unknown) => {
      throw signal.aborted ? new DcsError('INTERRUPTED', 'Interrupted.', { why: 'Nothing was written.' }) : error;
    });
  }
}

async function holder(client: Client): Promise<string> {
  const { rows } = await client.query<{ pid: number; seconds: number }>(
    `SELECT pid, extract(epoch FROM now() - backend_start)::int AS seconds FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND objsubid = 1 AND classid = $1 AND objid = $2 AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [LOCK >> 32n, LOCK & 0xff_ff_ff_ffn],
  );
  const [found] = rows;
  return found ? `session ${found.pid}, for ${found.seconds} s` : 'it has just ended';
}

const taken = (patience: number, who: string): DcsError =>
  new DcsError('CONFLICT', `Another migration of this database is at work (${who}).`, {
    why: `dcs waited ${patience / 1000} s. Nothing was written.`,
    hint: '--wait 10m',
  });
