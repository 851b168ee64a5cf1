import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT, type World } from './world.ts';

/** A dcs that goes on: what it has printed so far, and its end. */
export interface Running {
  readonly seen: { readonly out: string; readonly err: string };
  readonly ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
  /** Waits until `met`; throws after 20 s with what was printed. */
  until(what: string, met: () => boolean): Promise<void>;
}

export function running(w: World, words: readonly string[], env: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [join(ROOT, 'bin', 'run.js'), ...words], { cwd: w.project, env: { ...w.env, ...env } });
  const seen = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (seen.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (seen.err += chunk.toString()));
  return {
    seen,
    ended: new Promise((resolve) => child.on('close', resolve)),
    kill: (signal) => void child.kill(signal),
    async until(what, met) {
      for (let tries = 0; !met(); tries++) {
        if (tries === 400) throw new Error(`${what} never happened; out: ${seen.out} err: ${seen.err}`);
        // oxlint-disable-next-line no-await-in-loop -- waiting is the point
        await sleep(50);
      }
    },
  };
}
