import { spawn } from 'node:child_process';
import { mkdtemp, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cloud } from '../../plugins/dcs-plugin-sandbox/src/server/cloud.ts';
import { startSandbox } from '../../plugins/dcs-plugin-sandbox/src/server/server.ts';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** stdout as JSON. */
  json(): Record<string, unknown>;
}

export interface World {
  readonly home: string;
  readonly project: string;
  readonly origin: string;
  readonly env: Record<string, string>;
  /** Runs the built `dcs` in the project, or the one in `root`. */
  dcs(
    args: readonly string[],
    options?: { env?: Record<string, string | undefined>; cwd?: string; input?: string; killAfter?: number; root?: string },
  ): Promise<Ran>;
  yaml(text: string): Promise<void>;
  /** Sets secrets in the sandbox's Doppler, null deletes. */
  doppler(config: string, secrets: Record<string, string | null>): Promise<void>;
  /** A secret's value on the sandbox's Worker, as its code would see it. */
  worker(name: string, worker?: string): Promise<string | undefined>;
  /** Somebody else edits the Worker's secret. */
  edit(name: string, value: string | null, worker?: string): Promise<void>;
  post(path: string, body: unknown): Promise<unknown>;
  journal(): Promise<readonly { cloud: string; method: string; path: string; status: number }[]>;
  forget(): Promise<void>;
  close(): Promise<void>;
}

export const WORKER = 'shop-api-staging';

/** A scratch home and project on a sandbox of its own, of all clouds or of these; the CLI is the built one. */
export async function world({ clouds, under = tmpdir() }: { clouds?: readonly Cloud[]; under?: string } = {}): Promise<World> {
  const base = await mkdtemp(join(under, 'dcs-e2e-'));
  const home = join(base, 'home');
  const project = join(base, 'project');
  await mkdir(join(project, '.git'), { recursive: true });
  await writeFile(join(project, '.git', 'HEAD'), 'ref: refs/heads/work\n');
  await mkdir(home, { recursive: true });
  const { linkPlugins } = (await import('../../scripts/link.mjs' as string)) as { linkPlugins: (home: string) => string };
  linkPlugins(join(home, 'data'));
  const sandbox = await startSandbox(clouds ? { clouds } : {});
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_STATE_HOME: join(home, 'state'),
    XDG_CACHE_HOME: join(home, 'cache'),
    // Code from the compile cache is not counted.
    ...(process.env['NODE_V8_COVERAGE'] ? { NODE_V8_COVERAGE: process.env['NODE_V8_COVERAGE'], NODE_DISABLE_COMPILE_CACHE: '1' } : {}),
    ...sandbox.env,
  };
  const post = async (path: string, body: unknown): Promise<unknown> => {
    const answer = await fetch(`${sandbox.origin}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
    return answer.status === 204 ? undefined : answer.json();
  };
  const account = SEED.cloudflare.accountId;
  const self: World = {
    home,
    project,
    origin: sandbox.origin,
    env,
    dcs: (args, options = {}) => run(args, { ...env, ...options.env }, options.cwd ?? project, options),
    yaml: (text) => writeFile(join(project, 'dcs.yaml'), text),
    async doppler(config, secrets) {
      const answer = await fetch(`${sandbox.origin}/v3/configs/config/secrets`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${SEED.tokens.user}` },
        body: JSON.stringify({ project: 'shop', config, secrets }),
      });
      if (!answer.ok) throw new Error(`Doppler answered ${answer.status}`);
    },
    async worker(name, worker = WORKER) {
      const answer = await fetch(`${sandbox.origin}/_sandbox/cloudflare/peek?${new URLSearchParams({ account, worker, name })}`);
      const { value } = (await answer.json()) as { value?: string | null };
      return value ?? undefined;
    },
    edit: async (name, value, worker = WORKER) => void (await post('/_sandbox/cloudflare/hand-edit', { account, worker, name, value })),
    post,
    async journal() {
      return (await (await fetch(`${sandbox.origin}/_sandbox/journal`)).json()) as never;
    },
    forget: async () => void (await fetch(`${sandbox.origin}/_sandbox/journal`, { method: 'DELETE' })),
    close: () => sandbox.close(),
  };
  return self;
}

function run(
  args: readonly string[],
  env: Record<string, string | undefined>,
  cwd: string,
  { input, killAfter, root = ROOT }: { input?: string; killAfter?: number; root?: string },
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'bin', 'run.js'), ...args], {
      cwd,
      env: env as NodeJS.ProcessEnv,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (err += text));
    if (input !== undefined) child.stdin!.end(input);
    if (killAfter !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfter);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err, json: () => JSON.parse(out) as Record<string, unknown> }));
  });
}

export const YAML = `doppler: shop
targets:
  api:
    type: cloudflare
    account_id: ${SEED.cloudflare.accountId}
    worker: {staging: shop-api-staging, prod: shop-api}
    include: ["*"]
`;
