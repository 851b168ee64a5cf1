import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { DcsError, type Env } from 'dcs-sdk';
import { plain } from './markdown.ts';
import type { Repository } from './policies.ts';

const run = promisify(execFile);

/** git with nothing of the caller's environment but what it needs, starting no program of the repository's. */
export async function git(root: string, env: Env, words: readonly string[]): Promise<string> {
  const needed = ['PATH', 'HOME', 'SYSTEMROOT', 'USERPROFILE', 'TMPDIR'];
  const variables = Object.fromEntries(needed.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  const fixed = ['-C', root, '-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false'];
  try {
    return (await run('git', [...fixed, ...words], { env: variables })).stdout.trim();
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    // Git's own words: an owner it does not trust, a disk that is full. It was given no secret.
    const [why = 'git could not be started.'] = (stderr ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .map(plain);
    throw new GitError(`git ${words[0]} failed.`, why, typeof code === 'number');
  }
}

class GitError extends DcsError {
  /** It ran, and said no. */
  readonly refused: boolean;
  constructor(message: string, why: string, refused: boolean) {
    super('CONFIG', message, { why });
    this.refused = refused;
  }
}

/** The same; undefined where git says no (exit code), so that a git that is missing is still an error. */
export async function gitIf(root: string, env: Env, words: readonly string[]): Promise<string | undefined> {
  try {
    return await git(root, env, words);
  } catch (error) {
    if (error instanceof GitError && error.refused) return undefined;
    throw error;
  }
}

export interface Checkout {
  /** The root of the repository. */
  readonly top: string;
  /** Where dcs.yaml lies in it, with `/`; `.` for its root. */
  readonly folder: string;
  readonly branch: string;
  /** Undefined: there is no remote to tell. */
  readonly repository?: Repository;
}

export async function checkoutOf(root: string, env: Env): Promise<Checkout> {
  const top = await gitIf(root, env, ['rev-parse', '--show-toplevel']);
  if (top === undefined)
    throw new DcsError('CONFIG', 'This folder is in no git repository.', { why: 'Nothing was written.', hint: 'git init' });
  const head = await gitIf(root, env, ['symbolic-ref', '--short', 'refs/remotes/origin/HEAD']);
  const repository = repositoryOf((await gitIf(root, env, ['remote', 'get-url', 'origin'])) ?? '');
  const folder =
    relative(await realpath(top), await realpath(root))
      .split(sep)
      .join('/') || '.';
  return { top, folder, branch: head?.replace(/^origin\//, '') ?? 'main', ...(repository === undefined ? {} : { repository }) };
}

/** `git@github.com:acme/shop.git`, `https://github.com/acme/shop`; a password in it is not looked at. */
export function repositoryOf(url: string): Repository | undefined {
  const [, host, path] = /^(?:[a-z+]+:\/\/)?(?:[^@/]*@)?([\w.-]+)(?::\d+)?[:/]([\w./-]+?)(?:\.git)?\/?$/i.exec(url) ?? [];
  return host === undefined || path === undefined || !path.includes('/') ? undefined : { host, path };
}
