import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Log } from 'dcs-sdk';
import { ensurePrivate, readIfThere, removeIfThere, writePrivate } from '../files.ts';
import { HEAD, MARK, shellRules } from './rules.ts';

/** Beside the record, under the path of dcs.yaml itself, so that a shell finds it without computing anything. */
export const rulesFile = (stateDir: string, file: string): string => join(stateDir, 'shell', file.replace(':', ''));

/** Tells the shells what this dcs.yaml says of environments. A disk that cannot be written costs the prompt, not the command. */
export async function keepRules(stateDir: string, file: string, log: Log): Promise<void> {
  const kept = rulesFile(stateDir, file);
  try {
    const text = await readFile(file, 'utf8');
    const known = await readIfThere(kept);
    if (known?.startsWith(`${HEAD}\n`) && known.slice(known.indexOf(MARK) + MARK.length) === text) return;
    const rules = shellRules(text, file, dirname(file));
    if (rules === undefined) return await removeIfThere(kept);
    await ensurePrivate(stateDir);
    await mkdir(dirname(kept), { recursive: true, mode: 0o700 });
    await writePrivate(kept, rules);
  } catch (error) {
    log(`the shell's prompt keeps what it knew: ${error instanceof Error ? error.message : 'the disk refused'}`);
  }
}
