import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isTrouble, type Notice } from './notice.ts';
import { dedupKey } from './pagerduty.ts';

type Known = Map<string, { readonly digest: string; readonly at: number }>;

const digest = ({ event, code, message, names }: Notice): string =>
  createHash('sha256')
    .update(JSON.stringify([event, code, message, names]))
    .digest('hex');

export interface Heard {
  /** Of a trouble there, which is not over yet. */
  trouble(notice: Notice): boolean;
  /** Of this very trouble, and it is not long ago. */
  lately(notice: Notice): boolean;
}

/** The troubles that a channel heard of, so that one that lasts is not told at every look. Losing it costs a repetition. */
export class Memory {
  readonly #file: string;
  readonly #ms: number;
  constructor(folder: string, ms: number) {
    this.#file = join(folder, 'told.json');
    this.#ms = ms;
  }

  async #known(): Promise<Known> {
    try {
      return new Map(JSON.parse(await readFile(this.#file, 'utf8')) as [string, { digest: string; at: number }][]);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR' || error instanceof SyntaxError) return new Map();
      throw error;
    }
  }

  /** What it heard, as far as this machine knows. */
  async heard(): Promise<Heard> {
    const known = await this.#known();
    return {
      trouble: (notice) => known.has(dedupKey(notice)),
      lately: (notice) => {
        const last = known.get(dedupKey(notice));
        return last !== undefined && last.digest === digest(notice) && Date.now() - last.at < this.#ms;
      },
    };
  }

  async keep(notices: readonly Notice[]): Promise<void> {
    if (notices.length === 0) return;
    const known = await this.#known();
    for (const notice of notices)
      if (isTrouble(notice)) known.set(dedupKey(notice), { digest: digest(notice), at: Date.now() });
      else known.delete(dedupKey(notice));
    const temporary = `${this.#file}.${process.pid}.tmp`;
    await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 });
    await writeFile(temporary, JSON.stringify([...known]), { mode: 0o600 });
    await rename(temporary, this.#file);
  }
}
