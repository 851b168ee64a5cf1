import { DcsError } from 'dcs-sdk';
import type { Client } from 'pg';
import { createRecord, enter } from './ledger.ts';
import type { Pending, Plan } from './plan.ts';
import { gone, refusalIn, refused, type Refusal } from './refusals.ts';

export interface Limits {
  /** How long a statement waits for a lock of another session, ms; 0 without end. */
  readonly lock: number;
  /** How long a statement runs, ms; 0 without end. */
  readonly statement: number;
}

/** So long after dcs is gone a statement still runs. */
const NOTICED_AFTER = '2s';

/** Before each file: what the last one has set ends with it. */
const FRESH = 'RESET ROLE; RESET ALL';
const settings = ({ lock, statement }: Limits): string =>
  `${FRESH}; SET lock_timeout = ${lock}; SET statement_timeout = ${statement}; SET client_connection_check_interval = '${NOTICED_AFTER}'`;

export interface Applied {
  readonly version: string;
  readonly file: string;
  readonly statements: number;
  readonly ms: number;
}

export interface Run {
  readonly client: Client;
  readonly signal: AbortSignal;
  readonly limits: Limits;
  /** Version of dcs, for the record. */
  readonly by: string;
  said(applied: Applied): void;
}

/** Carries out a plan under the lock: one transaction for what other records and repairs bring, one for each file. */
export async function carryOut(run: Run, { adopted, repaired, pending }: Plan): Promise<void> {
  const { client, by } = run;
  await client.query(settings(run.limits));
  await createRecord(client);
  await client.query('BEGIN');
  for (const row of [...adopted, ...repaired]) await enter(client, { ...row, by });
  await client.query('COMMIT');
  for (const each of pending) {
    if (run.signal.aborted) throw new DcsError('INTERRUPTED', 'Interrupted.', { why: `${each.migration.path} was not begun.` });
    const began = performance.now();
    await client.query(settings(run.limits));
    await (each.migration.transaction ? inTransaction(run, each, began) : oneByOne(run, each, began));
    const { version, file, statements } = each.migration;
    run.said({ version, file, statements: statements.length - each.done, ms: Math.round(performance.now() - began) });
  }
}

async function inTransaction(run: Run, { migration }: Pending, began: number): Promise<void> {
  const { client, by } = run;
  const { path, version, file, checksum } = migration;
  const lost = `${path} was rolled back.`;
  await client.query('BEGIN');
  for (const statement of migration.statements)
    await execute(run, statement.sql, { lost, refused: (refusal) => refused(refusal, migration, statement, lost) });
  const last = migration.statements.at(-1) ?? { sql: '', line: 1, column: 1, words: [] };
  const atEnd = (refusal: Refusal): DcsError => refused(refusal, migration, last, lost);
  // What was put off to the end of the transaction shall fail here, where the file can be named.
  await execute(run, `SET CONSTRAINTS ALL IMMEDIATE; ${FRESH}`, { lost, refused: atEnd });
  await enter(client, { version, file, checksum, statements: null, ms: performance.now() - began, by });
  await execute(run, 'COMMIT', { lost: `${path} is applied whole or not at all: the next run looks.`, refused: atEnd });
}

/** What is done is written down after each statement: whoever comes next knows where it stopped. */
async function oneByOne(run: Run, { migration, done }: Pending, began: number): Promise<void> {
  const { client, by } = run;
  const { path, version, file, checksum } = migration;
  const note = (statements: number | null) => enter(client, { version, file, checksum, statements, ms: performance.now() - began, by });
  await note(done);
  for (const [index, statement] of migration.statements.entries()) {
    if (index < done) continue;
    const kept = `It runs outside a transaction: what stands before line ${statement.line} is done, and the record says so.`;
    await execute(run, statement.sql, {
      lost: `${path} stopped. ${kept}`,
      refused: (refusal) => refused(refusal, migration, statement, kept),
    });
    await client.query('RESET ROLE');
    await note(index + 1);
  }
  await note(null);
}

interface Told {
  /** What is left behind where PostgreSQL gave no answer. */
  readonly lost: string;
  refused(refusal: Refusal): DcsError;
}

async function execute({ client, signal }: Run, sql: string, told: Told): Promise<void> {
  try {
    await client.query(sql);
  } catch (error) {
    const refusal = refusalIn(error);
    if (refusal) throw told.refused(refusal);
    if (signal.aborted) throw new DcsError('INTERRUPTED', 'Interrupted.', { why: told.lost });
    if (!gone(error)) throw error;
    throw new DcsError('NETWORK', 'The connection to PostgreSQL ended.', {
      why: told.lost,
      applied: 'unknown',
      hint: 'the same command again',
    });
  }
}
