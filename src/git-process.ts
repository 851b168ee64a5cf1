import { execFile } from 'node:child_process';
import { basename, dirname } from 'node:path';
import type { Env } from 'dcs-sdk';

const AUTHOR = ['GIT_AUTHOR_NAME', 'GIT_AUTHOR_EMAIL', 'EMAIL'];

/**
 * Asks git about one file: `ls-files`, `check-ignore`. Its exit code; undefined when git could not be started. Starts no program that
 * the repository's configuration names.
 */
export async function askGit(path: string, env: Env, command: readonly string[]): Promise<number | undefined> {
  return (await git(dirname(path), env, [...command, '--', `./${basename(path)}`])).code;
}

/** What git prints, by lines or by NUL with `-z`; undefined where it refuses or cannot be started. Starts no other program either. */
export async function gitLines(folder: string, env: Env, command: readonly string[]): Promise<string[] | undefined> {
  const { code, out } = await git(folder, env, command);
  return code === 0 ? out.split(command.includes('-z') ? '\0' : '\n').filter((line) => line !== '') : undefined;
}

/** The value of a git attribute of a path: `union`, `unspecified`; undefined where git does not say. */
export async function gitAttribute(root: string, env: Env, attribute: string, path: string): Promise<string | undefined> {
  const { code, out } = await git(root, env, ['check-attr', '-z', attribute, '--', path]);
  return code === 0 ? out.split('\0')[2] : undefined;
}

/** `Ana <ana@acme.dev>`: whom a commit made here would name; undefined where git does not know. */
export async function gitAuthor(root: string, env: Env): Promise<string | undefined> {
  const { code, out } = await git(root, env, ['var', 'GIT_AUTHOR_IDENT']);
  return code === 0 ? /^.*>/.exec(out)?.[0] : undefined;
}

async function git(cwd: string, env: Env, command: readonly string[]): Promise<{ code: number | undefined; out: string }> {
  const fixed = ['-C', cwd, '-c', 'core.fsmonitor=false', ...command];
  const needed = ['PATH', 'HOME', 'XDG_CONFIG_HOME', 'SYSTEMROOT', 'USERPROFILE', ...AUTHOR].map((name) => [name, env[name]] as const);
  const variables = Object.fromEntries([...needed.filter(([, value]) => value !== undefined), ['GIT_OPTIONAL_LOCKS', '0']]);
  return new Promise((resolvePromise) => {
    execFile('git', fixed, { env: variables as NodeJS.ProcessEnv, maxBuffer: 256 * 1024 * 1024 }, (error, out) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : undefined;
      resolvePromise({ code, out });
    });
  });
}
