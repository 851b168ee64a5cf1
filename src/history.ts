import { join } from 'node:path';
import { isDcsError, type DcsError, type Environment } from 'dcs-sdk';
import type { AuditLog, History } from './engine/audit.ts';
import { gitLog, machineLog } from './engine/audit-file.ts';
import { sharedLog } from './engine/audit-shared.ts';
import { openStore } from './record.ts';
import type { Session } from './session.ts';

/** Beside dcs.lock, where git shares the record. */
export const HISTORY_FILE = 'dcs.history.jsonl';

/** The log that a sync of this environment writes to: where its record is. */
export async function logOf(session: Session, environment: Environment): Promise<AuditLog> {
  const kind = session.project.ledger(environment.name);
  if (kind === 'git') return gitLog(join(session.project.root, HISTORY_FILE));
  if (kind === 'doppler') return sharedLog(await openStore(session, environment));
  return machineLog({ stateDir: session.directories.stateDir, project: session.project.doppler.project });
}

export interface Told extends History {
  /** Logs that could not be read. */
  readonly failures: readonly { readonly title: string; readonly error: DcsError }[];
}

/** Everything that is told of the environments, oldest first; what one log cannot tell hides no other. */
export async function history(session: Session, environments: readonly string[]): Promise<Told> {
  const { project, directories } = session;
  const machine = machineLog({ stateDir: directories.stateDir, project: project.doppler.project });
  const kinds = new Set(environments.map((name) => project.ledger(name)));
  const opening: [string, () => AuditLog | Promise<AuditLog>][] = [
    ['this machine', () => machine],
    ...(kinds.has('git') ? [[HISTORY_FILE, () => gitLog(join(project.root, HISTORY_FILE))] as [string, () => AuditLog]] : []),
    ...environments
      .filter((name) => project.ledger(name) === 'doppler')
      .map((name): [string, () => Promise<AuditLog>] => [name, () => logOf(session, session.choose(true, name))]),
  ];
  const read = await Promise.all(
    opening.map(async ([title, open]): Promise<History | { title: string; error: DcsError }> => {
      try {
        return await (await open()).read();
      } catch (error) {
        if (!isDcsError(error)) throw error;
        return { title, error };
      }
    }),
  );
  const told = read.filter((each) => 'entries' in each);
  const logs = told.map(({ entries }) => entries).filter(({ length }) => length > 0);
  return {
    // One log has its order, whatever the clocks of its machines say; only between logs they decide.
    entries: logs.length > 1 ? logs.flat().toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)) : logs.flat(),
    broken: told.flatMap(({ broken }) => broken),
    failures: read.filter((each) => 'error' in each),
  };
}
