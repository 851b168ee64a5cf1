import type { DcsRun, Host, Trigger } from 'dcs-sdk';
import type { Row } from '../documents.ts';
import { looked, synced } from './said.ts';
import type { Environment, Project } from './report.ts';

/** One child of dcs, ms. Its own requests give up long before. */
export const PATIENCE = 30 * 60_000;

export interface Scope {
  readonly environment?: string;
  readonly signal: AbortSignal;
}

/**
 * Looks at every environment of one dcs.yaml, or of all members of a workspace in one process, which share what an account may be asked
 * in a minute. Then writes where a trigger of type schedule says so and something is to do, and looks again.
 */
export async function reconcile(host: Host, { environment: only, signal }: Scope): Promise<Project> {
  const members = await host.members();
  const all = members === undefined ? [] : ['--all'];
  const dcs = (...words: string[]): Promise<DcsRun> => host.dcs([...words, ...all], { signal, timeout: PATIENCE });
  const rows = looked(await dcs('status', ...(only === undefined ? [] : ['-e', only])));
  if ('code' in rows) return { project: host.root, environments: [], failed: [rows] };
  const environments: Environment[] = [];
  for (const [environment, mine] of Map.groupBy(rows, (row) => row.environment)) {
    const covers = coveredBy(host.triggers('schedule'), members, environment);
    const scheduled = mine.some(({ target }) => covers(target));
    const before = found(environment, mine, scheduled);
    if (!mine.some(({ target, state }) => state !== 'in sync' && covers(target))) {
      environments.push(before);
      continue;
    }
    // One environment after another: an account's budget is for all of them.
    const run = await dcs('sync', '-e', environment, '--trigger', 'schedule');
    const again = looked(await dcs('status', '-e', environment));
    const after = found(environment, 'code' in again ? mine : again, scheduled);
    environments.push({ ...settled(after, synced(run), covers), drifted: before.drifted });
  }
  return { project: host.root, environments, failed: [] };
}

type Covers = (target: string) => boolean;

/** Whether a sync of the environment is about the target, named as `dcs status` names it. */
function coveredBy(own: readonly Trigger[], members: Awaited<ReturnType<Host['members']>>, environment: string): Covers {
  const named = (triggers: readonly Trigger[], target: string): boolean =>
    triggers.some((each) => each.type === 'schedule' && each.environment === environment && (each.targets?.includes(target) ?? true));
  if (members === undefined) return (target) => named(own, target);
  const triggers = new Map(members.map((member) => [member.name, member.triggers]));
  return (word) => {
    const slash = word.lastIndexOf('/');
    return named(triggers.get(slash < 0 ? '.' : word.slice(0, slash)) ?? [], word.slice(slash + 1));
  };
}

/** As it is, with nothing written. */
function found(environment: string, rows: readonly Row[], scheduled: boolean): Environment {
  return {
    environment,
    scheduled,
    inSync: rows.filter(({ state }) => state === 'in sync').map(({ target }) => target),
    written: [],
    drifted: rows.filter(({ state }) => state === 'drifted').map(({ target, drifted: names }) => ({ target, names })),
    left: rows
      .filter(({ state, error }) => error === undefined && state !== 'in sync')
      .map(({ target, state, behind, drifted, unclear }) => ({ target, state, names: [...drifted, ...behind, ...unclear] })),
    failed: rows.flatMap(({ target, error }) => (error === undefined ? [] : [{ target, code: error.code, message: error.message }])),
  };
}

/**
 * The sync verified what it wrote, so a target is fine if either of the two says so: a sync that failed and a look that found it in
 * sync, or a sync that did its part and a look that failed.
 */
function settled(after: Environment, { written, failed }: Pick<Environment, 'written' | 'failed'>, covers: Covers): Environment {
  const open = new Set([...after.left, ...after.failed].map(({ target }) => target));
  const whole = failed.filter(({ target }) => target === null);
  const refused = failed.filter(({ target }) => target !== null && open.has(target));
  const told = new Set(refused.map(({ target }) => target));
  const verified = (target: string | null): target is string =>
    target !== null && whole.length === 0 && !told.has(target) && covers(target);
  return {
    ...after,
    written,
    inSync: [...after.inSync, ...after.failed.map(({ target }) => target).filter(verified)],
    left: after.left.filter(({ target }) => !told.has(target)),
    failed: [...whole, ...refused, ...after.failed.filter(({ target }) => !told.has(target) && !verified(target))],
  };
}
