import { basename } from 'node:path';
import { replaceFile } from '../files.ts';
import { alone } from './alone.ts';
import { blocks, parse, serialise } from './ledger-file.ts';
import { readLedger } from './ledger-machine.ts';
import type { LedgerHome, LedgerKeys } from './ledger-types.ts';

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
