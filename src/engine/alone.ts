import { randomBytes } from 'node:crypto';
import { rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DcsError } from 'dcs-sdk';
import { isMissing } from '../files.ts';
import { claim, release } from './claim.ts';

const PATIENCE_MS = 10_000;

/** Read, change and write of one file as one step, among this process and others. */
export async function alone(file: string, work: () => Promise<void>): Promise<void> {
  const dir = join(dirname(file), `.${basename(file)}.busy`);
  const id = randomBytes(6).toString('hex');
  const deadline = Date.now() + PATIENCE_MS;
  let taken = await claim(dir, id);
  while (!('file' in taken)) {
    if (Date.now() > deadline)
      throw new DcsError('CONFLICT', `${file} is being written by process ${taken.heldBy.pid} since ${taken.heldBy.since}.`, {
        hint: `remove ${dir} if no dcs runs`,
      });
    await sleep(2 + Math.random() * 20);
    taken = await claim(dir, id);
  }
  try {
    await work();
  } finally {
    await release(taken.file, id);
    await removeIfEmpty(dir);
  }
}

async function removeIfEmpty(dir: string): Promise<void> {
  try {
    await rmdir(dir);
  } catch (error) {
    const next =
      error instanceof Error && 'code' in error && (error.code === 'ENOTEMPTY' || error.code === 'EEXIST' || error.code === 'EPERM');
    if (!next && !isMissing(error)) throw error; // the next one is already waiting in it
  }
}
