import { spawn, spawnSync } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, type World } from './world.ts';

/** CI has strace. */
export const canTrace = (): boolean =>
  process.platform === 'linux' && (process.env['CI'] !== undefined || spawnSync('strace', ['-V']).status === 0);

export interface Traced {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** Every execve of it and its children, with the whole argv. */
  readonly execs: string;
}

/** Runs the built `dcs`, or the one in `root`, under strace, with a folder of its own for temporary files in its home. */
export function traced(
  w: World,
  args: readonly string[],
  { input, env, root = ROOT }: { readonly input?: string; readonly env?: Readonly<Record<string, string>>; readonly root?: string } = {},
): Promise<Traced> {
  const trace = join(w.home, 'trace');
  // Without --seccomp-bpf each call of each program stops it twice, not only execve.
  const words = [
    '-f',
    '--seccomp-bpf',
    '-qq',
    '-e',
    'trace=execve',
    '-s',
    '1000000',
    '-o',
    trace,
    process.execPath,
    join(root, 'bin', 'run.js'),
    ...args,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn('strace', words, { cwd: w.project, env: { ...w.env, TMPDIR: join(w.home, 'tmp'), ...env } });
    const chunks = { out: [] as Buffer[], err: [] as Buffer[] };
    child.stdout.on('data', (chunk: Buffer) => chunks.out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.err.push(chunk));
    child.stdin.end(input);
    child.on('error', reject);
    child.on('close', (code) => {
      const [out, err] = [chunks.out, chunks.err].map((all) => Buffer.concat(all).toString());
      readFile(trace, 'latin1')
        .then((execs) => rm(trace).then(() => resolve({ code, out: out!, err: err!, execs })))
        .catch(reject);
    });
  });
}
