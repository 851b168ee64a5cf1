import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replace } from '../replace.ts';
import { isTrouble, type Notice } from './notice.ts';
import { dedupKey } from './pagerduty.ts';

interface Told {
  readonly digest: string;
  readonly at: number;
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const digestOf = ({ event, code, message, names }: Notice): string => hash(JSON.stringify([event, code, message, names]));

export interface Heard {
  /** Of a trouble there, which is not over yet. */
  trouble(notice: Notice): boolean;
  /** Of this very trouble, and it is not long ago. */
  lately(notice: Notice): boolean;
}

/**
 * The troubles that a channel heard of, so that one that lasts is not told at every look. A file each: what two runs keep at once does
 * not meet. Losing it costs a repetition.
 */
export class Memory {
  readonly #folder: string;
  readonly #ms: number;
  constructor(folder: string, ms: number) {
    this.#folder = join(folder, 'told');
    this.#ms = ms;
  }

  #file(notice: Notice): string {
    return join(this.#folder, `${hash(dedupKey(notice))}.json`);
  }

  async #read(notice: Notice): Promise<Told | undefined> {
    try {
      return JSON.parse(await readFile(this.#file(notice), 'utf8')) as Told;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR' || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /** What it heard about these, as far as this machine knows. */
  async heard(notices: readonly Notice[]): Promise<Heard> {
    const known = new Map(await Promise.all(notices.map(async (notice) => [dedupKey(notice), await this.#read(notice)] as const)));
    return {
      trouble: (notice) => known.get(dedupKey(notice)) !== undefined,
      lately: (notice) => {
        const last = known.get(dedupKey(notice));
        return last !== undefined && last.digest === digestOf(notice) && Date.now() - last.at < this.#ms;
      },
    };
  }

  async keep(notices: readonly Notice[]): Promise<void> {
    if (notices.some(isTrouble)) await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    for (const notice of notices) await (isTrouble(notice) ? this.#write(notice) : rm(this.#file(notice), { force: true }));
  }

  async #write(notice: Notice): Promise<void> {
    const told: Told = { digest: digestOf(notice), at: Date.now() };
    await replace(this.#file(notice), JSON.stringify(told), 0o600);
  }
}
