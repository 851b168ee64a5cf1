import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Secret } from 'dcs-sdk';
import { CannotStart, type Program } from './program.ts';
import { masksFor } from './masks.ts';
import { guardOrphan } from './orphan-guard.ts';
import { passSignals } from './signals.ts';
import { stop } from './stop.ts';

export interface Start {
  readonly program: Program;
  /** The words after the program's name. */
  readonly args: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** What is masked, and in which streams; the others are the caller's own. */
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly masked: { readonly stdout: boolean; readonly stderr: boolean };
  /** Removed when dcs is killed. */
  readonly files: readonly string[];
  readonly say: (line: string) => void;
}

export interface Child {
  /** Its exit code, or 128 + n when signal n ended it; its last output is written by then. */
  readonly ended: Promise<number>;
  /** SIGTERM, and SIGKILL after `grace` ms. */
  stop(grace: number): Promise<void>;
}

/** Starts the program beside dcs; where a terminal is to be masked, in a terminal of its own. Throws CannotStart. */
export async function startChild(start: Start): Promise<Child> {
  const { program, args, variables, secrets } = start;
  const { stdout, stderr } = start.masked;
  const mask = stdout || stderr ? await masksFor(secrets, start.say) : undefined;
  // It has one output: where stderr goes elsewhere, that must hold.
  if (mask && stdout && process.stdin.isTTY && process.stdout.isTTY && process.stderr.isTTY) {
    const { startInTerminal } = await import('./terminal.ts');
    return startInTerminal(start, mask());
  }
  const stdio: StdioOptions = ['inherit', stdout ? 'pipe' : 'inherit', stderr ? 'pipe' : 'inherit'];
  const guard = guardOrphan(start.files);
  const child = spawn(program.file, args, { env: variables, stdio });
  if (child.pid !== undefined) guard.watch(child.pid);
  await started(child, program.file).catch((error: unknown) => {
    guard.release();
    throw error;
  });
  const unhook = passSignals((signal) => void child.kill(signal));
  // Node's pipes are sockets: without a signal the program would see an odd error instead of a broken pipe.
  const broken = (): void => void child.kill('SIGPIPE');
  const streams = [passOn(child.stdout, mask, process.stdout, broken), passOn(child.stderr, mask, process.stderr, broken)];
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
    stop: (grace) => stop((signal) => child.kill(signal), exit, grace),
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

/** A reader that went away ends the child's stream too, as it would without dcs between them. */
async function passOn(from: Readable | null, mask: (() => Transform) | undefined, to: Writable, broken: () => void): Promise<void> {
  if (!from || !mask) return;
  // Elsewhere a reader that went away ends dcs at once; here the program hears of it, and its own end is the answer.
  to.removeAllListeners('error').on('error', broken);
  try {
    await pipeline(from, mask(), to, { end: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}
