import { createHash } from 'node:crypto';
import { readFile, realpath, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, readIfThere, writePrivate } from '../files.ts';

/** This dcs.yaml, with the root file that it takes defaults from, may act by itself as it is now. Returns its digest; any edit ends the trust. */
export async function trust(stateDir: string, files: readonly string[]): Promise<string> {
  const digest = await digestOf(files);
  await writePrivate(await recordOf(stateDir, files[0]!), digest);
  return digest;
}

/** False: it was not trusted. */
export async function untrust(stateDir: string, [file]: readonly string[]): Promise<boolean> {
  try {
    await unlink(await recordOf(stateDir, file!));
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

export async function isTrusted(stateDir: string, files: readonly string[]): Promise<boolean> {
  const [file] = files;
  if (file === undefined) return false;
  const digest = await readIfThere(await recordOf(stateDir, file));
  return digest !== undefined && digest === (await digestOf(files));
}

async function digestOf(files: readonly string[]): Promise<string> {
  const digests = files.map(async (file) =>
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex'),
  );
  return (await Promise.all(digests)).join(' ');
}

/** A file each: what is trusted here while another is no longer trusted there does not meet. */
const recordOf = async (stateDir: string, file: string): Promise<string> =>
  join(
    stateDir,
    'trust',
    createHash('sha256')
      .update(await realpath(file))
      .digest('hex'),
  );
