import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { DcsError } from 'dcs-sdk';
import { claim, release } from '../engine/claim.ts';
import { ensurePrivate, isMissing, replaceFile } from '../files.ts';
import { packageRoot, readSeal, type Seal } from './seal.ts';

/** oclif's list of plugins, `<dataDir>/package.json`. A plugin has a folder of its own, so that no install can break another. */
export interface Entry {
  readonly name: string;
  readonly type: 'user' | 'link';
  /** Of `user` the folder that holds node_modules; of `link` the package. */
  readonly root: string;
  readonly tag?: string;
}

export interface Installed {
  readonly name: string;
  readonly type: 'user' | 'link';
  /** The package. */
  readonly root: string;
  readonly seal?: Seal;
}

interface Listing {
  readonly oclif?: { readonly plugins?: readonly Entry[] };
  readonly [key: string]: unknown;
}

function listing(dataDir: string): Listing {
  const file = join(dataDir, 'package.json');
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Listing;
  } catch (error) {
    if (isMissing(error)) return {};
    if (!(error instanceof SyntaxError)) throw error;
    throw new DcsError('CONFIG', `${file} is not JSON.`, {
      why: 'It lists the plugins. Nothing was written.',
      hint: 'mend it, or dcs plugins reset',
    });
  }
}

export function installed(dataDir: string): Installed[] {
  return (listing(dataDir).oclif?.plugins ?? [])
    .map(({ name, type, root }): Installed => {
      const seal = type === 'user' ? readSeal(root) : undefined;
      return { name, type, root: type === 'user' ? packageRoot(root, name) : root, ...(seal === undefined ? {} : { seal }) };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** From one moment to the next, whatever happens: a plugin in its old version, or in its new one. */
export async function enlist(dataDir: string, entry: Entry): Promise<void> {
  await rewrite(dataDir, (entries) => [...entries.filter(({ name }) => name !== entry.name), entry]);
}

export async function strike(dataDir: string, names: readonly string[]): Promise<void> {
  await rewrite(dataDir, (entries) => entries.filter(({ name }) => !names.includes(name)));
}

async function rewrite(dataDir: string, change: (entries: readonly Entry[]) => readonly Entry[]): Promise<void> {
  const current = listing(dataDir);
  const before = current.oclif?.plugins ?? [];
  const after = change(before);
  for (const { type, root } of before) if (type === 'user' && !after.some((each) => each.root === root)) await stampNow(root);
  const next = {
    private: true,
    dependencies: {},
    ...current,
    oclif: { schema: 1, ...current.oclif, plugins: after },
  };
  await replaceFile(join(dataDir, 'package.json'), `${JSON.stringify(next, undefined, 2)}\n`, 0o600);
}

/** A list that nobody can read is made anew. */
export async function clear(dataDir: string): Promise<void> {
  await replaceFile(
    join(dataDir, 'package.json'),
    `${JSON.stringify({ private: true, dependencies: {}, oclif: { schema: 1, plugins: [] } })}\n`,
    0o600,
  );
}

/** One dcs at a time changes the plugins of this machine. */
export async function alone<T>(dataDir: string, act: () => Promise<T>): Promise<T> {
  await ensurePrivate(dataDir);
  const run = randomBytes(8).toString('hex');
  const taken = await claim(join(dataDir, 'plugins', '.lock'), run);
  if ('heldBy' in taken)
    throw new DcsError('CONFLICT', 'Another dcs is changing the plugins.', {
      why: `Process ${taken.heldBy.pid} since ${taken.heldBy.since}. Nothing was changed.`,
      hint: 'wait for it to end',
    });
  try {
    const done = await act();
    await sweep(dataDir);
    return done;
  } finally {
    await release(taken.file, run);
  }
}

/** A folder to install into, beside the final ones: nothing sees it before `enlist`. */
export async function freshFolder(dataDir: string, name: string, version: string): Promise<string> {
  const folder = join(dataDir, 'plugins', name.replace('/', '+'), `${version}-${randomBytes(4).toString('hex')}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** A program that started before may still load code of the version that it knows: it goes so long after it went out of use. */
const KEPT_MS = 60 * 60_000;

async function stampNow(folder: string): Promise<void> {
  const now = new Date();
  try {
    await utimes(folder, now, now);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Removes what died half-way, and former versions that no running dcs can need. */
async function sweep(dataDir: string): Promise<void> {
  const root = join(dataDir, 'plugins');
  const used = new Set((listing(dataDir).oclif?.plugins ?? []).map((entry) => entry.root));
  for (const entry of await readdir(root, { withFileTypes: true })) {
    if (entry.name === '.lock' || !entry.isDirectory()) continue;
    for (const version of await readdir(join(root, entry.name))) {
      const folder = [root, entry.name, version].join(sep);
      if (!used.has(folder) && (await stat(folder)).mtimeMs < Date.now() - KEPT_MS) await rm(folder, { recursive: true });
    }
  }
}
