import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DcsError } from 'dcs-sdk';
import { isMissing, removeIfThere, writePrivate } from '../files.ts';
import { parse, serialise } from './ledger-file.ts';
import type { LedgerHome, LedgerKeys } from './ledger-types.ts';
import { fileName } from './place-name.ts';

/** Ledgers in this machine's state folder, one file a place. */
export function machineHome({ stateDir, keys }: { stateDir: string; keys: LedgerKeys }): LedgerHome {
  const fileOf = (place: string): string => ledgerFile(stateDir, place);
  return {
    title: 'this machine',
    fileOf,
    async load(place) {
      const file = fileOf(place);
      const text = await readLedger(file);
      const ledger = text === undefined ? undefined : parse(text, keys, file);
      return ledger?.place === place ? ledger : undefined;
    },
    save: (ledger) => writePrivate(fileOf(ledger.place), serialise(ledger, keys)),
    forget: (place) => removeIfThere(fileOf(place)),
  };
}

export const ledgerFile = (stateDir: string, place: string): string => join(stateDir, 'ledgers', `${fileName(place)}.jsonl`);

/** Undefined only when there is no file: what cannot be read is not "none". */
export async function readLedger(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new DcsError('CONFLICT', `The ledger ${file} cannot be read (${code}).`, {
      why: 'Without it dcs cannot tell what it wrote. Nothing was written.',
      hint: ['dcs doctor', `make ${file} readable, or move it away: then names are asked for again, and no value is lost`],
    });
  }
}
