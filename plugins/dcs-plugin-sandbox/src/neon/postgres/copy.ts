import { constants } from 'node:fs';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** What a copy of a living cluster must not carry along. https://www.postgresql.org/docs/current/continuous-archiving.html, last verified 2026-11-21. */
const LEFT_OUT = new Set(['postmaster.pid', 'postmaster.opts', 'pg_internal.init']);
const EMPTIED = new Set(['pg_dynshmem', 'pg_notify', 'pg_serial', 'pg_snapshots', 'pg_stat_tmp', 'pg_subtrans', 'pgsql_tmp']);

function gone(error: unknown): void {
  // A server at work drops files while they are copied; its log of changes makes up for them.
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}

/** Copies the cluster in `from` to `to`, which does not exist yet; shares blocks where the file system can. */
export async function copyCluster(from: string, to: string, without: ReadonlySet<string> = new Set()): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  const entries = await readdir(from, { withFileTypes: true, recursive: true });
  const files: [string, string][] = [];
  for (const entry of entries.toSorted((a, b) => a.parentPath.length - b.parentPath.length)) {
    const path = join(entry.parentPath, entry.name);
    const inside = relative(from, path);
    const parts = inside.split('/');
    if (LEFT_OUT.has(entry.name) || parts.slice(0, -1).some((part) => EMPTIED.has(part)) || without.has(parts[0] ?? '')) continue;
    if (entry.isDirectory()) await mkdir(join(to, inside), { mode: 0o700 });
    else if (entry.isFile()) files.push([path, join(to, inside)]);
  }
  const next = files.values();
  const work = async (): Promise<void> => {
    for (const [source, target] of next) await copyFile(source, target, constants.COPYFILE_FICLONE).catch(gone);
  };
  await Promise.all(Array.from({ length: 8 }, work));
}
