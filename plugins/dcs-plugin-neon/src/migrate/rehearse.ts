import { randomBytes } from 'node:crypto';
import { DcsError, isDcsError, path } from 'dcs-sdk';
import { optionalText } from '../api.ts';
import { branchesOf } from '../branches.ts';
import { connectionOf } from '../connection.ts';
import { createBranch } from '../create-branch.ts';
import { finished, type Neon } from '../operations.ts';
import type { Plan } from './plan.ts';
import { migrate, type Job, type Stage } from './stage.ts';

/** Should even the deletion fail, Neon does it. */
const LIVES_MS = 3_600_000;

export interface Rehearsal {
  readonly neon: Neon;
  /** For what has to be done after Ctrl-C, too. */
  readonly after: Neon;
  readonly project: string;
}

/** Runs the plan on a branch of the same data, which is gone afterwards. Returns how Neon says that the schemas differ. */
export async function rehearse({ neon, after, project }: Rehearsal, job: Job, { branch, connection }: Stage, plan: Plan): Promise<string> {
  const name = `dcs-rehearsal-${randomBytes(4).toString('hex')}`;
  const expires = new Date(Date.now() + LIVES_MS).toISOString().replace(/\.\d+Z$/, 'Z');
  const { database, role } = connection;
  job.say(`  rehearsing on ${name}, a branch of ${branch.name}`);
  try {
    const { branch: copy } = await createBranch(neon, project, { name, parent: branch, expires });
    await migrate(job, { branch: copy, connection: await connectionOf(neon.api, project, copy, { database, role }) }, plan, []);
    const answer = await neon.api({
      method: 'GET',
      path: path`/projects/${project}/branches/${copy.id}/compare_schema`,
      query: { base_branch_id: branch.id, db_name: database },
      subject: `the schema of branch ${name}`,
    });
    return optionalText(answer, 'diff') ?? '';
  } catch (error) {
    if (!isDcsError(error)) throw error;
    const { why, ...details } = error.details;
    throw new DcsError(error.code, `In the rehearsal: ${error.message}`, {
      ...details,
      applied: 'no',
      why: `${why === undefined ? '' : `${why} `}Branch ${branch.name} was not touched.`,
    });
  } finally {
    await remove(after, project, name, job, expires);
  }
}

/** By name: who knows whether a request that failed made it. */
async function remove(neon: Neon, project: string, name: string, job: Job, expires: string): Promise<void> {
  try {
    const copy = (await branchesOf(neon.api, project)).find((branch) => branch.name === name);
    if (copy === undefined) return;
    const subject = `branch ${name}`;
    const where = path`/projects/${project}/branches/${copy.id}`;
    const answer = await neon.api({ method: 'DELETE', path: where, subject, idempotent: true });
    if (answer['operations'] !== undefined) await finished(neon, project, answer, subject);
  } catch (error) {
    if (!isDcsError(error)) throw error;
    job.say(`! ${name} could not be deleted; Neon does it at ${expires}: dcs neon branch delete ${name}`);
  }
}
