import { realpath, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { DcsError, type AdapterDefinition, type AppEntry, type SourceModule } from 'dcs-sdk';
import { applyEdits } from 'dcs-sdk/rewrite';
import { serverAdapter } from 'dcs-sdk/server-adapter';
import { nearest } from '../config/nearest.ts';
import { dopplerClient } from '../doppler-access.ts';
import { readIfThere, replaceFile } from '../files.ts';
import { prompts } from '../prompts.ts';
import { fileDiff } from '../render/file-diff.ts';
import { printable } from '../render/style.ts';
import { shortName } from '../plugins/names.ts';
import { OFFICIAL } from '../registry.ts';
import type { Session } from '../session.ts';
import { installLine, nearestPackage, packageOf, withDependency } from './package-file.ts';
import { parseModule } from './source-module.ts';

export interface AddOptions {
  readonly type: string;
  /** None: the names that the app reads and Doppler has. */
  readonly only: readonly string[];
  readonly yes: boolean;
}

export interface Added {
  readonly title: string;
  readonly module: string;
  readonly keys: readonly string[];
  /** Relative to the working directory. */
  readonly files: readonly string[];
  readonly install: string;
  /** How the app gets its token. */
  readonly token: string;
}

/** What an app depends on: the dcs-runtime of this release. */
const RANGE = '^0.1.0';

interface FileChange {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

/** Puts an adapter into the app here, after showing how. Nothing is written without consent; a second time nothing is to do. */
export async function addRuntime(session: Session, { type, only, yes }: AddOptions, say: (line: string) => void): Promise<Added> {
  const adapter = await adapterOf(session, type);
  // In a repository of many apps, the one of the working directory.
  const top = session.project.root;
  const root = (await nearestPackage(session.cwd, top)) ?? top;
  const entry = await adapter.entry({ root, env: session.env, read: (path) => readIfThere(join(root, path)) });
  const path = join(root, entry.file);
  const text = await readIfThere(path);
  if (text === undefined)
    throw new DcsError('CONFIG', `${entry.file} does not exist.`, { why: 'It is what the app starts with. Nothing was written.' });
  const app = await packageOf(dirname(path), top);
  const module = await parseModule(entry.file, text, app.type);
  const added = adapter.added(module);
  const keys = added || only.length > 0 ? only : await readAndKnown(session, { type, adapter, module, entry }, say);
  const changes: FileChange[] = [
    { file: path, before: text, after: added ? text : applyEdits(text, adapter.edit(module, keys)) },
    { file: app.file, before: app.text, after: withDependency(app, adapter.module.split('/')[0]!, RANGE) },
  ].filter(({ before, after }) => before !== after);
  const shown = (file: string): string => relative(session.cwd, file);
  for (const { file, before, after } of changes)
    for (const line of [shown(file), ...fileDiff(before, after).map((each) => `  ${each}`), '']) say(line);
  if (changes.length > 0) await write(session, changes, yes);
  return {
    title: adapter.title,
    module: adapter.module,
    keys: added ? [] : keys,
    files: changes.map(({ file }) => shown(file)),
    install: await installLine(app),
    token: adapter.token,
  };
}

/** Servers run everywhere: their adapter needs no plugin. */
const OWN: ReadonlyMap<string, AdapterDefinition> = new Map([['node', serverAdapter('Node.js servers')]]);

async function adapterOf({ registry }: Session, type: string): Promise<AdapterDefinition> {
  const found = OWN.get(type) ?? (await registry.adapters.get(type)?.load());
  if (found !== undefined) return found;
  const official = OFFICIAL.get(type);
  const types = [...registry.adapters.keys(), ...OWN.keys()];
  const near = nearest(type, types);
  throw new DcsError('USAGE', `There is no adapter for "${type}".`, {
    why: `There are ${types.join(', ')}.`,
    hint: near
      ? `dcs runtime add ${near}`
      : official
        ? `dcs plugins install ${shortName(official.plugin)}`
        : 'docs/runtime.md shows what to write by hand',
  });
}

interface Reading {
  readonly type: string;
  readonly adapter: AdapterDefinition;
  readonly module: SourceModule;
  readonly entry: AppEntry;
}

/** A name that the app reads may be LOG_LEVEL: Doppler decides what is a secret. */
async function readAndKnown(session: Session, { type, adapter, module, entry }: Reading, say: (line: string) => void): Promise<string[]> {
  const read = [...new Set(adapter.reads(module))].filter((name) => !entry.taken.includes(name)).toSorted();
  if (read.length === 0)
    throw new DcsError('CONFIG', `${module.file} reads no secret that dcs can see.`, {
      why: 'Nothing was written.',
      hint: `dcs runtime add ${type} --only NAME`,
    });
  const { doppler, line } = session.choose(true);
  say(line);
  const known = new Set(await (await dopplerClient(session)).names(doppler.project, doppler.config));
  const keys = read.filter((name) => known.has(name));
  if (keys.length > 0) return keys;
  throw new DcsError('CONFIG', `Doppler ${doppler.project}/${doppler.config} has none of the names that ${module.file} reads.`, {
    why: `It reads ${read.map(printable).join(', ')}. Nothing was written.`,
    hint: `dcs runtime add ${type} --only NAME`,
  });
}

async function write({ invocation, env }: Session, changes: readonly FileChange[], yes: boolean): Promise<void> {
  if (!yes && !(await prompts(invocation, env).confirm('Write it?', '--yes')))
    throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });
  for (const { file, before } of changes)
    if ((await readIfThere(file)) !== before)
      throw new DcsError('CONFLICT', `${relative(process.cwd(), file)} was changed by somebody else meanwhile.`, {
        why: 'Nothing was written.',
        hint: 'run the command again',
      });
  // oxlint-disable-next-line no-await-in-loop -- the app's module first: without it the dependency is of no use
  for (const { file, after } of changes) await replaceFile(await realpath(file), after, (await stat(file)).mode & 0o777);
}
