import { DcsError, isDcsError, type Environment, type Host, type ProjectSource } from 'dcs-sdk';
import { pickBranch, type Branch } from './branches.ts';
import { connectionOf, connectionString, type Connection } from './connection.ts';
import type { Migration } from './migrate/files.ts';
import { pendingOn } from './migrate/stage.ts';
import type { Neon } from './operations.ts';
import type { NeonOptions } from './options.ts';

/** How one environment's database stands. What cannot be known says why. */
export interface Standing {
  readonly environment: string;
  readonly branch: string;
  readonly bytes: number | null;
  readonly expires: string | null;
  /** Doppler holds the very connection string of the branch. */
  readonly doppler: boolean | DcsError;
  /** Files that did not run there; null: no folder of migrations. */
  readonly pending: readonly string[] | DcsError | null;
}

/** Looks at a branch from both ends: what Doppler points at, and what the database lacks. Writes nothing. */
export async function standingOf(
  { host, neon, branches, files }: { host: Host; neon: Neon; branches: readonly Branch[]; files: readonly Migration[] | undefined },
  options: NeonOptions,
  environment: Environment,
): Promise<Standing> {
  const branch = pickBranch(branches, options.branch, options.project_id);
  const connection = await known(connectionOf(neon.api, options.project_id, branch, options));
  const [doppler, pending] = await Promise.all([
    isDcsError(connection) ? connection : known(pointsAt(host, environment, connection)),
    files === undefined ? null : isDcsError(connection) ? connection : known(pendingOn(connection, files, branch, neon.signal)),
  ]);
  return {
    environment: environment.name,
    branch: branch.name,
    bytes: branch.size ?? null,
    expires: branch.expires ?? null,
    doppler,
    pending: pending === null || isDcsError(pending) ? pending : pending.map(({ file }) => file),
  };
}

/** By value: the names may be others in Doppler. */
async function pointsAt(host: Host, environment: Environment, connection: Connection): Promise<boolean> {
  const read = await (await host.doppler(environment)).source.read();
  const urls = new Set((['pooled', 'direct'] as const).map((through) => connectionString(connection, through).reveal()));
  return [...(read?.secrets.values() ?? [])].some((held) => held.state === 'value' && urls.has(held.secret.reveal()));
}

async function known<T>(asking: Promise<T>): Promise<T | DcsError> {
  try {
    return await asking;
  } catch (error) {
    if (isDcsError(error)) return error;
    throw error;
  }
}

export const fills = (entry: ProjectSource, { name, branchOf = name }: Environment): boolean => entry.environments.includes(branchOf);
