import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DcsError } from 'dcs-sdk';
import type { Updates } from './fetch.ts';
import { readPointer, removeOldVersions, versionFolder, whileHeld, writePointer, type Install, type Pointer } from './install-folder.ts';
import { judge } from './judge.ts';
import { CHANNELS, type Channel, type Manifest } from './manifest.ts';
import { tryOut } from './try-out.ts';
import { holds, settle, takeFrom, unpack } from './unpack.ts';

export interface Updated extends Pointer {
  /** False: that version was in use. */
  readonly updated: boolean;
}

export interface Wish {
  /** From now on. Default: the channel of the last time. */
  readonly channel?: Channel | undefined;
  readonly version?: string | undefined;
}

/** Gets what the channel says, or the version, ready beside the one in use, tries it out and switches. */
export async function update(install: Install, updates: Updates, wish: Wish, tell: (line: string) => void): Promise<Updated> {
  return whileHeld(install, async (work) => {
    const pointer = await readPointer(install);
    await removeOldVersions(install);
    const channel = wish.channel ?? pointer.channel;
    const manifest = await manifestFor(install, updates, pointer, { ...wish, channel });
    if (manifest.version === pointer.version) {
      if (channel !== pointer.channel) await writePointer(install, { ...pointer, channel });
      return { ...pointer, channel, updated: false };
    }
    const folder = versionFolder(install, manifest.version);
    await mkdir(work, { recursive: true, mode: 0o755 });
    if (await holds(folder, manifest.parts)) await tryOut(folder, manifest.version, install, work);
    else await bring(install, updates, manifest, pointer, work, tell);
    return switchTo(install, { version: manifest.version, previous: pointer.version, channel });
  });
}

/** Back to the version before; again, and it is the newer one that is in use. */
export async function rollback(install: Install): Promise<Updated> {
  return whileHeld(install, async (work) => {
    const { version, previous, channel } = await readPointer(install);
    if (previous === undefined)
      throw new DcsError('REFUSED', `There is no version before ${version} to go back to.`, {
        why: 'This dcs was not updated yet. Nothing was changed.',
        hint: 'dcs update --available     then dcs update --version VERSION',
      });
    await mkdir(work, { recursive: true, mode: 0o755 });
    await tryOut(versionFolder(install, previous), previous, install, work);
    return switchTo(install, { version: previous, previous: version, channel });
  });
}

export interface ChannelState {
  readonly channel: Channel;
  readonly version: string;
  readonly expires: string;
  readonly versions: readonly string[];
}

/** What each channel says, where there is one. */
export async function available(install: Install, updates: Updates, now: Date): Promise<readonly ChannelState[]> {
  const found: ChannelState[] = [];
  for (const channel of CHANNELS) {
    const manifest = await updates.manifest({ channel });
    if (!manifest) continue;
    // Not whether it is newer, nor whether it could be installed: whether it is true.
    judge(manifest, { platform: install.platform, channel, current: manifest.version }, now);
    found.push({ channel, version: manifest.version, expires: manifest.expires, versions: manifest.versions });
  }
  return found;
}

async function manifestFor(install: Install, updates: Updates, pointer: Pointer, { channel, version }: Wish): Promise<Manifest> {
  const manifest = await updates.manifest(version === undefined ? { channel: channel! } : { version });
  if (!manifest)
    throw new DcsError(
      'USAGE',
      version === undefined
        ? `There is no channel ${channel} for ${install.platform}.`
        : `There is no version ${version} for ${install.platform}.`,
      {
        why: 'Nothing was changed.',
        hint: 'dcs update --available',
      },
    );
  judge(manifest, { platform: install.platform, current: pointer.version, channel: channel!, version }, new Date());
  return manifest;
}

async function bring(
  install: Install,
  updates: Updates,
  manifest: Manifest,
  pointer: Pointer,
  work: string,
  tell: (line: string) => void,
): Promise<void> {
  const [tree, folder, inUse] = [join(work, 'tree'), versionFolder(install, manifest.version), versionFolder(install, pointer.version)];
  for (const [index, part] of manifest.parts.entries()) {
    if (await takeFrom(inUse, part, tree)) continue;
    tell(`Downloading part ${index + 1} of ${manifest.parts.length} of dcs ${manifest.version} (${Math.ceil(part.size / 1e6)} MB)`);
    const packed = join(work, `${index}.part`);
    await updates.part(part, packed);
    await unpack(packed, part, tree);
    await rm(packed);
  }
  await settle(tree);
  await tryOut(tree, manifest.version, install, work);
  // What is there is not whole: of an update that was killed between these two, or damaged.
  await rm(folder, { recursive: true, force: true });
  await rename(tree, folder);
}

async function switchTo(install: Install, pointer: Pointer): Promise<Updated> {
  await writePointer(install, pointer);
  await removeOldVersions(install);
  return { ...pointer, updated: true };
}
