import { flushCompileCache } from 'node:module';
import type { Program } from './program.ts';

/** Room that the kernel certainly grants for arguments and variables together: a quarter of the smallest usual stack (8 MiB). */
const MOST_BYTES = 2 * 1024 * 1024;

/** May this process become that program? */
export function canReplace(program: Program, args: readonly string[], variables: Readonly<Record<string, string>>): boolean {
  // Each string costs its bytes, a NUL and a pointer.
  const strings = [...args, ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)];
  const bytes = strings.reduce((sum, text) => sum + Buffer.byteLength(text) + 9, 0);
  return typeof process.execve === 'function' && process.platform !== 'win32' && program.direct && bytes < MOST_BYTES;
}

/**
 * Becomes the program: exit code, signals, terminal and memory are its own, and nothing of dcs remains. Never returns.
 * https://nodejs.org/api/process.html#processexecvefile-args-env (last verified 2026-11-21)
 */
export function replaceWith(program: Program, argv: readonly string[], variables: Readonly<Record<string, string>>): never {
  // Non-blocking pipes are inherited, and few programs expect EAGAIN: 3 MB through a slow pipe would lose all but 64 KiB.
  for (const stream of [process.stdin, process.stdout, process.stderr]) (stream as Handle)._handle?.setBlocking?.(true);
  // Node ignores these two, an ignored signal stays ignored across exec, and a caught one does not.
  for (const signal of ['SIGPIPE', 'SIGXFSZ'] as const) process.on(signal, () => undefined);
  flushCompileCache(); // exit hooks do not run
  process.execve!(program.file, [...argv], variables);
  throw new Error('execve returned');
}

type Handle = { readonly _handle?: { setBlocking?(blocking: boolean): void } };
