import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { until } from './world.ts';

export interface Program {
  readonly url: string;
  readonly output: () => string;
  /** Its exit code, or null after a signal. */
  readonly ended: Promise<number | null>;
  /** JSON of a path; undefined: no JSON. */
  get(path: string, init?: RequestInit): Promise<{ readonly status: number; readonly body: unknown }>;
  stop(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a server that listens on PORT, and waits until it does. */
export async function program(argv: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<Program> {
  const port = await freePort();
  const coverage = process.env['NODE_V8_COVERAGE'];
  const child: ChildProcess = spawn(process.execPath, argv, {
    cwd,
    env: { PATH: process.env['PATH'], ...(coverage ? { NODE_V8_COVERAGE: coverage } : {}), ...env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const url = `http://127.0.0.1:${port}`;
  let over = false;
  void ended.then(() => (over = true));
  await until(`${argv.join(' ')} to listen: ${output}`, async () => over || (await listens(port)));
  return {
    url,
    output: () => output,
    ended,
    async get(path, init) {
      const answer = await fetch(url + path, init);
      const text = await answer.text();
      return { status: answer.status, body: text.startsWith('{') || text.startsWith('[') ? (JSON.parse(text) as unknown) : text };
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
