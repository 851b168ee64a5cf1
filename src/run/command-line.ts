import { basename } from 'node:path';
import { DcsError, type Env } from 'dcs-sdk';

/** What stands before the first `--` is for dcs, what follows is the program's, byte for byte. */
export interface CommandLine {
  readonly own: readonly string[];
  /** Undefined: there was no `--`. */
  readonly program: readonly string[] | undefined;
}

export function splitCommandLine(argv: readonly string[]): CommandLine {
  const at = argv.indexOf('--');
  return at === -1 ? { own: argv, program: undefined } : { own: argv.slice(0, at), program: argv.slice(at + 1) };
}

/** The program to start: the words after `--`, or a shell for `--command`. */
export function programOf(command: string | undefined, line: CommandLine, env: Env): readonly string[] | undefined {
  if (command === undefined) {
    if (line.program === undefined || line.program.length === 0) return undefined;
    return line.program;
  }
  if (line.program !== undefined) throw new DcsError('USAGE', '--command and -- both name a program.', { hint: 'leave one of them out' });
  return shellFor(command, env);
}

type Flags = Readonly<Record<string, { readonly type: string; readonly char?: string }>>;

/** The answer to a line without a program, or with words before `--` that only a program can have. `flags`: this command's. */
export function noProgram(id: string, { own, program = [] }: CommandLine, flags: Flags): DcsError {
  const takesValue = (word: string): boolean =>
    Object.entries(flags).some(([name, { type, char }]) => type === 'option' && [`--${name}`, `-${char}`].includes(word));
  const first = own.findIndex((word, index) => !word.startsWith('-') && !takesValue(own[index - 1] ?? ''));
  const at = first === -1 ? own.length : first;
  const words = [...own.slice(at), ...program];
  return new DcsError('USAGE', 'Which program?', {
    why: 'It follows --, so that none of its flags is taken for one of dcs.',
    hint: ['dcs', id, ...own.slice(0, at), '--', ...(words.length === 0 ? ['CMD'] : words)].join(' '),
  });
}

const SHELLS = new Set(['bash', 'csh', 'dash', 'fish', 'ksh', 'sh', 'tcsh', 'zsh']);

/** The caller's own shell where it is one, else sh. */
function shellFor(command: string, env: Env): readonly string[] {
  if (process.platform === 'win32') return [env['COMSPEC'] || 'cmd.exe', '/d', '/s', '/c', command];
  const own = env['SHELL'];
  return [own !== undefined && SHELLS.has(basename(own)) ? own : '/bin/sh', '-c', command];
}
