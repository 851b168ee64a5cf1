import { setTimeout as wait } from 'node:timers/promises';
import { DcsError, isDcsError } from 'dcs-sdk';
import type { Client } from 'pg';
import { stateOf } from '../postgres.ts';
import type { Migration } from './files.ts';
import { begun, done } from './ledger.ts';
import { lineAt } from './statements.ts';

/** One of PostgreSQL's advisory locks, dcs's own: who holds it migrates. It ends with the session, also after kill -9. */
const LOCK = 7_316_204_985_117_204n;

export interface Limits {
  /** How long to wait for another migrator, ms. */
  readonly wait: number;
  /** How long one statement waits for a lock of the database, ms; 0 without end. */
  readonly lock: number;
  /** How long one statement runs, ms; 0 without end. */
  readonly statement: number;
}

/** Waits for its turn: two migrators never run at once on one branch. */
export async function takeTurn(client: Client, { wait: limit }: Limits, signal: AbortSignal, say: (line: string) => void): Promise<void> {
  const end = Date.now() + limit;
  for (let told = false; ; told = true) {
    const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [String(LOCK)]);
    if (rows[0]?.mine === true) return;
    if (Date.now() >= end)
      throw new DcsError('CONFLICT', 'Another migration runs on this branch.', {
        why: `It did not end within ${limit / 1000} s. Nothing was written.`,
        hint: ['the same command again', '--wait 10m'],
      });
    if (!told) say('! another migration runs on this branch: waiting for it');
    await wait(250, undefined, { signal }).catch((error: unknown) => {
      throw signal.aborted ? new DcsError('INTERRUPTED', 'Interrupted.', { why: 'Nothing was written.' }) : error;
    });
  }
}

/** Runs one file: wholly or not at all, unless it says that it cannot. */
export async function runMigration(client: Client, migration: Migration, limits: Limits, dcs: string): Promise<number> {
  const started = performance.now();
  const elapsed = (): number => Math.round(performance.now() - started);
  if (!migration.transaction) {
    await timeouts(client, limits, 'session');
    await begun(client, migration, dcs);
    await statements(client, migration);
    await done(client, migration, elapsed());
    return elapsed();
  }
  await client.query('begin');
  try {
    await timeouts(client, limits, 'local');
    await statements(client, migration);
    await begun(client, migration, dcs);
    await done(client, migration, elapsed());
  } catch (error) {
    await client.query('rollback').catch(() => undefined); // of a session that is gone PostgreSQL takes everything back itself
    throw error;
  }
  await commit(client, migration);
  return elapsed();
}

async function timeouts(client: Client, { lock, statement }: Limits, scope: 'local' | 'session'): Promise<void> {
  const local = scope === 'local';
  await client.query("select set_config('lock_timeout', $1, $3), set_config('statement_timeout', $2, $3)", [
    `${lock}ms`,
    `${statement}ms`,
    local,
  ]);
}

async function statements(client: Client, migration: Migration): Promise<void> {
  for (const statement of migration.statements) {
    try {
      await client.query(statement.text);
    } catch (error) {
      throw failed(error, migration, statement.offset);
    }
  }
}

async function commit(client: Client, migration: Migration): Promise<void> {
  try {
    await client.query('commit');
  } catch (error) {
    // A constraint that is checked last refuses here; without a word from PostgreSQL nobody knows.
    if (stateOf(error) !== undefined && /^[0-9A-Z]{5}$/.test(stateOf(error)!)) throw failed(error, migration, 0);
    throw new DcsError('NETWORK', `${migration.file}: the connection broke while it was committed.`, {
      why: 'It is applied wholly or not at all; the ledger knows.',
      hint: 'the same command again: it does only what is left',
      applied: 'unknown',
    });
  }
}

/** What PostgreSQL says of names and syntax is told; what it says of rows may hold their content. */
function failed(error: unknown, { file, sql, transaction }: Migration, offset: number): unknown {
  if (isDcsError(error)) return error;
  const { position, message } = error as { position?: string; message?: string };
  const state = stateOf(error);
  const line = lineAt(sql, offset + (position === undefined ? 0 : Number(position) - 1));
  const said =
    state?.startsWith('42') === true && message !== undefined
      ? `${message}. `
      : state === '55P03'
        ? 'Another session holds a lock that it needs. '
        : '';
  return new DcsError('TARGET', `${file}:${line} failed (SQLSTATE ${state ?? 'unknown'}).`, {
    why: `${said}${transaction ? 'Nothing of this file was applied; the files before it stay.' : 'It runs outside of a transaction: what stands before this line was applied.'}`,
    ...(state === undefined ? {} : { vendorCode: state }),
    hint: transaction ? 'mend the file, then the same command again' : 'look at what it left, then dcs neon migrate --repair',
    ...(transaction ? {} : { applied: 'unknown' as const }),
  });
}
