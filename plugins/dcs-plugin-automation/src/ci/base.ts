import { mkdtemp, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { DcsError, type Host } from 'dcs-sdk';
import { git, gitIf } from './repository.ts';

/** The base of a change that was checked out as its merge. */
export const MERGED_INTO = 'HEAD^1';

/**
 * The project's dcs.yaml (one of `names`) as it was before the change, in a worktree that is gone afterwards. `use` gets undefined where
 * there was none.
 */
export async function beforeChange<T>(
  { root, env }: Pick<Host, 'root' | 'env'>,
  base: string,
  names: readonly string[],
  use: (file: string | undefined) => Promise<T>,
): Promise<T> {
  const top = await git(root, env, ['rev-parse', '--show-toplevel']);
  const commitOf = (name: string): Promise<string | undefined> =>
    gitIf(root, env, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`]);
  const commit = await commitOf(base);
  // Without a second parent this is no merge, and its first parent is just any commit of the change.
  if (commit === undefined || (base === MERGED_INTO && (await commitOf('HEAD^2')) === undefined))
    throw new DcsError('CONFIG', 'The state before this change was not checked out.', {
      why: 'Without it nothing tells what the change alters. Nothing was written.',
      hint: ['with: {fetch-depth: 2}   # of actions/checkout, without a ref', 'variables: {GIT_DEPTH: "0"}   # in the GitLab job'],
    });
  const scratch = await mkdtemp(join(tmpdir(), 'dcs-ci-'));
  const tree = join(scratch, 'before');
  try {
    await git(root, env, ['worktree', 'add', '--quiet', '--detach', tree, commit]);
    try {
      const folder = join(tree, relative(await realpath(top), await realpath(root)));
      return await use(await fileIn(folder, names));
    } finally {
      // Not `prune`: that forgets other worktrees too, whose disk is away for now.
      await git(root, env, ['worktree', 'remove', '--force', tree]);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function fileIn(folder: string, names: readonly string[]): Promise<string | undefined> {
  for (const file of names.map((name) => join(folder, name)))
    try {
      if ((await stat(file)).isFile()) return file;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  return undefined;
}
