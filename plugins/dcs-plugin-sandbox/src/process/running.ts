import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DcsError } from 'dcs-sdk';

/** What `<folder>/server.json` says of the server in the background. */
export interface Running {
  pid: number;
  origin: string;
  startedAt: string;
}

const fileOf = (folder: string): string => join(folder, 'server.json');
const MAIN = fileURLToPath(new URL('../server/main.js', import.meta.url));

/** Whether it is this very server that answers there: another one may have its port by now, and anybody its process number. */
async function healthy({ origin, pid }: Pick<Running, 'origin' | 'pid'>): Promise<boolean> {
  try {
    const answer = await fetch(`${origin}/_sandbox/health`, { signal: AbortSignal.timeout(2000) });
    const body: unknown = answer.ok ? await answer.json() : undefined;
    return typeof body === 'object' && body !== null && 'pid' in body && body.pid === pid;
  } catch (error) {
    // Nobody listening, or somebody who does not speak HTTP: not our server either way.
    if (error instanceof TypeError || error instanceof DOMException || error instanceof SyntaxError) return false;
    throw error;
  }
}

/** The server of this folder if it answers; what a dead one left behind counts as none. */
export async function running(folder: string): Promise<Running | undefined> {
  const file = fileOf(folder);
  if (!existsSync(file)) return undefined;
  const saved = JSON.parse(readFileSync(file, 'utf8')) as Running;
  return (await healthy(saved)) ? saved : undefined;
}

export async function required(folder: string): Promise<Running> {
  const found = await running(folder);
  if (found !== undefined) return found;
  throw new DcsError('CONFIG', 'The sandbox is not running.', { hint: 'dcs sandbox start' });
}

/** The variables that point clients at a server that runs. */
export async function environment({ origin }: Running): Promise<Record<string, string>> {
  return (await (await fetch(`${origin}/_sandbox/env`)).json()) as Record<string, string>;
}

async function firstLine(stdout: string, child: { exitCode: number | null }): Promise<string> {
  for (let tries = 0; tries < 150; tries++) {
    const line = /^(http:\S+)\n/m.exec(readFileSync(stdout, 'utf8'))?.[1];
    if (line !== undefined) return line;
    if (child.exitCode !== null) break;
    await sleep(100);
  }
  throw new DcsError('CONFIG', 'The sandbox did not start.', {
    why: `Its own words are in ${stdout}.`,
    hint: 'dcs sandbox start --port 0',
  });
}

/** Starts the server as a process of its own that outlives this one. */
export async function start(folder: string, port: number): Promise<Running> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const log = join(folder, 'server.log');
  const output = openSync(log, 'w', 0o600);
  const child = spawn(process.execPath, [MAIN, folder, String(port)], { detached: true, stdio: ['ignore', output, output], env: {} });
  closeSync(output);
  child.unref();
  const origin = await firstLine(log, child);
  if (child.pid === undefined || !(await healthy({ origin, pid: child.pid })))
    throw new DcsError('CONFIG', 'The sandbox did not start.', { why: `See ${log}.` });
  const started = { pid: child.pid, origin, startedAt: new Date().toISOString() };
  writeFileSync(`${fileOf(folder)}.tmp`, JSON.stringify(started), { mode: 0o600 });
  renameSync(`${fileOf(folder)}.tmp`, fileOf(folder));
  return started;
}

/** Asks the server to end and waits until it no longer answers. */
export async function stop(folder: string): Promise<Running | undefined> {
  const found = await running(folder);
  if (found !== undefined) {
    process.kill(found.pid, 'SIGTERM');
    for (let tries = 0; tries < 50 && (await healthy(found)); tries++) await sleep(50);
    if (await healthy(found)) throw new DcsError('CONFIG', `The sandbox (process ${found.pid}) does not stop.`);
  }
  rmSync(fileOf(folder), { force: true });
  return found;
}
