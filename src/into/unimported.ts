import { join } from 'node:path';
import { isDcsError } from 'dcs-sdk';
import { checkDopplerName } from '../doppler/target.ts';
import { readGiven } from './file.ts';

/** The files in which local values usually stand, the likelier first. */
const USUAL = ['.env', '.dev.vars', '.env.local'];

/** Files of this folder with names that Doppler lacks, and how many. `held`: asked only where there is such a file; undefined is not known. */
export async function unimported(folder: string, held: () => Promise<readonly string[] | undefined>): Promise<readonly Unimported[]> {
  const found = (await Promise.all(USUAL.map((file) => namesIn(folder, file)))).filter(({ names }) => names.length > 0);
  if (found.length === 0) return [];
  const names = await held();
  if (names === undefined) return [];
  const there = new Set(names);
  return found
    .map(({ file, names: local }) => ({ file, names: local.filter((name) => !there.has(name)).length }))
    .filter((each) => each.names > 0);
}

export interface Unimported {
  readonly file: string;
  readonly names: number;
}

/** A file that is not there, or that an import would refuse, has none. */
async function namesIn(folder: string, file: string): Promise<{ file: string; names: string[] }> {
  try {
    const { given } = await readGiven(join(folder, file), 'dotenv');
    const filled = given.filter(({ name, secret }) => checkDopplerName(name) === undefined && secret.reveal() !== '');
    return { file, names: filled.map(({ name }) => name) };
  } catch (error) {
    if (isDcsError(error)) return { file, names: [] };
    throw error;
  }
}
