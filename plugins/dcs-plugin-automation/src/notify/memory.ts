import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Notice } from './notice.ts';
import { dedupKey } from './pagerduty.ts';

type Known = Map<string, { readonly digest: string; readonly at: number }>;

const digest = ({ event, code, message, names }: Notice): string =>
  createHash('sha256')
    .update(JSON.stringify([event, code, message, names]))
    .digest('hex');

/** What a channel heard last of each target, so that a trouble that lasts is not told at every look. Losing it costs a repetition. */
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
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return new Map();
      throw error;
    }
  }

  /** What is news: a sync always is; the same trouble or its end only after a while. */
  async fresh(notices: readonly Notice[]): Promise<readonly Notice[]> {
    if (this.#ms === 0) return notices;
    const known = await this.#known();
    return notices.filter((notice) => {
      const last = known.get(dedupKey(notice));
      return last === undefined || last.digest !== digest(notice) || Date.now() - last.at >= this.#ms;
    });
  }

  /** A trouble is over with the first run that says so, told or not. */
  async keep(notices: readonly Notice[]): Promise<void> {
    if (this.#ms === 0 || notices.length === 0) return;
    const known = await this.#known();
    for (const notice of notices)
      if (notice.event === 'synced') known.delete(dedupKey(notice));
      else known.set(dedupKey(notice), { digest: digest(notice), at: Date.now() });
    const temporary = `${this.#file}.${process.pid}.tmp`;
    await mkdir(join(this.#file, '..'), { recursive: true, mode: 0o700 });
    await writeFile(temporary, JSON.stringify([...known]), { mode: 0o600 });
    await rename(temporary, this.#file);
  }
}
