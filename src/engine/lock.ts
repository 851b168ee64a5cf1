import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { hostname } from 'node:os';
import { DcsError } from 'dcs-sdk';
import { ensurePrivate, isMissing } from '../files.ts';
import { claim, claims, release, type Holder } from './claim.ts';
import { fileName } from './place-name.ts';

export interface Lock {
  release(): Promise<void>;
}

/** One writer a place on this machine. A holder that died is taken over; a living one, or another machine's, is CONFLICT. */
export async function acquire({ stateDir, place, run }: { stateDir: string; place: string; run: string }): Promise<Lock> {
  const taken = await take(stateDir, place, run);
  if ('release' in taken) return taken;
  throw new DcsError('CONFLICT', `Another dcs is writing to ${place}.`, {
    why: `${held(taken)}. Nothing was written.`,
    hint: ['wait for it to end', `--break-lock ${taken.id}     if it surely does not run any more`],
  });
}

/** One run of a long command at a time on this machine: `dcs reconcile of /srv/shop`. */
export async function onlyRun({ stateDir, what, run }: { stateDir: string; what: string; run: string }): Promise<Lock> {
  const taken = await take(stateDir, what, run);
  if ('release' in taken) return taken;
  throw new DcsError('CONFLICT', `Another ${what} is under way.`, { why: `${held(taken)}.`, hint: 'wait for it to end' });
}

async function take(stateDir: string, place: string, run: string): Promise<Lock | Holder> {
  await ensurePrivate(join(stateDir, 'locks'));
  const taken = await claim(join(stateDir, 'locks', fileName(place)), run);
  return 'file' in taken ? { release: () => release(taken.file, run) } : taken.heldBy;
}

const held = ({ pid, host, since }: Holder): string =>
  `Process ${pid} on ${host === hostname() ? 'this machine' : host} holds it since ${since}`;

/** Takes every lock of that run away, whoever holds it. */
export async function breakLock(stateDir: string, id: string): Promise<void> {
  const root = join(stateDir, 'locks');
  let broken = 0;
  for (const place of await places(root)) {
    for (const { file, holder } of await claims(join(root, place))) {
      if (holder.id !== id) continue;
      await unlink(file);
      broken++;
    }
  }
  if (broken === 0)
    throw new DcsError('CONFLICT', `There is no lock ${id}.`, {
      why: 'Its holder ended, or the id is another.',
      hint: 'try again without --break-lock',
    });
}

async function places(root: string): Promise<string[]> {
  try {
    return await readdir(root);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
