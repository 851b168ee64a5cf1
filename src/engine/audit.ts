import { hash } from 'node:crypto';

/** What one run did to one target. Names only. */
export interface AuditEntry {
  readonly id: string;
  readonly at: string;
  /** For people: a name, an address, `GitHub run 123`. */
  readonly by: string;
  readonly who: Who;
  readonly environment: string;
  readonly target: string;
  readonly place: string;
  readonly sourceVersion: string;
  /** The newest entry of Doppler's config log that this run's values came with; empty: the log had none yet. */
  readonly sourceLog?: string;
  /** The platform's newest revision before and after, where it shows any. */
  readonly revision?: { readonly before?: string; readonly after?: string };
  /** Result -> names, as the target calls them. */
  readonly outcomes: Readonly<Record<string, readonly string[]>>;
  /** What was done, with the names as Doppler calls them. */
  readonly changes: readonly AuditChange[];
}

export interface AuditChange {
  readonly action: 'create' | 'update' | 'delete';
  readonly name: string;
  readonly from: string;
}

/** As far as each of them is known. */
export interface Who {
  /** The Doppler identity. */
  readonly doppler?: string;
  /** The author that git would name. */
  readonly git?: string;
  /** The CI system and its run. */
  readonly ci?: string;
}

/** As it is kept: `prev` is the digest of the entry before, so that one that is altered or taken out shows. */
export interface ChainedEntry extends AuditEntry {
  readonly prev: string;
}

export interface History {
  /** Oldest first. */
  readonly entries: readonly ChainedEntry[];
  /** Ids of entries whose forerunner is not there as it was. */
  readonly broken: readonly string[];
}

export interface AuditLog {
  /** For people. */
  readonly title: string;
  /** Durable before it resolves. */
  append(entries: readonly AuditEntry[]): Promise<void>;
  read(): Promise<History>;
}

export const START = 'start';

/** The lines to add to a log whose lines are these. */
export function chained(lines: readonly string[], entries: readonly AuditEntry[]): string[] {
  let prev = digest(wholeLines(lines).at(-1)?.line);
  return entries.map((entry) => {
    const line = JSON.stringify({ ...entry, prev } satisfies ChainedEntry);
    prev = digest(line);
    return line;
  });
}

/**
 * What the lines hold. Branches that git merged have several ends, so that each entry's forerunner may stand anywhere before it; the
 * oldest entry may follow on one that was rotated away. Half a line, from a crash, is none.
 */
export function historyOf(lines: readonly string[]): History {
  const whole = wholeLines(lines);
  // Only a log that begins at the beginning may begin twice: on two branches that were merged.
  const seen = new Set(whole[0]?.entry.prev === START ? [START] : []);
  const broken: string[] = [];
  for (const [index, { line, entry }] of whole.entries()) {
    if (index > 0 && !seen.has(entry.prev)) broken.push(entry.id);
    seen.add(digest(line));
  }
  return { entries: whole.map(({ entry }) => entry), broken };
}

const digest = (line: string | undefined): string => (line === undefined ? START : hash('sha256', line).slice(0, 32));

function wholeLines(lines: readonly string[]): { line: string; entry: ChainedEntry }[] {
  return lines.flatMap((line) => {
    try {
      const entry = JSON.parse(line) as Partial<ChainedEntry> | null;
      return typeof entry?.id === 'string' && typeof entry.prev === 'string' ? [{ line, entry: entry as ChainedEntry }] : [];
    } catch (error) {
      if (error instanceof SyntaxError) return [];
      throw error;
    }
  });
}
