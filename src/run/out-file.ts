import type { Stats } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DcsError, isDcsError, type Env } from 'dcs-sdk';
import { repositoryRoot } from '../config/git.ts';
import { isMissing, replaceFile } from '../files.ts';
import { askGit } from '../git-process.ts';
import type { Session } from '../session.ts';
import { expireLater } from './expiry.ts';

const NOTHING = 'Nothing was read or written.';

/**
 * The real path of a file that may hold values: a plain file or none yet, and in a repository one that git ignores. What git cannot
 * tell is refused.
 */
export async function placeForValues(file: string, { cwd, env }: { cwd: string; env: Env }): Promise<string> {
  const wanted = resolve(cwd, file);
  const path = join(await realFolder(dirname(wanted)), basename(wanted));
  const found = await lstatIfThere(path);
  if (found !== undefined && !found.isFile())
    throw new DcsError('REFUSED', `${file} is ${found.isSymbolicLink() ? 'a symbolic link' : 'no plain file'}.`, {
      why: `Values would end up somewhere else than the name says. ${NOTHING}`,
      hint: 'name the file itself',
    });
  if (repositoryRoot(dirname(path)) !== undefined) await refuseUnlessIgnored(file, path, env);
  return path;
}

/** As a whole or not at all, 0600. `ttl` in ms: removed then, also when dcs is long gone. */
export async function writeValues(path: string, text: string, ttl: number | undefined, session: Session): Promise<void> {
  const { directories, env } = session;
  const expire = async (temporary: string): Promise<void> => {
    if (ttl !== undefined) await expireLater(path, temporary, Date.now() + ttl, { stateDir: directories.stateDir, env });
  };
  await writeOut(path, text, 0o600, expire);
}

/** replaceFile for a file that a flag names: what the system refuses is no bug. */
export async function writeOut(path: string, text: string, mode: number, prepared?: (temporary: string) => Promise<void>): Promise<void> {
  try {
    await replaceFile(path, text, mode, prepared);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || isDcsError(error)) throw error;
    throw new DcsError('CONFIG', `${path} cannot be written (${code}).`, { why: 'Nothing was written.', hint: 'another --out FILE' });
  }
}

/** The folder a file goes into; USAGE where there is none. */
export async function realFolder(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new DcsError('USAGE', `There is no folder ${folder}.`, { why: NOTHING, hint: `mkdir -p ${folder}` });
  }
}

async function lstatIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function refuseUnlessIgnored(file: string, path: string, env: Env): Promise<void> {
  const tracked = await askGit(path, env, ['--literal-pathspecs', 'ls-files', '--error-unmatch']);
  const ignored = tracked === 1 ? await askGit(path, env, ['check-ignore', '--quiet', '--no-index']) : undefined;
  if (ignored === 0) return;
  if (tracked === 0)
    throw new DcsError('REFUSED', `git tracks ${file}.`, {
      why: `The next commit would publish the values. ${NOTHING}`,
      hint: [`git rm --cached ${file}`, `echo '/${basename(path)}' >> .gitignore     in ${dirname(path)}`],
    });
  if (ignored === 1)
    throw new DcsError('REFUSED', `git does not ignore ${file}.`, {
      why: `The next git add . would take the values in. ${NOTHING}`,
      hint: `echo '/${basename(path)}' >> .gitignore     in ${dirname(path)}`,
    });
  throw new DcsError('REFUSED', `git cannot tell whether it ignores ${file}.`, {
    why: `git is not installed, or refuses to read this repository. ${NOTHING}`,
    hint: ['git status     says why', 'a file outside the repository'],
  });
}
