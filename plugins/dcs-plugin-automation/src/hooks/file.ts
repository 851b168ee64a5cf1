import { lstat, mkdir, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DcsError } from 'dcs-sdk';
import { replace } from '../replace.ts';

/** A file as it lies there; `text` byte by byte (latin1), whatever its encoding. */
export interface Found {
  readonly text: string;
  readonly mode: number;
  /** A link to somewhere else, or nothing that has a text: never edited. */
  readonly foreign: boolean;
}

export async function look(file: string): Promise<Found | undefined> {
  try {
    const stat = await lstat(file);
    const foreign = !stat.isFile();
    return { text: foreign ? '' : await readFile(file, 'latin1'), mode: stat.mode & 0o7777, foreign };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unusable(file, error);
  }
}

/** As a whole or not at all. */
export async function write(file: string, text: string, mode: number): Promise<void> {
  try {
    await stand(dirname(file));
    await replace(file, Buffer.from(text, 'latin1'), mode);
  } catch (error) {
    throw unusable(file, error);
  }
}

/** Not `recursive: true`: that one never returns where the system has no such folder to give, as below /proc. */
async function stand(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || (await exists(dirname(folder)))) throw error;
    await stand(dirname(folder));
    await mkdir(folder);
  }
}

/** What lies there moves, be it a link or a file, as it is. */
export async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    throw unusable(from, error);
  }
}

export async function remove(file: string): Promise<void> {
  try {
    await unlink(file);
  } catch (error) {
    if (!isMissing(error)) throw unusable(file, error);
  }
}

function unusable(file: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string') return error;
  return new DcsError('CONFIG', `${file} cannot be read or written (${code}).`, {
    why: 'The hooks that were not named yet are as they were.',
    hint: ['make its folder writable', 'git config --show-origin --get core.hooksPath     where git takes hooks from'],
  });
}

const exists = (folder: string): Promise<boolean> =>
  lstat(folder).then(
    () => true,
    () => false,
  );

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
