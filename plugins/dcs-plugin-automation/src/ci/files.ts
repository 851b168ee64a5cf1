import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DcsError } from 'dcs-sdk';
import { replace } from '../replace.ts';

/** A file to write, and how what stands there came to be. */
export interface Wanted {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
  /** `edited`: somebody changed it since dcs wrote it, or dcs never did. */
  readonly is: 'new' | 'same' | 'older' | 'edited';
}

/** The first line tells a file that nobody touched from one that somebody made his own. */
export function signed(system: string, text: string): string {
  return `# Written by dcs ci init ${system}, which also renews it while its text is ${digest(text)}\n${text}`;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

export async function wanted(root: string, path: string, text: string): Promise<Wanted> {
  const there = await readIf(join(root, path));
  if (there === undefined) return { path, text, is: 'new' };
  if (there === text) return { path, text, is: 'same' };
  const [, sum, rest] =
    /^# Written by dcs ci init \w+, which also renews it while its text is ([0-9a-f]{16})\r?\n([^]*)$/.exec(there) ?? [];
  return { path, text, is: sum !== undefined && sum === digest(rest!) ? 'older' : 'edited' };
}

export async function write(root: string, { path, text }: Wanted): Promise<void> {
  const file = join(root, path);
  try {
    await mkdir(dirname(file), { recursive: true });
    await replace(file, text);
  } catch (error) {
    throw unusable(file, error);
  }
}

export async function readIf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unusable(file, error);
  }
}

function unusable(file: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  return new DcsError('CONFIG', `${file} cannot be read or written (${code}).`, {
    why: 'The files that were not named yet are as they were.',
  });
}
