import { appendFile, open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePrivate, isMissing, readIfThere } from '../files.ts';
import { alone } from './alone.ts';
import { chained, historyOf, type AuditLog } from './audit.ts';
import { fileName } from './place-name.ts';

/** A few thousand entries; then a new file begins, which goes on with the chain. */
const FULL_BYTES = 1024 * 1024;
const FORMER = 9;

/** The history of one project on this machine. */
export function machineLog({ stateDir, project }: { stateDir: string; project: string }): AuditLog {
  const dir = join(stateDir, 'audit');
  return fileLog(join(dir, `${fileName(project)}.jsonl`), 'this machine', () => ensurePrivate(dir));
}

/** The history beside dcs.lock, which git shares and merges by union. */
export const gitLog = (file: string): AuditLog => fileLog(file, 'dcs.history.jsonl', () => Promise.resolve());

function fileLog(file: string, title: string, prepare: () => Promise<void>): AuditLog {
  const former = (number: number): string => file.replace(/\.jsonl$/, `.${number}.jsonl`);
  return {
    title,
    async append(entries) {
      await prepare();
      await alone(file, async () => {
        if (await isFull(file)) await rotate(file, former);
        const text = (await readIfThere(file)) ?? '';
        const before = text === '' ? linesOf(await readIfThere(former(1))) : linesOf(text);
        const lines = chained(before, entries).map((line) => `${line}\n`);
        // A crash may have left half a line behind: the next entry must not join it.
        await appendSynced(file, `${text === '' || text.endsWith('\n') ? '' : '\n'}${lines.join('')}`);
      });
    },
    async read() {
      const texts = await Promise.all([
        ...Array.from({ length: FORMER }, (_, index) => readIfThere(former(FORMER - index))),
        readIfThere(file),
      ]);
      return historyOf(texts.flatMap(linesOf));
    },
  };
}

const linesOf = (text: string | undefined): string[] => (text ?? '').split('\n').filter((line) => line !== '');

async function isFull(file: string): Promise<boolean> {
  try {
    return (await stat(file)).size > FULL_BYTES;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Each step keeps every entry readable; the oldest file is the one that goes. */
async function rotate(file: string, former: (number: number) => string): Promise<void> {
  for (let number = FORMER - 1; number >= 0; number--) {
    const from = number === 0 ? file : former(number);
    try {
      // oxlint-disable-next-line no-await-in-loop -- from the oldest on, so that nothing is overwritten but the last
      await rename(from, former(number + 1));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
}

async function appendSynced(file: string, text: string): Promise<void> {
  await appendFile(file, text, { mode: 0o600 });
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
