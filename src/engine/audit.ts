import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePrivate, readIfThere } from '../files.ts';
import { fileName } from './place-name.ts';

/** What one run did to one target. Names only. */
export interface AuditEntry {
  readonly id: string;
  readonly at: string;
  readonly by: string;
  readonly environment: string;
  readonly target: string;
  readonly place: string;
  readonly sourceVersion: string;
  /** Result -> names. */
  readonly outcomes: Readonly<Record<string, readonly string[]>>;
}
export interface AuditLog {
  /** On disk before it resolves. */
  append(entry: AuditEntry): Promise<void>;
  /** Oldest first. */
  all(): Promise<AuditEntry[]>;
}

/** The history of one project on this machine: one JSON line an entry. */
export function auditLog({ stateDir, project }: { stateDir: string; project: string }): AuditLog {
  const dir = join(stateDir, 'audit');
  const file = join(dir, `${fileName(project)}.jsonl`);
  return {
    async append(entry) {
      await ensurePrivate(dir);
      const handle = await open(file, 'a+', 0o600);
      try {
        await handle.appendFile(`${(await endsTorn(handle)) ? '\n' : ''}${JSON.stringify(entry)}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
    async all() {
      const lines = (await readIfThere(file)) ?? '';
      return lines
        .split('\n')
        .filter((line) => line !== '')
        .flatMap(parse);
    },
  };
}

/** A crash may have left half a line behind: the next entry must not join it. */
async function endsTorn(handle: Awaited<ReturnType<typeof open>>): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return false;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] !== 0x0a;
}

function parse(line: string): AuditEntry[] {
  try {
    return [JSON.parse(line) as AuditEntry];
  } catch (error) {
    if (error instanceof SyntaxError) return []; // half a line, from a crash
    throw error;
  }
}
