import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Log } from 'dcs-sdk';
import type { Project } from '../config/project.ts';
import { isTrusted } from '../config/trust.ts';
import { ensurePrivate, readIfThere, removeIfThere, writePrivate } from '../files.ts';

/** How the rules begin: their form, and whether this dcs.yaml may act by itself. */
const head = (trusted: boolean): string => `dcs shell 1\ntrust ${trusted ? 'yes' : 'no'}\n`;
/** Between the rules and the text of dcs.yaml they were made from: a shell believes them only while dcs.yaml still is that text. */
const MARK = '\n---\n';

/** Beside the record, under the path of dcs.yaml itself, so that a shell finds it without computing anything. */
const rulesFile = (stateDir: string, file: string): string => join(stateDir, 'shell', file.replace(':', ''));

/** Tells the shells what this dcs.yaml says of environments. A disk that cannot be written costs the prompt, not the command. */
export async function keepRules(stateDir: string, { files }: Project, log: Log): Promise<void> {
  const [file, ...heads] = files;
  if (file === undefined) return;
  const kept = rulesFile(stateDir, file);
  try {
    // A shell looks at dcs.yaml alone, and would go by what the root file of its workspace no longer says.
    if (heads.length > 0) return await removeIfThere(kept);
    const text = await readFile(file, 'utf8');
    const known = await readIfThere(kept);
    const trusted = await isTrusted(stateDir, files);
    if (known?.startsWith(head(trusted)) && known.slice(known.indexOf(MARK) + MARK.length) === text) return;
    const { shellRules } = await import('./rules.ts'); // the schema, which most starts do without
    const rules = shellRules(text, file, dirname(file));
    if (rules === undefined) return await removeIfThere(kept);
    await ensurePrivate(stateDir);
    await mkdir(dirname(kept), { recursive: true, mode: 0o700 });
    await writePrivate(kept, `${head(trusted)}${rules}${MARK}${text}`);
  } catch (error) {
    log(`the shell's prompt keeps what it knew: ${error instanceof Error ? error.message : 'the disk refused'}`);
  }
}
