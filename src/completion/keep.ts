import { mkdir, readdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from 'dcs-sdk';
import type { Project } from '../config/project.ts';
import { ensurePrivate, readIfThere, writePrivate } from '../files.ts';
import { nodesOf, type CommandLike, type TopicLike, type WordKind } from './nodes.ts';

/** What oclif's Config tells that completion uses. */
export interface CompletionConfig {
  readonly version: string;
  readonly topics: Iterable<TopicLike>;
  getPluginsList(): readonly { readonly name: string; readonly version: string; readonly commands: readonly CommandLike[] }[];
}

const folderOf = (cacheDir: string): string => join(cacheDir, 'completion');
/** Under the path of dcs.yaml itself, so that a shell finds it without computing anything. */
const wordsFolder = (cacheDir: string, file: string): string => join(folderOf(cacheDir), 'words', file.replace(':', ''));

/** Whether some shell of this person was ever told to complete: nothing is kept for others. */
const isWanted = (cacheDir: string): boolean => existsSync(folderOf(cacheDir));

/** Which commands there are: another version, or another plugin, brings others. */
const stampOf = ({ version, getPluginsList }: Pick<CompletionConfig, 'version' | 'getPluginsList'>, plugins = getPluginsList()): string =>
  [version, ...plugins.map((plugin) => `${plugin.name} ${plugin.version} ${plugin.commands.length}`).toSorted()].join('\n');

/** Writes what the shells know of the commands, and from then on keeps words for them. */
export async function keepCommands(cacheDir: string, config: CompletionConfig): Promise<void> {
  const folder = folderOf(cacheDir);
  await ensurePrivate(cacheDir);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const plugins = config.getPluginsList();
  const nodes = nodesOf(
    plugins.flatMap(({ commands }) => commands),
    config.topics,
  );
  const place = join(folder, 'commands');
  await Promise.all([...nodes].map(([name, lines]) => writePrivate(join(place, name), lines)));
  const gone = (await readdir(place)).filter((name) => !nodes.has(name) && !name.startsWith('.'));
  await Promise.all(gone.map((name) => rm(join(place, name), { force: true })));
  await writePrivate(join(folder, 'stamp'), stampOf({ ...config, getPluginsList: () => plugins }));
}

/** At each start: the commands where they changed, the words of this dcs.yaml. Costs one look where nobody completes. */
export async function keepCompletion(cacheDir: string, config: CompletionConfig, project: Project, log: Log): Promise<void> {
  if (!isWanted(cacheDir)) return;
  await quietly(log, async () => {
    const stamp = await readIfThere(join(folderOf(cacheDir), 'stamp'));
    if (stamp !== stampOf({ version: config.version, getPluginsList: () => config.getPluginsList() })) await keepCommands(cacheDir, config);
    const { file } = project;
    if (file === undefined) return;
    await keep(cacheDir, file, 'env', project.environments.keys());
    await keep(
      cacheDir,
      file,
      'target',
      [...project.targets.values()].flatMap(({ name, type }) => [name, type]),
    );
    await keep(cacheDir, file, 'source', project.sources.keys());
  });
}

/** Names that a command has seen: `of` is the config, or the project, that they are names of. */
export async function keepWords(
  cacheDir: string,
  { file }: Pick<Project, 'file'>,
  { kind, of, words }: { readonly kind: WordKind; readonly of: string; readonly words: Iterable<string> },
  log: Log,
): Promise<void> {
  if (file === undefined || !isWanted(cacheDir)) return;
  await quietly(log, () => keep(cacheDir, file, `${kind}@${of.replaceAll(/[^\w.-]/g, '_')}`, words));
}

/** A shell would have to quote others, and they come from a server. */
const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9_./@+-]*$/;

async function keep(cacheDir: string, file: string, name: string, words: Iterable<string>): Promise<void> {
  const place = join(wordsFolder(cacheDir, file), name);
  const lines = [...new Set(words)].filter((word) => PLAIN.test(word)).toSorted();
  const text = lines.map((line) => `${line}\n`).join('');
  if ((await readIfThere(place)) === text) return;
  await mkdir(wordsFolder(cacheDir, file), { recursive: true, mode: 0o700 });
  await writePrivate(place, text);
}

/** A disk that cannot be written costs the completion, not the command. */
async function quietly(log: Log, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    log(`completion keeps what it knew: ${error instanceof Error ? error.message : 'the disk refused'}`);
  }
}
