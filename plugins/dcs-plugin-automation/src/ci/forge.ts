/** Where a run of CI leaves what it found. Each text has one place, found again by its mark, and is written only where it differs. */
export interface Forge {
  /** The one comment under a change. Undefined: it says `resolved` if there is one, and stays away otherwise. */
  comment(change: number, mark: string, text: string | undefined, resolved: string): Promise<Left>;
  /** The one open issue. Undefined: it is closed with `resolved` if there is one. */
  issue(mark: string, title: string, text: string | undefined, resolved: string): Promise<Left>;
}

export type Left = 'created' | 'updated' | 'closed' | 'unchanged' | 'none';

/** A note of ours as a forge keeps it. */
export interface Note {
  readonly id: number;
  readonly body: string;
  readonly own: boolean;
}

export const ourNote = (notes: readonly Note[], mark: string): Note | undefined =>
  notes.find(({ own, body }) => own && body.startsWith(mark));

/** Every page: a short list would make a second comment. */
export async function everyPage<T>(read: (page: number) => Promise<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for (let page = 1; page <= 100; page++) {
    const some = await read(page);
    all.push(...some);
    if (some.length < PAGE) return all;
  }
  throw new Error('more than 10,000 notes');
}

export const PAGE = 100;
/** A comment of anybody's may hold 65,536 characters: a page of long ones still is read. */
export const PAGE_BYTES = 16 * 1024 * 1024;
