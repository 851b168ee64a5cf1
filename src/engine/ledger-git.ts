import { randomBytes } from 'node:crypto';
import { rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DcsError } from 'dcs-sdk';
import { isMissing, replaceFile } from '../files.ts';
import { claim, release } from './claim.ts';
import { blocks, parse, serialise } from './ledger-file.ts';
import { readLedger } from './ledger-machine.ts';
import type { LedgerHome, LedgerKeys } from './ledger-types.ts';

const PATIENCE_MS = 10_000;

/** Ledgers of all places of a project in one file beside dcs.yaml, which git shares and merges line by line. */
export function gitHome({ file, keys }: { file: string; keys: LedgerKeys }): LedgerHome {
  let last = { text: '', places: new Map<string, string>() };
  /** Every target of a plan asks for its own block of one file. */
  const split = (text: string): ReadonlyMap<string, string> => {
    if (text !== last.text) last = { text, places: blocks(text, file) };
    return last.places;
  };
  return {
    title: basename(file),
    fileOf: () => file,
    async load(place) {
      const block = split((await readLedger(file)) ?? '').get(place);
      return block === undefined ? undefined : parse(block, keys, file);
    },
    save: (ledger) => change(file, (found) => found.set(ledger.place, serialise(ledger, keys))),
    forget: (place) => change(file, (found) => found.delete(place)),
  };
}

/** Other places' blocks stay as they are: they may be sealed with another environment's key. */
async function change(file: string, work: (found: Map<string, string>) => unknown): Promise<void> {
  await alone(file, async () => {
    const found = blocks((await readLedger(file)) ?? '', file);
    work(found);
    const sorted = [...found].toSorted(([a], [b]) => (a < b ? -1 : 1));
    await replaceFile(file, sorted.map(([, block]) => block).join('\n'), 0o644);
  });
}

/** Read, change and write as one step, among the saves of this process and of others. */
async function alone(file: string, work: () => Promise<void>): Promise<void> {
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
