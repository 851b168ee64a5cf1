import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Notice } from './notice.ts';

export type Period = 'immediate' | 'hourly' | 'daily';

const HOUR = 3_600_000;
/** Sending takes seconds; whoever is not done after this is dead, ms. */
const LEASE = 5 * 60_000;
/** What could not be sent for so long is given up, ms. */
const OLDEST = 7 * 24 * HOUR;

/** Notices that one process alone has taken to send. The id is the same whoever takes them after a crash. */
export interface Batch {
  readonly id: string;
  readonly notices: readonly Notice[];
  /** They are sent. */
  done(): Promise<void>;
  /** Nothing was sent. Somebody may try again in a while. `true`: they are too old, and gone. */
  keep(): Promise<boolean>;
}

const gone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** Whether the claim was ours: a rename has one winner. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (gone(error)) return false;
    throw error;
  }
}

async function list(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch (error) {
    if (gone(error)) return [];
    throw error;
  }
}

/**
 * Notices on disk until they are sent: one file a run, whole or not there. A batch is the folder `pending` under another name,
 * `sending-<id>.<since>`, so that it has one sender; one that died leaves it to the next.
 */
export class Spool {
  readonly #folder: string;
  constructor(folder: string) {
    this.#folder = folder;
  }

  async add(notices: readonly Notice[]): Promise<void> {
    const name = `${String(Date.now()).padStart(15, '0')}-${randomUUID()}.json`;
    const pending = join(this.#folder, 'pending');
    await mkdir(pending, { recursive: true, mode: 0o700 });
    const temporary = join(this.#folder, `.${name}.tmp`);
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(JSON.stringify(notices));
      await file.sync();
    } finally {
      await file.close();
    }
    // A sender may take the folder away at any moment; then there is a new one.
    while (!(await moved(temporary, join(pending, name)))) await mkdir(pending, { recursive: true, mode: 0o700 });
  }

  /** What is due, one batch after the other: first what a crash or a refusal left. */
  async *due(period: Period): AsyncGenerator<Batch> {
    for (const name of await list(this.#folder)) {
      const [, state, id = '', since = ''] = /^(sending|sent)-([0-9a-f-]+)(?:\.(\d+))?$/.exec(name) ?? [];
      const from = join(this.#folder, name);
      // Of a process that died while it wrote: nobody was told that it is safe.
      if (/^\.\d+-.+\.tmp$/.test(name) && Date.now() - Number.parseInt(name.slice(1), 10) > LEASE) await rm(from, { force: true });
      if (state === 'sent') await rm(from, { recursive: true, force: true });
      if (state === 'sending' && Date.now() - Number(since) >= LEASE) yield* this.#claim(from, id);
    }
    if (await this.#isDue(period)) yield* this.#claim(join(this.#folder, 'pending'), randomUUID());
  }

  async #isDue(period: Period): Promise<boolean> {
    const [oldest] = await list(join(this.#folder, 'pending'));
    if (oldest === undefined) return false;
    const slot = { immediate: 1, hourly: HOUR, daily: 24 * HOUR }[period];
    return period === 'immediate' || Math.floor(Number.parseInt(oldest, 10) / slot) < Math.floor(Date.now() / slot);
  }

  async *#claim(from: string, id: string): AsyncGenerator<Batch> {
    const mine = join(this.#folder, `sending-${id}.${Date.now()}`);
    if (!(await moved(from, mine))) return;
    const names = await list(mine);
    const notices: Notice[] = [];
    for (const name of names) notices.push(...(JSON.parse(await readFile(join(mine, name), 'utf8')) as Notice[]));
    const sent = join(this.#folder, `sent-${id}`);
    const remove = async (): Promise<void> => {
      await rename(mine, sent);
      await rm(sent, { recursive: true, force: true });
    };
    if (notices.length === 0) {
      await remove();
      return;
    }
    const age = Date.now() - Number.parseInt(names[0] ?? '', 10);
    yield {
      id,
      notices,
      done: remove,
      keep: async () => {
        if (age < OLDEST) return false;
        await remove();
        return true;
      },
    };
  }
}
