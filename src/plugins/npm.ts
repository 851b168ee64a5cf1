import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { DcsError, type Env } from 'dcs-sdk';
import { npmEnv } from './npm-env.ts';
import type { RegistryPlace } from './npmrc.ts';

/** These beat what the user's .npmrc says. One attempt each: a registry that is down is said in seconds. */
const RULES = [
  '--ignore-scripts',
  '--omit=dev',
  '--no-audit',
  '--no-fund',
  '--no-update-notifier',
  '--package-lock=true',
  '--save=true',
  '--dry-run=false',
  '--global=false',
  '--install-strategy=hoisted',
  '--allow-git=none',
  '--allow-remote=none',
  '--allow-directory=none',
  '--allow-file=root',
  '--fetch-retries=0',
  '--fetch-timeout=10000',
  '--loglevel=error',
];

const LONGEST_MS = 5 * 60_000;

/** The npm of this Node.js, else of the PATH; it is run by this Node.js, never by a shell. */
export function npmProgram(): string {
  const bin = dirname(realpathSync(process.execPath));
  const beside = [join(bin, '..', 'lib', 'node_modules'), join(bin, 'node_modules')].map((modules) => join(modules, 'npm', CLI));
  const onPath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter(isAbsolute)
    .flatMap((folder) => [join(folder, 'npm'), join(folder, 'node_modules', 'npm', CLI)])
    .filter((file) => existsSync(file))
    .map((file) => realpathSync(file))
    .filter((file) => file.endsWith(join('npm', CLI)));
  const found = [...beside.filter((file) => existsSync(file)), ...onPath][0];
  if (found !== undefined) return found;
  throw new DcsError('CONFIG', 'There is no npm.', {
    why: 'It stands neither beside this Node.js nor on the PATH; it unpacks plugins. Nothing was installed.',
    hint: 'install Node.js with npm: https://nodejs.org',
  });
}

const CLI = join('bin', 'npm-cli.js');

/** Installs what the folder's package.json names. No script of any package runs. */
export async function npmInstall(folder: string, registry: RegistryPlace, env: Env): Promise<void> {
  const { code, text } = await run(
    [npmProgram(), 'install', ...RULES, `--registry=${registry.url}`, `--prefix=${folder}`],
    folder,
    npmEnv(env),
  );
  if (code !== 0) throw failure(/npm error code (\w+)/.exec(text)?.[1], registry);
}

function run(
  words: readonly string[],
  cwd: string,
  env: Record<string, string>,
): Promise<{ readonly code: number | null; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, {
      cwd,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: LONGEST_MS,
      killSignal: 'SIGKILL',
    });
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (more: string) => (text = (text + more).slice(-65_536)));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, text }));
  });
}

/** npm's own text may hold addresses with tokens: only its code is told. */
function failure(code: string | undefined, { url }: RegistryPlace): DcsError {
  const { host } = new URL(url);
  const said = code === undefined ? 'npm ended early' : `npm: ${code}`;
  const why = `${said}. Nothing was installed.`;
  if (code === 'EINTEGRITY') return new DcsError('REFUSED', 'Something was downloaded that is not what the registry said it is.', { why });
  if (code?.startsWith('EALLOW'))
    return new DcsError('REFUSED', 'The plugin needs a package that does not come from the registry.', { why });
  if (code === 'E401' || code === 'E403')
    return new DcsError('AUTH', `The npm registry ${host} does not let you read what the plugin needs.`, {
      why,
      hint: `npm login --registry ${url}`,
    });
  if (code === 'E404' || code === 'ETARGET')
    return new DcsError('CONFIG', `The npm registry ${host} lacks a package that the plugin needs.`, { why });
  return new DcsError('NETWORK', `What the plugin needs could not be had from the npm registry ${host}.`, {
    why,
    hint: 'the same again later',
  });
}
