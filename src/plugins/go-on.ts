import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { originalEnv } from '../original-env.ts';

/** Starts this very command line anew, now that its plugin is there, and ends as it ends. */
export async function goOn(): Promise<never> {
  // Ctrl-C reaches both: the new one decides.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: originalEnv as NodeJS.ProcessEnv,
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
}
