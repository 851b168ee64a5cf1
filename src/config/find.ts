import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DcsError } from 'dcs-sdk';
import { repositoryRoot } from './git.ts';

/** dcs.yaml or dcs.yml in this folder. Throws CONFIG where there are both. */
export function configIn(folder: string): string | undefined {
  const found = configsIn(folder);
  if (found.length > 1) throw new DcsError('CONFIG', `${folder} holds both dcs.yaml and dcs.yml.`, { hint: 'keep one of them' });
  return found[0];
}

export const configsIn = (folder: string): string[] =>
  ['dcs.yaml', 'dcs.yml'].map((name) => join(folder, name)).filter((file) => existsSync(file));

/** dcs.yaml or dcs.yml, from `cwd` upward to the root of the repository; without a repository, in `cwd` only. */
export function findConfig(cwd: string): string | undefined {
  for (const folder of upward(cwd)) {
    const found = configIn(folder);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `cwd` and the folders above it, up to the root of the repository. */
export function upward(cwd: string): string[] {
  const top = repositoryRoot(cwd) ?? resolve(cwd);
  const folders: string[] = [];
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    folders.push(folder);
    if (folder === top || dirname(folder) === folder) return folders;
  }
}
