import { basename } from 'node:path';
import { gitHead } from '../config/git.ts';
import { askGit } from '../git-process.ts';
import type { Session } from '../session.ts';
import { attempt, ok, warning, type DoctorFinding } from './finding.ts';

/** What chooses the environment, and whether everybody has the same dcs.yaml. */
export function checkRepository(session: Session): Promise<readonly DoctorFinding[]> {
  return attempt('git', async () => {
    const head = gitHead(session.project.root);
    if (head === undefined) return ok('git', 'no repository: no branch chooses the environment');
    return [branch(session, head), ...(await tracked(session))];
  });
}

function branch({ ci }: Session, head: NonNullable<ReturnType<typeof gitHead>>): DoctorFinding {
  if (ci) return ok('git', ci.branch === undefined ? `${ci.name} builds no branch` : `${ci.name} builds branch ${ci.branch}`);
  if (typeof head === 'object') return ok('git', `branch ${head.branch}`);
  const what = head === 'detached' ? 'HEAD is detached' : 'HEAD cannot be read';
  return warning('git', `${what}: no branch chooses the environment`, ['git switch BRANCH', 'dcs COMMAND -e NAME']);
}

async function tracked({ project: { file }, env }: Session): Promise<readonly DoctorFinding[]> {
  if (file === undefined) return [];
  const name = basename(file);
  const code = await askGit(file, env, ['--literal-pathspecs', 'ls-files', '--error-unmatch']);
  if (code === 0) return [];
  if (code === 1) return [warning('git', `${name} is not tracked: nobody else has it`, [`git add ${file}`])];
  return [warning('git', `git cannot tell whether it tracks ${name}`, ['git status     says why'])];
}
