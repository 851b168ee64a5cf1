import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, link, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DcsError } from 'dcs-sdk';

const TEMPORARY = /^\.(.+)\.\d+-[0-9a-f]{12}\.tmp$/;
/** Older left-overs belong to a process that died between create and rename. */
const STALE_MS = 10 * 60_000;

/** Makes the directory, readable by this user only, also where it stood before with wider rights. */
export async function ensurePrivate(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    if (process.platform !== 'win32' && ((await stat(dir)).mode & 0o077) !== 0) await chmod(dir, 0o700);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new DcsError('CONFIG', `${dir} cannot be made or written (${code}).`, {
      why: 'dcs keeps its record, keys and cache there. Nothing was written.',
      hint: 'make it writable, or name another place with XDG_STATE_HOME, XDG_CONFIG_HOME or XDG_CACHE_HOME',
    });
  }
}

/** Replaces the file as a whole or not at all, readable by this user only; survives a crash at any moment. */
export async function writePrivate(file: string, content: string): Promise<void> {
  await ensurePrivate(dirname(file));
  await replaceFile(file, content, 0o600);
}

/**
 * Makes the file, readable by this user only, where there is none; one that is there stays as it is. It is whole before it has its
 * name, and the name is given once: of two processes one wins, and both read the winner's.
 */
export async function createPrivate(file: string, content: string): Promise<void> {
  const dir = dirname(file);
  await ensurePrivate(dir);
  await sweep(dir, basename(file));
  const temporary = temporaryName(file);
  try {
    await writeSynced(temporary, content, 0o600);
    await link(temporary, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await removeIfThere(temporary);
  }
  await syncDirectory(dir);
}

/**
 * Replaces the file as a whole or not at all. Its directory must stand. `prepared`: called when the new file is complete under a
 * temporary name, and before it gets its own; the inode stays.
 */
export async function replaceFile(
  file: string,
  content: string | Buffer,
  mode: number,
  prepared?: (temporary: string) => Promise<void>,
): Promise<void> {
  const dir = dirname(file);
  await sweep(dir, basename(file));
  const temporary = temporaryName(file);
  try {
    await writeSynced(temporary, content, mode);
    await prepared?.(temporary);
    await rename(temporary, file);
  } catch (error) {
    await removeIfThere(temporary);
    throw error;
  }
  await syncDirectory(dir);
}

const temporaryName = (file: string): string =>
  join(dirname(file), `.${basename(file)}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);

async function writeSynced(file: string, content: string | Buffer, mode: number): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(content, 'utf8');
    if (mode !== 0o600) await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncDirectory(dir: string): Promise<void> {
  // Windows opens no directories.
  if (process.platform === 'win32') return;
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function sweep(dir: string, name: string): Promise<void> {
  const old = Date.now() - STALE_MS;
  for (const entry of await readdir(dir)) {
    if (TEMPORARY.exec(entry)?.[1] !== name) continue;
    const path = join(dir, entry);
    const found = await statIfThere(path);
    if (found && found.mtimeMs < old) await removeIfThere(path);
  }
}

async function statIfThere(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Removes the file; that there is none is no failure. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Reads at once: these files are small, and each of the thread pool's steps costs a start half a millisecond. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The file or directory does not exist: the one failure of the file system that may become a value. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
