import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { DcsError } from 'dcs-sdk';
import { claim, release } from '../engine/claim.ts';
import { isMissing, removeIfThere, replaceFile } from '../files.ts';
import { CHANNELS, type Channel } from './manifest.ts';
import { VERSION } from './version.ts';

/**
 * A standalone dcs: `bin/dcs` starts the version that the first line of `current` names, out of `versions/`. That one file is
 * replaced as a whole, so there is always one version in use, and everything else in the folder can be made and removed around it.
 */
export interface Install {
  readonly root: string;
  /** The version that runs this command: another one than the pointer's while a second update goes on. */
  readonly running: string;
  /** `linux-x64`: of Node's names. */
  readonly platform: string;
  /** Where its updates lie. */
  readonly updates: string;
}

export interface Pointer {
  readonly version: string;
  readonly previous?: string;
  readonly channel: Channel;
}

/** Undefined: npm, brew or a clone brought this dcs. `packageRoot`: the folder of its package.json. */
export function standaloneInstall(packageRoot: string, running: string): Install | undefined {
  let text: string;
  try {
    text = readFileSync(join(packageRoot, 'standalone.json'), 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const { platform, updates } = JSON.parse(text) as { platform: string; updates: string };
  if (basename(dirname(packageRoot)) !== 'versions') return undefined;
  return { root: dirname(dirname(packageRoot)), running, platform, updates };
}

export const versionFolder = ({ root }: Install, version: string): string => join(root, 'versions', version);

const pointerFile = ({ root }: Install): string => join(root, 'current');

export async function readPointer(install: Install): Promise<Pointer> {
  const [version = '', ...lines] = (await readFile(pointerFile(install), 'utf8')).split(/\r?\n/);
  const said = new Map(lines.map((line) => line.split(' ', 2) as [string, string]));
  const [previous, channel] = [said.get('previous'), said.get('channel')];
  if (!VERSION.test(version) || (previous !== undefined && !VERSION.test(previous)))
    throw new DcsError('CONFIG', `${pointerFile(install)} does not name a version.`, {
      hint: 'unpack the newest dcs anew: see docs/installing.md',
    });
  return {
    version,
    ...(previous === undefined ? {} : { previous }),
    channel: CHANNELS.find((known) => known === channel) ?? 'stable',
  };
}

/** The switch: at every moment the file names one version or the other. */
export async function writePointer(install: Install, { version, previous, channel }: Pointer): Promise<void> {
  const lines = [version, ...(previous === undefined ? [] : [`previous ${previous}`]), `channel ${channel}`, ''];
  // cmd.exe reads it as well.
  await replaceFile(pointerFile(install), lines.join(process.platform === 'win32' ? '\r\n' : '\n'), 0o644);
}

/** One update a folder at a time; `work` is empty, on the same disk, and gone afterwards. */
export async function whileHeld<T>(install: Install, act: (work: string) => Promise<T>): Promise<T> {
  const id = randomUUID();
  const own = join(install.root, '.update');
  await makeFolder(own);
  const taken = await claim(join(own, 'lock'), id);
  if ('heldBy' in taken)
    throw new DcsError('CONFLICT', 'Another update of this dcs is going on.', {
      why: `Process ${taken.heldBy.pid} on ${taken.heldBy.host === hostname() ? 'this machine' : taken.heldBy.host} holds it since ${taken.heldBy.since}. Nothing was changed.`,
      hint: 'wait for it to end',
    });
  const work = join(own, 'work');
  try {
    // Of an update that was killed.
    await rm(work, { recursive: true, force: true });
    await removeUnfinishedClaims(dirname(taken.file));
    return await act(work);
  } finally {
    await rm(work, { recursive: true, force: true });
    await release(taken.file, id);
  }
}

/** Not `recursive`: on a read-only disk Node would say ENOENT. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** A claim that is just being made begins again. */
async function removeUnfinishedClaims(lock: string): Promise<void> {
  for (const name of await readdir(lock)) if (name.endsWith('.tmp')) await removeIfThere(join(lock, name));
}

/** Removes every version but the one in use, the one before it and the one that runs this. */
export async function removeOldVersions(install: Install): Promise<void> {
  const { version, previous } = await readPointer(install);
  for (const name of await readdir(join(install.root, 'versions'))) {
    if ([version, previous, install.running].includes(name) || !VERSION.test(name)) continue;
    await rm(versionFolder(install, name), { recursive: true, force: true }).catch(inUse);
  }
}

/** Windows does not remove a program that runs: the next update does. */
function inUse(error: NodeJS.ErrnoException): void {
  if (process.platform !== 'win32' || !['EPERM', 'EBUSY', 'ENOTEMPTY'].includes(error.code ?? '')) throw error;
}
