import { execFile } from 'node:child_process';
import { basename, dirname } from 'node:path';
import type { Env } from 'dcs-sdk';

/**
 * Asks git about one file: `ls-files`, `check-ignore`. Its exit code; undefined when git could not be started. Starts no program that
 * the repository's configuration names.
 */
export async function askGit(path: string, env: Env, command: readonly string[]): Promise<number | undefined> {
  const fixed = ['-C', dirname(path), '-c', 'core.fsmonitor=false', ...command, '--', `./${basename(path)}`];
  const needed = ['PATH', 'HOME', 'XDG_CONFIG_HOME', 'SYSTEMROOT', 'USERPROFILE'].map((name) => [name, env[name]] as const);
  const variables = Object.fromEntries([...needed.filter(([, value]) => value !== undefined), ['GIT_OPTIONAL_LOCKS', '0']]);
  return new Promise((resolvePromise) => {
    execFile('git', fixed, { env: variables as NodeJS.ProcessEnv }, (error) => {
      if (error === null) return resolvePromise(0);
      return resolvePromise(typeof error.code === 'number' ? error.code : undefined);
    });
  });
}
