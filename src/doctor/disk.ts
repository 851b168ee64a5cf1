import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DcsError, isDcsError } from 'dcs-sdk';
import { isMissing, removeIfThere } from '../files.ts';
import { plural } from '../render/style.ts';
import { keptSnapshots, snapshotStore, type SnapshotStore } from '../run/snapshot.ts';
import type { Session } from '../session.ts';
import { ifSignedIn, type Doppler } from './doppler.ts';
import { ok, problem, warning, type DoctorFinding } from './finding.ts';

/** Folders that hold keys, records or tokens are for their owner alone. */
export async function checkFolders({ directories }: Session): Promise<readonly DoctorFinding[]> {
  const folders = [directories.stateDir, directories.configDir, directories.cacheDir, join(directories.stateDir, 'keys')];
  const found = await Promise.all(folders.map(checkMode));
  const wide = found.flat();
  return wide.length > 0 ? wide : [ok('folders', 'state, config and cache are yours alone')];
}

async function checkMode(path: string): Promise<readonly DoctorFinding[]> {
  try {
    const { mode } = await stat(path);
    // Windows tells no rights of others in a mode.
    if (process.platform === 'win32' || (mode & 0o077) === 0) return [];
    const message = `${path} is open to others (mode ${(mode & 0o777).toString(8)})`;
    return [{ ...problem('folders', new DcsError('CONFIG', message, { hint: 'dcs doctor --fix' })), fix: () => close(path) }];
  } catch (error) {
    if (isMissing(error)) return [];
    return [problem('folders', new DcsError('CONFIG', `${path} cannot be read.`, { hint: 'look at its owner' }))];
  }
}

async function close(path: string): Promise<void> {
  try {
    await chmod(path, 0o700);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new DcsError('CONFIG', `${path} cannot be closed to others (${code}).`, { hint: 'look at its owner' });
  }
}

/** Can each be used when Doppler cannot be reached? Without a token none can be opened, and the checks that read say so. */
export async function checkSnapshots(session: Session, doppler: Doppler): Promise<readonly DoctorFinding[]> {
  const { cacheDir } = session.directories;
  const signed = await ifSignedIn(doppler);
  const kept = signed ? await keptSnapshots(cacheDir) : [];
  if (!signed || kept.length === 0) return [];
  const store = snapshotStore({ cacheDir, token: signed.token.token, log: session.log });
  const opens = await Promise.all(kept.map(({ identity }) => opened(store, identity)));
  const shut = kept.filter((_, index) => !opens[index]);
  if (shut.length === 0) return [ok('cache', `${plural(kept.length, 'snapshot')} for when Doppler cannot be reached`)];
  return shut.map(({ identity, file }) => ({
    ...warning('cache', `the snapshot of ${identity} does not open: another token, or damaged`, ['dcs cache clean', 'dcs doctor --fix']),
    fix: () => removeIfThere(file),
  }));
}

async function opened(store: SnapshotStore, identity: string): Promise<boolean> {
  try {
    return (await store.load(identity)) !== undefined;
  } catch (error) {
    if (isDcsError(error)) return false;
    throw error;
  }
}
