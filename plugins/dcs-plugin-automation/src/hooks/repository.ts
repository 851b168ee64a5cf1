import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { DcsError, type Env } from 'dcs-sdk';

export interface Repository {
  /** The top of the work tree, where git starts hooks. */
  readonly top: string;
  /** The folder that git takes hooks from: of all worktrees, of a submodule, or what core.hooksPath says. */
  readonly hooks: string;
  /** The folder belongs to every repository of this user or machine. */
  readonly everywhere: boolean;
}

/** Throws CONFIG outside a repository with a work tree. */
export async function repositoryAt(folder: string, env: Env): Promise<Repository> {
  const top = await ask(folder, env, 'rev-parse', '--show-toplevel');
  // From below the top git answers a relative core.hooksPath wrongly.
  const hooks = top && (await ask(top, env, 'rev-parse', '--git-path', 'hooks'));
  if (!top || !hooks)
    throw new DcsError('CONFIG', `${folder} is in no git repository with a work tree, or git is not there.`, {
      why: 'Nothing was changed.',
      hint: 'git rev-parse --show-toplevel     says what git thinks',
    });
  const scope = await ask(top, env, 'config', '--show-scope', '--get', 'core.hooksPath');
  return { top, hooks: resolve(top, hooks), everywhere: /^(?:global|system)\t/.test(scope ?? '') };
}

/** What decides which configuration git reads. A hook's own GIT_DIR and the like are about another repository than the folder's. */
const NEEDED = [
  'PATH',
  'HOME',
  'XDG_CONFIG_HOME',
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_SYSTEM',
  'GIT_CONFIG_NOSYSTEM',
  'SYSTEMROOT',
  'USERPROFILE',
];

/** Its first line; undefined where git refuses or cannot be started. Starts no program that the repository names. */
function ask(folder: string, env: Env, ...command: string[]): Promise<string | undefined> {
  const variables = Object.fromEntries(NEEDED.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  return new Promise((settle) => {
    execFile('git', ['-C', folder, '-c', 'core.fsmonitor=false', ...command], { env: variables as NodeJS.ProcessEnv }, (error, out) =>
      settle(error === null ? out.replace(/\r?\n$/, '') : undefined),
    );
  });
}
