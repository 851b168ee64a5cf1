import { DcsError } from 'dcs-sdk';
import type { Connection } from '../connection.ts';
import { connect } from '../postgres.ts';
import { ranBy, type Tool } from './adopt.ts';
import { compare, type Migration } from './files.ts';
import { begun, conflictsOf, done, makeLedger, pendingOf, readLedger, refuseConflicts, repair } from './ledger.ts';
import { runMigration, takeTurn, type Limits } from './run.ts';

/** What is to run, and how. */
export interface Work {
  readonly files: readonly Migration[];
  /** The last version to run. Default: all. */
  readonly to?: string;
  readonly limits: Limits;
  /** Version of dcs, for the ledger. */
  readonly dcs: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface Ran {
  readonly file: string;
  readonly ms: number;
}

/** Opens the branch directly: session locks and settings do not survive a pooler. */
async function session<T>(connection: Connection, use: (client: Awaited<ReturnType<typeof connect>>) => Promise<T>): Promise<T> {
  const client = await connect(connection, 'direct', 'dcs neon migrate');
  try {
    return await use(client);
  } finally {
    await client.end().catch(() => undefined); // the session may have broken; what it did is told by then
  }
}

/** Which files a branch lacks. Throws where ledger and files disagree. Writes nothing. */
export async function pendingOn(connection: Connection, { files, to }: Pick<Work, 'files' | 'to'>): Promise<Migration[]> {
  return session(connection, async (client) => {
    const applied = await readLedger(client);
    refuseConflicts(conflictsOf(files, applied));
    return upTo(pendingOf(files, applied), files, to);
  });
}

/** Runs what the branch lacks, one file after the other, under the lock. */
export async function migrate(connection: Connection, work: Work): Promise<Ran[]> {
  const { files, to, limits, dcs, signal, say } = work;
  return session(connection, async (client) => {
    await takeTurn(client, limits, signal, say);
    await makeLedger(client);
    const applied = await readLedger(client);
    refuseConflicts(conflictsOf(files, applied));
    const ran: Ran[] = [];
    for (const migration of upTo(pendingOf(files, applied), files, to)) {
      if (signal.aborted)
        throw new DcsError('INTERRUPTED', 'Interrupted.', { why: `${ran.length} files ran, none in part.`, hint: 'dcs neon migrate' });
      const ms = await runMigration(client, migration, limits, dcs);
      ran.push({ file: migration.file, ms });
      say(`✓ ${migration.file}  ${ms} ms`);
    }
    return ran;
  });
}

/** What the ledger and the folder disagree about. Writes nothing. */
export const disagreements = (connection: Connection, files: readonly Migration[]): Promise<string[]> =>
  session(connection, async (client) => conflictsOf(files, await readLedger(client)));

export async function repairLedger(connection: Connection, { files, limits, signal, say }: Work): Promise<void> {
  await session(connection, async (client) => {
    await takeTurn(client, limits, signal, say);
    await makeLedger(client);
    await repair(client, files, await readLedger(client));
  });
}

/** Writes into the ledger what another tool ran; runs nothing. */
export async function adopt(connection: Connection, tool: Tool, { files, limits, dcs, signal, say }: Work): Promise<readonly string[]> {
  return session(connection, async (client) => {
    await takeTurn(client, limits, signal, say);
    const known = await ranBy(client, tool, files);
    await makeLedger(client);
    const there = new Set((await readLedger(client)).map(({ version }) => version));
    const fresh = known.filter(({ version }) => !there.has(version));
    await client.query('begin');
    for (const migration of fresh) {
      await begun(client, migration, dcs);
      await done(client, migration, 0);
    }
    await client.query('commit');
    return fresh.map(({ file }) => file);
  });
}

function upTo(pending: readonly Migration[], files: readonly Migration[], to: string | undefined): Migration[] {
  if (to === undefined) return [...pending];
  const version = /^\d+/.exec(to)?.[0];
  if (version === undefined || !files.some((file) => compare(file.version, version) === 0))
    throw new DcsError('USAGE', `There is no migration ${to}.`, { hint: `the last one is ${files.at(-1)?.file ?? 'none'}` });
  return pending.filter((each) => compare(each.version, version) <= 0);
}
