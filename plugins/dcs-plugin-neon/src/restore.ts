import { path } from 'dcs-sdk';
import type { Fields } from './api.ts';
import type { Scope } from './branch-command.ts';
import type { Branch } from './branches.ts';
import { chooseDatabase } from './connection.ts';
import { renewPassword } from './create-branch.ts';
import { finished } from './operations.ts';
import { sharesPassword } from './point.ts';

/** Gives a branch the data of another one, or of its own past. It keeps its own password, or gets one. */
export async function restore({ neon, project, branches, options }: Scope, branch: Branch, body: Fields): Promise<void> {
  const subject = `branch ${branch.name}`;
  const answer = await neon.api({ method: 'POST', path: path`/projects/${project}/branches/${branch.id}/restore`, body, subject });
  await finished(neon, project, answer, subject);
  const { role } = await chooseDatabase(neon.api, project, branch, options);
  if (await sharesPassword(neon, project, branches, branch, role)) await renewPassword(neon, project, branch, role);
}

/** Whoever connects to it may need new values now. */
export const nextFor = (entry: string, environments: readonly string[]): string[] =>
  environments.map((environment) => `Next  dcs sync ${entry} -e ${environment}`);
