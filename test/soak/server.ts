import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../runtime/test/program.ts';
import { ROOT, type World } from '../e2e/world.ts';
import type { Sample } from './slope.ts';

export interface Measured {
  readonly port: number;
  /** Since `start`, after a collection each. */
  readonly rss: readonly Sample[];
  /** What V8 holds, and what hangs on it outside of its heap. */
  readonly live: readonly Sample[];
  stop(): Promise<void>;
}

const MB = 1024 ** 2;

/** The built dcs, with a look at its memory every so many ms. `words` without the port. */
export async function measured(w: World, words: readonly string[], env: Record<string, string>, every: number): Promise<Measured> {
  const port = await freePort();
  const dcs = ['--expose-gc', '--import', join(ROOT, 'test', 'soak', 'probe.mjs'), join(ROOT, 'bin', 'run.js')];
  const child = spawn(process.execPath, [...dcs, ...words, '--port', String(port)], {
    cwd: w.project,
    env: { ...w.env, ...env, SOAK_EVERY: String(every) },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  let said = '';
  child.stderr!.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4000)));
  for (let tries = 0; !/"listening"|Serving/.test(said); tries++) {
    if (tries > 600 || child.exitCode !== null) throw new Error(`${words.join(' ')} did not start: ${said}`);
    // oxlint-disable-next-line no-await-in-loop -- waiting is the point
    await sleep(100);
  }
  const start = performance.now();
  const [rss, live]: Sample[][] = [[], []];
  createInterface({ input: child.stdio[3] as NodeJS.ReadableStream }).on('line', (line) => {
    const hours = (performance.now() - start) / 3_600_000;
    const memory = JSON.parse(line) as NodeJS.MemoryUsage;
    rss!.push([hours, memory.rss / MB]);
    live!.push([hours, (memory.heapUsed + memory.external) / MB]);
  });
  return {
    port,
    rss: rss!,
    live: live!,
    async stop() {
      if (child.exitCode !== null) throw new Error(`${words.join(' ')} ended by itself: ${said}`);
      child.kill('SIGTERM');
      await ended;
    },
  };
}
