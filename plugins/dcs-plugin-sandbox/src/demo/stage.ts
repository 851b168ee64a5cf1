import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DcsError } from 'dcs-sdk';
import { SEED } from '../seed.ts';
import { startSandbox } from '../server/server.ts';

export interface Expected {
  readonly exit: number;
  /** What the output must hold. */
  readonly says?: string;
}

/** A scratch project on a sandbox of its own, and the real commands in it. */
export interface Stage {
  dcs(args: readonly string[], expected: Expected): Promise<void>;
  show(file: string): Promise<void>;
  doppler(config: string, secrets: Record<string, string>): Promise<void>;
  edit(name: string, value: string): Promise<void>;
  expectWorker(name: string, value: string): Promise<void>;
  strike(): Promise<void>;
}

const WORKER = 'shop-api-staging';

/** `dcs`: where the running one lies, and the plugins it has. */
export async function setStage(
  dcs: { readonly root: string; readonly dataDir: string },
  outer: Readonly<Record<string, string | undefined>>,
  say: (line: string) => void,
): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'dcs-demo-'));
  const project = join(folder, 'shop');
  await mkdir(join(project, '.git'), { recursive: true });
  await writeFile(join(project, '.git', 'HEAD'), 'ref: refs/heads/develop\n');
  await writeFile(join(project, 'wrangler.jsonc'), wrangler());
  const sandbox = await startSandbox({});
  const env = {
    ...outer,
    ...sandbox.env,
    HOME: folder,
    DCS_DATA_DIR: dcs.dataDir, // else the new home has no plugins
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_STATE_HOME: join(folder, 'state'),
    XDG_CACHE_HOME: join(folder, 'cache'),
  };
  const send = async (path: string, body: unknown, headers: Record<string, string> = {}): Promise<void> => {
    const answer = await fetch(`${sandbox.origin}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new DcsError('TARGET', `The sandbox answered ${answer.status} to ${path}.`);
  };
  const { accountId: account } = SEED.cloudflare;
  const bin = join(dcs.root, 'bin', 'run.js');
  return {
    async dcs(args, expected) {
      say(`$ dcs ${args.join(' ')}`);
      const { code, output } = await run(bin, args, env, project, say);
      if (code !== expected.exit || !output.includes(expected.says ?? ''))
        throw new DcsError('TARGET', `dcs ${args[0]} did not do what the demo says (exit ${code}).`);
      say('');
    },
    show: async (file) =>
      (await readFile(join(project, file), 'utf8'))
        .trimEnd()
        .split('\n')
        .forEach((line) => say(`  ${line}`)),
    doppler: (config, secrets) =>
      send('/v3/configs/config/secrets', { project: 'shop', config, secrets }, { authorization: `Bearer ${SEED.tokens.user}` }),
    edit: (name, value) => send('/_sandbox/cloudflare/hand-edit', { account, worker: WORKER, name, value }),
    async expectWorker(name, value) {
      const answer = await fetch(`${sandbox.origin}/_sandbox/cloudflare/peek?${new URLSearchParams({ account, worker: WORKER, name })}`);
      if (((await answer.json()) as { value?: string }).value !== value) throw new DcsError('TARGET', `${name} is not what it was.`);
      say(`✓ ${name} holds what its owner put there\n`);
    },
    async strike() {
      await sandbox.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function wrangler(): string {
  const { accountId } = SEED.cloudflare;
  return `{\n  "name": "shop-api",\n  "account_id": "${accountId}",\n  "main": "src/index.ts",\n  "env": { "staging": {} }\n}\n`;
}

function run(
  bin: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
  say: (line: string) => void,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], { cwd, env: env as NodeJS.ProcessEnv, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => {
      for (const line of output.trimEnd().split('\n')) say(line);
      resolve({ code, output });
    });
  });
}
