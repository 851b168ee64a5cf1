import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { DcsError, type Env } from 'dcs-sdk';
import { directories } from './directories.ts';
import { readText } from './document.ts';
import { repositoryRoot } from './git.ts';
import { makeProject, type Project } from './project.ts';
import { parseOnce } from './parse-once.ts';

export interface Where {
  readonly cwd: string;
  /** `--config-file` */
  readonly configFile?: string;
  readonly env: Env;
  readonly home: string;
}

/** dcs.yaml or dcs.yml, from `cwd` upward to the root of the repository; without a repository, in `cwd` only. */
export function findConfig(cwd: string): string | undefined {
  const top = repositoryRoot(cwd) ?? resolve(cwd);
  for (let dir = resolve(cwd); ; dir = dirname(dir)) {
    const found = ['dcs.yaml', 'dcs.yml'].map((name) => join(dir, name)).filter((file) => existsSync(file));
    if (found.length > 1) throw new DcsError('CONFIG', `${dir} holds both dcs.yaml and dcs.yml.`, { hint: 'keep one of them' });
    if (found[0] !== undefined) return found[0];
    if (dir === top || dirname(dir) === dir) return undefined;
  }
}

export async function loadProject({ cwd, configFile, env, home }: Where): Promise<Project> {
  const file = configFile === undefined ? findConfig(cwd) : resolve(cwd, configFile);
  if (file === undefined)
    throw new DcsError('CONFIG', 'No dcs.yaml here or above.', { hint: 'dcs init     finds the clouds of this repository and writes one' });
  const shown = relative(cwd, file);
  const text = await readText(file, shown);
  if (text === undefined) throw new DcsError('CONFIG', `${shown} does not exist.`, { hint: 'dcs init' });
  const parsed = await parseOnce(text, shown, directories(env, home).cacheDir, async () => (await import('./schema.ts')).configSchema);
  return makeProject(parsed, env, { file, root: dirname(file) });
}
