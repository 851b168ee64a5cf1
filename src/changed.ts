import { DcsError, type Env } from 'dcs-sdk';
import { repositoryRoot } from './config/git.ts';
import { gitLines } from './git-process.ts';

/**
 * Files that are not as they were where this branch left REF, from the root of the repository: committed, staged, edited or new.
 * A file that was only touched counts: that is told without reading it.
 */
export async function changedFiles(folder: string, reference: string, env: Env): Promise<{ top: string; files: ReadonlySet<string> }> {
  const top = repositoryRoot(folder);
  if (top === undefined)
    throw new DcsError('USAGE', '--changed needs git: this folder is in no repository.', { hint: 'the same with --all' });
  const commit = await gitLines(top, env, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${reference}^{commit}`]);
  if (commit === undefined)
    throw new DcsError('USAGE', `git knows no commit "${reference}".`, { hint: ['git fetch', 'in CI: a checkout with its whole history'] });
  const [base] = (await gitLines(top, env, ['merge-base', commit[0]!, 'HEAD'])) ?? [];
  if (base === undefined)
    throw new DcsError('CONFIG', `git finds no commit that ${reference} and this branch have in common.`, {
      why: 'What changed since then cannot be told. Nothing was written.',
      hint: ['in CI: a checkout with its whole history (fetch-depth: 0)', 'the same with --all'],
    });
  const lists = await Promise.all(
    [
      ['diff-index', '--cached', '--name-only', '--no-renames', '-z', base],
      ['diff-files', '--name-only', '--ignore-submodules=dirty', '-z'],
      ['ls-files', '--others', '--exclude-standard', '-z'],
    ].map((command) => gitLines(top, env, command)),
  );
  if (lists.includes(undefined)) throw new DcsError('CONFIG', 'git cannot tell which files changed.', { hint: 'git status     says why' });
  return { top, files: new Set(lists.flatMap((list) => list ?? [])) };
}
