import { spawnSync } from 'node:child_process';
import type { Transform } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { DcsError } from 'dcs-sdk';
import type { Child, Start } from './child.ts';
import { guardOrphan } from './orphan-guard.ts';
import { passSignals } from './signals.ts';
import { stop } from './stop.ts';

/**
 * Starts the program in a pseudo-terminal, so that it sees a terminal (colours, keys, size) while its output passes the mask.
 * stdout and stderr are one there. Needs the optional dependency @lydell/node-pty; refuses without it.
 */
export async function startInTerminal({ program, args, variables, files }: Start, mask: Transform): Promise<Child> {
  const { spawn } = await loadPty();
  const { stdin, stdout } = process;
  const guard = guardOrphan(files);
  const pty = spawn(program.file, [...args], {
    name: variables['TERM'] ?? 'xterm',
    cols: stdout.columns,
    rows: stdout.rows,
    cwd: process.cwd(),
    env: variables,
    encoding: null,
  });
  guard.watch(pty.pid);
  const resize = (): void => pty.resize(stdout.columns, stdout.rows);
  const keys = new StringDecoder(); // a key may come in two halves
  const type = (bytes: Buffer): void => pty.write(keys.write(bytes));
  stdin.setRawMode(true).on('data', type);
  // Node's raw mode still makes CR LF of LF, which the inner terminal has done already where the program wants it.
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
  stdout.on('resize', resize);
  const unhook = passSignals((signal) => pty.kill(signal));
  // Without `encoding` it gives bytes, whatever its types say.
  pty.onData((bytes) => {
    if (!mask.write(bytes)) pty.pause();
  });
  mask.on('drain', () => pty.resume());
  mask.pipe(stdout, { end: false });
  const exit = new Promise<number>((resolve) => pty.onExit(({ exitCode, signal }) => resolve(signal ? 128 + signal : exitCode)));
  const ended = exit.then(async (code) => {
    guard.release();
    unhook();
    stdin.off('data', type).setRawMode(false).pause();
    stdout.off('resize', resize);
    await new Promise<void>((resolve) => mask.once('end', resolve).end());
    return code;
  });
  return {
    ended,
    stop: (grace) => stop((signal) => pty.kill(signal), ended, grace),
  };
}

async function loadPty(): Promise<typeof import('@lydell/node-pty')> {
  try {
    return await import('@lydell/node-pty');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new DcsError('REFUSED', '--mask in a terminal needs the package @lydell/node-pty, which is not installed for this machine.', {
      why: 'Without it the program would get no terminal, or its output no mask. It was not started.',
      hint: ['the same through a pipe: ... | cat', '--no-mask'],
    });
  }
}
