import { DcsError, path, type Environment, type MadeConfig } from 'dcs-sdk';
import { loose, type Scope } from './branch-command.ts';
import type { Branch } from './branches.ts';
import { connectionOf, type Connection } from './connection.ts';
import { addEndpoint, createBranch, renewPassword, withEndpoint } from './create-branch.ts';
import { finished } from './operations.ts';
import { sharesPassword } from './point.ts';

/** What is made for one pull request: a branch of Neon and a branch config of Doppler, whose mark names the branch. */
export interface Preview {
  /** `pr-42`: the config is `dev_pr-42`. */
  readonly name: string;
  readonly branch: string;
  readonly mark: string;
}

export const PREFIX = 'pr-';

/** Doppler takes 60 characters for a config: https://docs.doppler.com/docs/branch-configs (last verified 2026-11-21). */
export function previewOf(word: string, project: string): Preview {
  if (!/^[a-z0-9][a-z0-9-]{0,29}$/.test(word))
    throw new DcsError('USAGE', `"${word}" is no name of a preview.`, { hint: '42, or a-z, 0-9 and -, 30 at most' });
  const name = `${PREFIX}${word}`;
  const branch = `preview/${name}`;
  return { name, branch, mark: markOf(project, branch) };
}

const markOf = (project: string, branch: string): string => `neon ${project} ${branch}`;

/** The branch of this project that a config was made for. */
export function branchOfMark(mark: string, project: string): string | undefined {
  const before = markOf(project, '');
  return mark.startsWith(before) ? mark.slice(before.length) : undefined;
}

export function mustBeLoose({ name, protected: guarded, branchOf }: Environment): void {
  if (!guarded && branchOf === undefined) return;
  throw new DcsError('REFUSED', `A preview belongs to no ${guarded ? 'protected environment' : 'branch config'}, and ${name} is one.`, {
    why: 'Nothing was written.',
    hint: 'dcs neon preview open 42 -e dev --parent main     the data of main, the other secrets of dev',
  });
}

/** The config that dcs made for it, if it did. */
export async function madeFor({ host, environment }: Scope, { name, mark }: Preview): Promise<MadeConfig | undefined> {
  const found = (await host.madeConfigs.list(environment, name)).get(`${environment.doppler.config}_${name}`);
  return found?.mark === mark ? found : undefined;
}

/** The branch with a compute and a password of its own, until `expires`. What an earlier run made of it stays. */
export async function raise(scope: Scope, { branch: name }: Preview, parent: Branch, expires: string): Promise<Connection> {
  const { neon, project, branches, options } = scope;
  const found = branches.find((each) => each.name === name);
  const branch = found ?? (await createBranch(neon, project, { name, parent, expires })).branch;
  if (found) {
    const where = path`/projects/${project}/branches/${branch.id}`;
    const body = { branch: { expires_at: expires } };
    await neon.api({ method: 'PATCH', path: where, body, subject: `branch ${name}`, idempotent: true });
    if (!(await withEndpoint(neon, project)).has(branch.id)) await addEndpoint(neon, project, branch);
  }
  const connection = await connectionOf(neon.api, project, branch, options);
  if (!(await sharesPassword(neon, project, branches, branch, connection.role))) return connection;
  return { ...connection, password: await renewPassword(neon, project, branch, connection.role) };
}

/** False: it is gone already. */
export async function removeBranch(scope: Scope, name: string): Promise<boolean> {
  const { neon, project, branches } = scope;
  if (!branches.some((each) => each.name === name)) return false;
  const branch = loose(scope, name, 'deleted');
  const subject = `branch ${name}`;
  const answer = await neon.api({ method: 'DELETE', path: path`/projects/${project}/branches/${branch.id}`, subject, idempotent: true });
  if (answer['operations'] !== undefined) await finished(neon, project, answer, subject);
  return true;
}
