import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstat, readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import type { Env } from 'dcs-sdk';
import { isMissing, readIfThere, removeIfThere, writePrivate } from '../files.ts';
import { expiringFolder } from './expiring-folder.ts';

/** A file of values with an end. Inode and time of change say whether it still is the one that dcs wrote. */
interface Expiring {
  readonly path: string;
  /** The same file, should dcs die before it gets its name. */
  readonly temporary: string;
  readonly dev: string;
  readonly ino: string;
  readonly mtime: string;
  /** ms since 1970. */
  readonly until: number;
}

/**
 * A process of its own, that outlives dcs and needs nothing of it: waits, removes the file if it still is the same, then the record.
 * Looks every half minute, because a timer stands still while a laptop sleeps.
 */
const REMOVER = `
const { lstatSync, readFileSync, rmSync } = require('node:fs');
const [record, text] = process.argv.slice(1);
const { path, temporary, dev, ino, mtime, until } = JSON.parse(text);
const same = (file) => {
  const found = lstatSync(file, { bigint: true, throwIfNoEntry: false });
  return found !== undefined && [found.dev, found.ino, found.mtimeNs].join() === [dev, ino, mtime].join();
};
(function look() {
  const left = until - Date.now();
  const mine = [path, temporary].filter(same);
  if (left > 0 && mine.length > 0) return setTimeout(look, Math.min(left, 30000));
  for (const file of mine) rmSync(file, { force: true });
  if (readFileSync(record, 'utf8') === text) rmSync(record, { force: true });
})();`;

/** Has the file removed at `until`. To be called before it gets its name, so that at no moment it stands there without an end. */
export async function expireLater(path: string, temporary: string, until: number, at: { stateDir: string; env: Env }): Promise<void> {
  const { dev, ino, mtimeNs } = await lstat(temporary, { bigint: true });
  const text = JSON.stringify({ path, temporary, dev: `${dev}`, ino: `${ino}`, mtime: `${mtimeNs}`, until } satisfies Expiring);
  const record = join(expiringFolder(at.stateDir), `${createHash('sha256').update(path).digest('hex').slice(0, 32)}.json`);
  await writePrivate(record, text);
  await startRemover(record, text, at.env);
}

/** What nobody removed in time, because the machine was off or the remover killed. */
export async function removeOverdue({ stateDir, env }: { stateDir: string; env: Env }): Promise<void> {
  for (const name of await listIfThere(expiringFolder(stateDir))) {
    if (!name.endsWith('.json')) continue;
    const record = join(expiringFolder(stateDir), name);
    const text = (await readIfThere(record)) ?? '';
    const until = untilOf(text);
    if (until === undefined) await removeIfThere(record);
    else if (until <= Date.now()) await startRemover(record, text, env);
  }
}

async function startRemover(record: string, text: string, env: Env): Promise<void> {
  const child = spawn(process.execPath, ['-e', REMOVER, record, text], {
    detached: true,
    stdio: 'ignore',
    cwd: parse(record).root,
    // No variable, so that no secret is in it; Windows starts nothing without this one.
    env: env['SYSTEMROOT'] === undefined ? {} : { SYSTEMROOT: env['SYSTEMROOT'] },
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.unref();
}

function untilOf(text: string): number | undefined {
  try {
    const found = JSON.parse(text) as Partial<Record<keyof Expiring, unknown>> | null;
    return typeof found?.until === 'number' ? found.until : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function listIfThere(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
