import { accessSync, closeSync, constants, openSync, readSync, statSync, type Stats } from 'node:fs';
import { delimiter, isAbsolute, resolve } from 'node:path';
import { DcsError, type Env } from 'dcs-sdk';

/** A program as execvp(3) would find it. */
export interface Program {
  readonly file: string;
  /** The kernel starts it: an ELF or Mach-O file, or a script whose interpreter is there. Anything else is for a shell to try. */
  readonly direct: boolean;
}

/** env(1): 126 cannot be started, 127 is not there. */
export class CannotStart extends DcsError {
  readonly exitCode: 126 | 127;
  constructor(exitCode: 126 | 127, message: string, hint?: string) {
    super('USAGE', message, hint === undefined ? {} : { hint });
    this.exitCode = exitCode;
  }
}

/** Looks where execvp(3) looks; throws CannotStart. On Windows the system does the looking. */
export function findProgram(name: string, env: Env, cwd: string): Program {
  if (process.platform === 'win32') return { file: name, direct: false };
  const candidates = name.includes('/') ? [resolve(cwd, name)] : (env['PATH'] ?? '').split(delimiter).map((dir) => resolve(cwd, dir, name));
  const there = candidates.filter(isFile);
  const file = there.find(isExecutable);
  if (file !== undefined) return { file, direct: isDirect(file) };
  if (there[0] !== undefined) throw new CannotStart(126, `${there[0]} is not executable.`, `chmod +x ${there[0]}`);
  if (name.includes('/') && isFolder(candidates[0]!)) throw new CannotStart(126, `${name} is a directory.`);
  throw new CannotStart(127, `There is no program ${JSON.stringify(name)}${name.includes('/') ? '' : ' on the PATH'}.`);
}

const isFile = (path: string): boolean => look(path)?.isFile() ?? false;
const isFolder = (path: string): boolean => look(path)?.isDirectory() ?? false;

/** As execvp(3) does it: what cannot be looked at is passed over. */
function look(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // whatever the reason, it cannot be started
  }
}

const ELF = 0x7f454c46;
const MACH_O = new Set([0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe, 0xcafebabe]);

/** execve of Node 22 and 24 aborts the process where the kernel says no, so what it will say must be known. */
function isDirect(file: string): boolean {
  const head = firstBytes(file);
  const [, interpreter] = /^#! *([^\s\0]+)/.exec(head?.toString('latin1') ?? '') ?? [];
  if (interpreter === undefined) return isBinary(head);
  if (!isFile(interpreter)) throw new CannotStart(126, `${file} wants the interpreter ${interpreter}, which is not there.`);
  return isAbsolute(interpreter) && isExecutable(interpreter) && isBinary(firstBytes(interpreter));
}

function isBinary(head: Buffer | undefined): boolean {
  const magic = head !== undefined && head.length >= 4 ? head.readUInt32BE(0) : 0;
  return magic === ELF || MACH_O.has(magic);
}

/** Undefined: may be started, but not read. */
function firstBytes(file: string): Buffer | undefined {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const buffer = Buffer.alloc(256);
      return buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}
