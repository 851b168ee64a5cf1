import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Started {
  readonly port: number;
  /** kill -9, and wait for it. */
  kill(): Promise<void>;
}

const RECEIVER = fileURLToPath(new URL('receiver-process.ts', import.meta.url));

/** The receiver of receiver-process.ts, or one with a fault. */
export async function started(env: Readonly<Record<string, string>>, file = RECEIVER): Promise<Started> {
  const child = spawn(process.execPath, [file], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const [line] = (await Promise.race([once(child.stdout, 'data'), ended.then(() => ['gone'])])) as [Buffer];
  const port = Number(line);
  if (!(port > 0)) throw new Error('the receiver did not start');
  return {
    port,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
