import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SEED } from '../../plugins/dcs-plugin-sandbox/lib/seed.js';
import { startSandbox } from '../../plugins/dcs-plugin-sandbox/lib/server/server.js';

export const HERE = fileURLToPath(new URL('.', import.meta.url));
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export { SEED };

/** Of an installed client. */
export const versionOf = async (name) => JSON.parse(await readFile(join(HERE, 'node_modules', name, 'package.json'), 'utf8')).version;

/** A sandbox of its own and a scratch home, so that no login of this machine can answer for it. */
export async function world() {
  const base = await mkdtemp(join(tmpdir(), 'dcs-conformance-'));
  const home = join(base, 'home');
  const work = join(base, 'work');
  await mkdir(join(work, '.git'), { recursive: true });
  await writeFile(join(work, '.git', 'HEAD'), 'ref: refs/heads/work\n');
  await mkdir(home);
  const sandbox = await startSandbox({});
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_STATE_HOME: join(home, 'state'),
    XDG_CACHE_HOME: join(home, 'cache'),
    CI: '1',
    DO_NOT_TRACK: '1',
    ...sandbox.env,
  };
  return {
    work,
    home,
    env,
    origin: sandbox.origin,
    /** What the Worker's code would read: asked from the sandbox, because no vendor API tells it. */
    async peek(name, worker = SEED.cloudflare.worker) {
      const query = new URLSearchParams({ account: SEED.cloudflare.accountId, worker, name });
      const { value } = await (await fetch(`${sandbox.origin}/_sandbox/cloudflare/peek?${query}`)).json();
      return value ?? undefined;
    },
    /** A switch or a view of the sandbox's, below `/_sandbox/`. */
    async hand(path, body) {
      const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
      return (await fetch(`${sandbox.origin}/_sandbox/${path}`, sent)).json();
    },
    /** Calls that a cloud refused for want of a route. */
    unknown: () => sandbox.journal.entries().filter(({ status }) => status === 404),
    journal: sandbox.journal,
    async close() {
      await sandbox.close();
      await rm(base, { recursive: true, force: true });
    },
  };
}

/** Runs a program to its end; its stdin is closed, or given. */
export function run(program, args, { env, cwd, input = '', timeout = 60_000 }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
    child.stdin.on('error', (error) => {
      if (error.code !== 'EPIPE') reject(error);
    });
    child.stdin.end(input);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, out, err });
    });
  });
}
