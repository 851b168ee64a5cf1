import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DcsError } from 'dcs-sdk';
import { isMissing, removeIfThere } from '../files.ts';

/** Who holds a directory. */
export interface Holder {
  readonly id: string;
  readonly pid: number;
  /** When that process started, by the system's own reckoning: tells a reused pid. Absent where the system does not say. */
  readonly started?: string;
  readonly host: string;
  readonly since: string;
}
export type Claim = { readonly file: string } | { readonly heldBy: Holder };

/**
 * Takes the directory for one process. Claims are numbered files, made whole and by link(2), which gives each number once. A
 * claim over a dead one takes the next number, and counts only if no other living claim stands beside it afterwards.
 */
export async function claim(dir: string, id: string): Promise<Claim> {
  for (;;) {
    await stand(dir);
    const found = await claims(dir);
    const living = await firstLiving(found);
    if (living) return { heldBy: living.holder };
    const file = join(dir, String(Math.max(0, ...found.map(({ number }) => number)) + 1));
    if (!(await place(dir, file, id))) continue;
    const others = (await claims(dir)).filter((other) => other.file !== file);
    if (!(await firstLiving(others))) {
      for (const dead of others) await removeIfThere(dead.file);
      return { file };
    }
    await removeIfThere(file);
  }
}

/** Its last holder may remove the directory while mkdir looks at it. */
async function stand(dir: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      return;
    } catch (error) {
      if (!isMissing(error) || tries === 50) throw error;
    }
  }
}

export async function release(file: string, id: string): Promise<void> {
  const holder = await read(file);
  if (holder?.id === id && holder.pid === process.pid) await removeIfThere(file);
}

export async function claims(dir: string): Promise<{ file: string; number: number; holder: Holder }[]> {
  const found = [];
  for (const name of await namesIn(dir)) {
    if (!/^\d+$/.test(name)) continue;
    const file = join(dir, name);
    const holder = await read(file);
    if (holder) found.push({ file, number: Number(name), holder });
  }
  return found;
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function firstLiving<T extends { holder: Holder }>(found: readonly T[]): Promise<T | undefined> {
  for (const each of found) if (await isAlive(each.holder)) return each;
  return undefined;
}

/** Another machine's processes cannot be seen: its claims count as alive. */
async function isAlive({ pid, started, host }: Holder): Promise<boolean> {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error;
  }
  const now = await startOf(pid);
  return started === undefined || now === undefined || now === started;
}

/** False: somebody else took that number, or the directory went with its last holder. */
async function place(dir: string, file: string, id: string): Promise<boolean> {
  const started = await startOf(process.pid);
  const holder: Holder = {
    id,
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    ...(started === undefined ? {} : { started }),
  };
  const temporary = join(dir, `.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(JSON.stringify(holder));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(temporary, file);
    return true;
  } catch (error) {
    if (isMissing(error) || (error instanceof Error && 'code' in error && error.code === 'EEXIST')) return false;
    throw error;
  } finally {
    await removeIfThere(temporary);
  }
}

async function read(file: string): Promise<Holder | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    const found = JSON.parse(text) as Partial<Holder> | null;
    if (found && typeof found.pid === 'number' && typeof found.id === 'string' && typeof found.host === 'string') return found as Holder;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new DcsError('CONFLICT', `The lock file ${file} is damaged.`, {
    why: 'Who holds it cannot be told. Nothing was written.',
    hint: `remove it if no dcs runs`,
  });
}

async function startOf(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === 'linux') {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]; // field 22 of proc_pid_stat(5); the second may hold spaces
    }
    if (process.platform === 'win32') return undefined;
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], {
      env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' },
    });
    return stdout.trim() || undefined;
  } catch {
    return undefined; // the pid alone must do
  }
}
