import { DcsError, isDcsError } from 'dcs-sdk';
import type { Client } from 'pg';
import type { Branch } from '../branches.ts';
import type { Connection } from '../connection.ts';
import { connect } from '../postgres.ts';
import { rowsOf, toolsIn, type Tool } from './adopt.ts';
import type { Migration } from './files.ts';
import { lock, recordOf } from './ledger.ts';
import { planOf, type Plan, type Wanted } from './plan.ts';
import { gone, refusalIn } from './refusals.ts';
import { carryOut, type Applied, type Limits } from './run.ts';

/** What is the same for every branch that a run is about. */
export interface Job extends Wanted {
  readonly files: readonly Migration[];
  readonly directory: string;
  /** Another tool's record to take over; `none`: leave it alone. */
  readonly adopt?: Tool | 'none';
  /** How long to wait for another migration, ms. */
  readonly patience: number;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  /** Version of dcs, for the record. */
  readonly by: string;
  readonly say: (line: string) => void;
}

/** A branch to migrate. */
export interface Stage {
  readonly branch: Branch;
  readonly connection: Connection;
}

/** What a branch lacks. Throws CONFLICT where its record and the files do not agree. */
export const look = (job: Job, { branch, connection }: Stage): Promise<Plan> =>
  locked(job, connection, (client) => planned(job, client, branch.name));

/** What a database lacks, for who only looks: it waits for nobody. */
export async function pendingOn(
  connection: Connection,
  files: readonly Migration[],
  branch: Branch,
  signal: AbortSignal,
): Promise<Migration[]> {
  const limits = { lock: 0, statement: 0 };
  const job: Job = { files, directory: '', repair: false, patience: 0, limits, signal, by: '', say: () => undefined };
  return (await look(job, { branch, connection })).pending.map(({ migration }) => migration);
}

/** Does what was agreed to, unless somebody was faster; what somebody did meanwhile is left out. */
export async function migrate(job: Job, { branch, connection }: Stage, agreed: Plan, applied: Applied[]): Promise<void> {
  await locked(job, connection, async (client) => {
    const now = await planned(job, client, branch.name);
    if (!within(now, agreed))
      throw new DcsError('CONFLICT', `The record of branch ${branch.name} is another one than when this was planned.`, {
        why: 'Nothing was written.',
        hint: 'the same command again',
      });
    const said = (done: Applied): void => {
      applied.push(done);
      job.say(`  ✓ ${done.file}  ${done.ms} ms`);
    };
    await carryOut({ ...job, client, said }, now);
  });
}

function within(now: Plan, agreed: Plan): boolean {
  const files = new Set(agreed.pending.map(({ migration }) => migration.file));
  const rows = new Set([...agreed.adopted, ...agreed.repaired].map(({ version }) => version));
  return (
    now.pending.every(({ migration }) => files.has(migration.file)) &&
    [...now.adopted, ...now.repaired].every(({ version }) => rows.has(version))
  );
}

/** On the direct host: a pooler would give each statement another session, and the lock to none of them. */
async function locked<T>(job: Job, connection: Connection, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect(connection, 'direct', 'dcs neon migrate');
  const stop = (): void => void client.end();
  job.signal.addEventListener('abort', stop, { once: true });
  try {
    await lock(client, job.patience, job.signal, job.say);
    return await work(client);
  } catch (error) {
    throw isDcsError(error) ? error : ofRecord(error, job.signal);
  } finally {
    job.signal.removeEventListener('abort', stop);
    await client.end();
  }
}

/** What went wrong between the files. */
function ofRecord(error: unknown, signal: AbortSignal): unknown {
  const why = 'It happened at the record of migrations, between two files.';
  if (signal.aborted) return new DcsError('INTERRUPTED', 'Interrupted.', { why });
  const refusal = refusalIn(error);
  if (refusal) return new DcsError('TARGET', `PostgreSQL refused dcs its record (${refusal.code}).`, { why, vendorCode: refusal.code });
  return gone(error) ? new DcsError('NETWORK', 'The connection to PostgreSQL ended.', { why, hint: 'the same command again' }) : error;
}

async function planned(job: Job, client: Client, branch: string): Promise<Plan> {
  const { files, directory, adopt } = job;
  const record = (await recordOf(client)) ?? [];
  if (adopt === undefined && record.length === 0) refuseOthers(await toolsIn(client), branch);
  const adopted = adopt === undefined || adopt === 'none' ? [] : await rowsOf(client, adopt, files, directory, record);
  const plan = planOf(files, record, adopted, job);
  const [first, ...others] = plan.findings;
  if (first === undefined) return plan;
  const mends = plan.findings.every(({ kind }) => kind !== 'late');
  throw new DcsError('CONFLICT', `${first.text}.`, {
    why: `${others.map(({ text }) => `${text}. `).join('')}So says the record of branch ${branch}. Nothing was written.`,
    hint: mends ? [HOW[first.kind], '--repair     to record the files as they are'] : HOW[first.kind],
  });
}

const HOW = {
  edited: 'take the edit back, and write a new migration',
  missing: 'bring the file back',
  stopped: '--repair     to go on at that line',
  late: 'rename the file',
} as const;

/** Whatever they have applied would be run again. */
function refuseOthers(tools: readonly Tool[], branch: string): void {
  if (tools.length === 0) return;
  throw new DcsError('CONFLICT', `${tools.join(' and ')} has migrated branch ${branch} before.`, {
    why: 'dcs has no record of it, and would run everything again. Nothing was written.',
    hint: [...tools.map((tool) => `--adopt ${tool}     its record becomes ours`), '--adopt none     start with the first file'],
  });
}
