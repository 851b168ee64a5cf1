import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../runtime/test/program.ts';

export interface RedisServer {
  /** With its password. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export const REDIS_PASSWORD = 'the-password-of-the-queue';

/** Debian's redis-server on a free port, with a password and on disk before it answers. */
export async function redisServer(): Promise<RedisServer> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'dcs-redis-'));
  const words = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--requirepass', REDIS_PASSWORD];
  const child = spawn(
    'redis-server',
    [...words, '--appendonly', 'yes', '--appendfsync', 'always', '--save', '', '--maxmemory-policy', 'noeviction'],
    {
      stdio: 'ignore',
    },
  );
  const ended = once(child, 'close');
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries === 100) throw new Error('redis-server does not answer');
    await sleep(50);
  }
  return {
    url: `redis://:${REDIS_PASSWORD}@127.0.0.1:${port}`,
    port,
    async close() {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
