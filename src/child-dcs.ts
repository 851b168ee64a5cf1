import { spawn } from 'node:child_process';
import type { DcsRun, DcsRunOptions } from 'dcs-sdk';
import { originalEnv } from './original-env.ts';

/** How long a child may take to end once it is asked to, ms. */
const GRACE = 2000;
const INTERRUPTED = 130;

/** This very dcs once more, in a process and a process group of its own: it neither blocks nor outlives who waits for it with a timeout. `file`: its dcs.yaml. */
export function childDcs(
  words: readonly string[],
  { cwd, signal, timeout, grace = GRACE, env }: DcsRunOptions & { readonly cwd: string },
  file?: string,
): Promise<DcsRun> {
  const program = process.argv[1];
  if (program === undefined) throw new Error('dcs was started without a file');
  // Whatever it is called, and whatever a variable says where the child runs.
  const same = file === undefined ? [] : ['--config-file', file];
  const group = process.platform !== 'win32';
  const ends = AbortSignal.any([...(signal ? [signal] : []), ...(timeout === undefined ? [] : [AbortSignal.timeout(timeout)])]);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...words, '--json', '--no-input', ...same], {
      cwd,
      env: { ...originalEnv, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'], // whose end tells the child that nobody waits any more
      detached: group,
    });
    let out = '';
    let text = '';
    child.stdout!.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
    child.stderr!.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    let force: NodeJS.Timeout | undefined;
    const end = (how: NodeJS.Signals): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(group ? -child.pid : child.pid, how);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    };
    const stop = (): void => {
      end('SIGTERM');
      force = setTimeout(() => end('SIGKILL'), grace);
    };
    if (ends.aborted) stop();
    else ends.addEventListener('abort', stop, { once: true });
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(force);
      ends.removeEventListener('abort', stop);
      const document = documentIn(out);
      resolve({ exit: code ?? INTERRUPTED, text, ...(document === undefined ? {} : { document }) });
    });
  });
}

function documentIn(out: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(out);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // ended before it could answer: its exit code says so
  }
}
