import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Secret } from 'dcs-sdk';
import { CannotStart, type Program } from './program.ts';
import { guardOrphan } from './orphan-guard.ts';

export interface Start {
  readonly program: Program;
  /** The words after the program's name. */
  readonly args: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** What is masked, and in which streams; the others are the caller's own. */
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly masked: { readonly stdout: boolean; readonly stderr: boolean };
}

export interface Child {
  /** Its exit code, or 128 + n when signal n ended it; its last output is written by then. */
  readonly ended: Promise<number>;
  /** SIGTERM, and SIGKILL after `grace` ms. */
  stop(grace: number): Promise<void>;
}

/** What people and supervisors send. In a terminal the keys' signals reach the child by themselves: passing them on would double them. */
const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGCONT'] as const;
const KEYS: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT']);

/** Starts the program beside dcs. Throws CannotStart. */
export async function startChild({ program, args, variables, secrets, masked: { stdout, stderr } }: Start): Promise<Child> {
  const mask = stdout || stderr ? await masksFor(secrets) : undefined;
  const stdio: StdioOptions = ['inherit', stdout ? 'pipe' : 'inherit', stderr ? 'pipe' : 'inherit'];
  const child = spawn(program.file, args, { env: variables, stdio });
  await started(child, program.file);
  const guard = guardOrphan(child.pid!);
  const unhook = passSignals(child);
  const streams = [passOn(child.stdout, mask, process.stdout), passOn(child.stderr, mask, process.stderr)];
  const exit = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]));
  });
  const ended = exit.then(async (code) => {
    guard.release();
    unhook();
    await Promise.all(streams);
    return code;
  });
  return {
    ended,
    async stop(grace) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), grace);
      await exit;
      clearTimeout(timer);
    },
  };
}

async function started(child: ChildProcess, file: string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new CannotStart(127, `There is no program ${JSON.stringify(file)}.`);
    if (code === 'E2BIG')
      throw new CannotStart(126, 'The system takes no arguments and variables of that size.', '--only NAME, or --mount FILE');
    throw new CannotStart(126, `${file} cannot be started (${code ?? 'unknown reason'}).`);
  }
}

function passSignals(child: ChildProcess): () => void {
  const hooks = SIGNALS.filter((signal) => !(process.stdin.isTTY && KEYS.has(signal))).map((signal) => {
    const pass = (): void => void child.kill(signal);
    process.on(signal, pass);
    return [signal, pass] as const;
  });
  const ignored = process.stdin.isTTY ? [...KEYS].map((key) => key as NodeJS.Signals) : [];
  const wait = (): void => undefined; // the child decides what Ctrl-C means
  for (const signal of ignored) process.on(signal, wait);
  return () => {
    for (const [signal, pass] of hooks) process.off(signal, pass);
    for (const signal of ignored) process.off(signal, wait);
  };
}

async function masksFor(secrets: ReadonlyMap<string, Secret>): Promise<() => Transform> {
  void secrets;
  const { PassThrough } = await import('node:stream');
  return () => new PassThrough();
}

/** A reader that went away ends the child's stream too, as it would without dcs between them. */
async function passOn(from: Readable | null, mask: (() => Transform) | undefined, to: Writable): Promise<void> {
  if (!from || !mask) return;
  try {
    await pipeline(from, mask(), to, { end: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}
