import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { lstat, open, rename, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DcsError } from 'dcs-sdk';
import { isMissing, removeIfThere } from '../files.ts';
import { pipeFiles } from './pipe-files.ts';

/** The secrets as a file that never lies on a disk: a named pipe, 0600, that answers each reader once. */
export interface Mount {
  readonly path: string;
  /** What the next reader gets. */
  update(text: string): void;
  /** Removes the pipe. */
  close(): Promise<void>;
}

/** How soon a reader is noticed. */
const POLL_MS = 10;

/** `maxReads` undefined: as often as the program likes. Throws REFUSED on Windows, and where something of that name is there. */
export async function mountSecrets(file: string, first: string, maxReads = Number.POSITIVE_INFINITY): Promise<Mount> {
  const [path, next] = pipeFiles(file);
  if (process.platform === 'win32')
    throw new DcsError('REFUSED', '--mount needs named pipes, which Windows does not have in its file system.', {
      hint: 'dcs env --out FILE',
    });
  await refuseExisting(path);
  await makePipe(path);
  let text = first;
  const closed = new AbortController();
  const serving = serve(path, next, () => text, maxReads, closed.signal);
  serving.catch(() => undefined); // told by close(): until then the program runs
  return {
    path,
    update: (next) => void (text = next),
    async close() {
      closed.abort();
      await serving;
      await removeIfThere(path);
    },
  };
}

/**
 * A pipe serves one reader. The next one is put in its place, in one step, before the first byte is written: a reader that is slow to
 * close would get a second copy, and one that comes early an empty file.
 */
async function serve(path: string, next: string, text: () => string, maxReads: number, signal: AbortSignal): Promise<void> {
  for (let reads = 1; !signal.aborted; reads++) {
    const reader = await waitForReader(path, signal);
    if (reader === undefined) return;
    if (reads >= maxReads) await removeIfThere(path);
    else {
      await makePipe(next);
      await rename(next, path);
    }
    await hand(reader, Buffer.from(text()), signal);
    if (reads >= maxReads) return;
  }
}

/** Undefined: closed before anybody came. */
async function waitForReader(path: string, signal: AbortSignal): Promise<FileHandle | undefined> {
  while (!signal.aborted)
    try {
      return await open(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if (isMissing(error)) return undefined;
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  return undefined;
}

async function hand(reader: FileHandle, bytes: Buffer, signal: AbortSignal): Promise<void> {
  try {
    for (let at = 0; at < bytes.length && !signal.aborted;)
      try {
        at += (await reader.write(bytes, at)).bytesWritten;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        await sleep(POLL_MS, undefined, { signal }).catch(() => undefined); // the pipe is full until the reader reads on
      }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error; // it has read enough
  } finally {
    await reader.close();
  }
}

async function refuseExisting(path: string): Promise<void> {
  try {
    await lstat(path);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  throw new DcsError('REFUSED', `${path} is there already.`, {
    why: 'dcs replaces no file. The program was not started.',
    hint: 'another --mount FILE',
  });
}

async function makePipe(path: string): Promise<void> {
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', path], { env: { PATH: '/usr/bin:/bin' } });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new DcsError('REFUSED', `No named pipe can be made at ${path}.`, { hint: '--mount in a directory that is there and writable' });
  }
}
