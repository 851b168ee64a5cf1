import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isMissing } from '../files.ts';

// Reads git's files and starts no process: this runs on every prompt, and a repository may configure what git starts.

/** The directory that holds `.git`, from `cwd` upward. */
export function repositoryRoot(cwd: string): string | undefined {
  for (let dir = resolve(cwd); ; dir = dirname(dir)) {
    if (stands(join(dir, '.git'))) return dir;
    if (dirname(dir) === dir) return undefined;
  }
}

export type GitHead = { readonly branch: string } | 'detached' | 'unreadable';

/** What is checked out in `cwd`; undefined outside a repository. */
export function gitHead(cwd: string): GitHead | undefined {
  const git = gitDirectory(cwd);
  if (git === undefined) return undefined;
  const head = read(join(git, 'HEAD')) ?? '';
  const branch = /^ref: refs\/heads\/(.+)$/m.exec(head)?.[1]?.trim();
  if (branch !== undefined) return { branch };
  return /^[0-9a-f]{40,64}\s*$/.test(head) ? 'detached' : 'unreadable';
}

/** The branch checked out in `cwd`; undefined outside a repository and on a detached HEAD. */
export function gitBranch(cwd: string): string | undefined {
  const head = gitHead(cwd);
  return typeof head === 'object' ? head.branch : undefined;
}

/** `acme` of `git@github.com:acme/shop.git`; the whole path above the repository where there are subgroups. */
export function originOwner(cwd: string): string | undefined {
  const git = gitDirectory(cwd);
  if (git === undefined) return undefined;
  const common = read(join(git, 'commondir'))?.trim();
  const config = read(join(common === undefined ? git : resolve(git, common), 'config'));
  const url = config === undefined ? undefined : originUrl(config);
  return url === undefined ? undefined : /^(?:[a-z+]+:\/\/[^/]+\/|[^/:]+:)\/?(.+)\/[^/]+\/?$/i.exec(url)?.[1];
}

function originUrl(config: string): string | undefined {
  let inside = false;
  for (const line of config.split('\n')) {
    if (/^\s*\[/.test(line)) inside = /^\s*\[remote "origin"\]/.test(line);
    const url = inside ? /^\s*url\s*=\s*"?([^"\s]+)"?\s*$/.exec(line)?.[1] : undefined;
    if (url !== undefined) return url;
  }
  return undefined;
}

/** Worktrees and submodules have a file `.git` that names their directory. */
function gitDirectory(cwd: string): string | undefined {
  const root = repositoryRoot(cwd);
  if (root === undefined) return undefined;
  const git = join(root, '.git');
  if (statSync(git).isDirectory()) return git;
  const named = /^gitdir: (.+)$/m.exec(read(git) ?? '')?.[1];
  return named === undefined ? undefined : resolve(root, named.trim());
}

function stands(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
