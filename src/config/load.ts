import { dirname, relative, resolve } from 'node:path';
import { DcsError, type Env } from 'dcs-sdk';
import { directories } from './directories.ts';
import { readText, type Parsed } from './document.ts';
import { configsIn, findConfig, upward } from './find.ts';
import { isNamed } from './folders.ts';
import { makeProject, type Project } from './project.ts';
import { parseOnce } from './parse-once.ts';
import type { Config } from './schema.ts';
import { folderOf, makeWorkspace, type Workspace } from './workspace.ts';

export { findConfig } from './find.ts';

export interface Where {
  readonly cwd: string;
  /** `--config-file` */
  readonly configFile?: string;
  readonly env: Env;
  readonly home: string;
}

export async function loadProject(where: Where): Promise<Project> {
  const { cwd, configFile } = where;
  const file = configFile === undefined ? findConfig(cwd) : resolve(cwd, configFile);
  if (file === undefined)
    throw new DcsError('CONFIG', 'No dcs.yaml here or above.', { hint: 'dcs init     finds the clouds of this repository and writes one' });
  const parsed = await parseFile(file, where);
  if (parsed.value.workspaces !== undefined) return projectOf(file, parsed, where, workspaceOf(file, parsed, where));
  const head = await headAbove(file, where);
  return head === undefined
    ? projectOf(file, parsed, where)
    : projectOf(file, parsed, where, workspaceOf(head.file, head.parsed, where), head.parsed);
}

async function parseFile(file: string, where: Where): Promise<Parsed<Config>> {
  const shown = relative(where.cwd, file);
  const text = await readText(file, shown);
  if (text === undefined) throw new DcsError('CONFIG', `${shown} does not exist.`, { hint: 'dcs init' });
  return parseText(text, shown, where);
}

const parseText = (text: string, shown: string, { env, home }: Where): Promise<Parsed<Config>> =>
  parseOnce(text, shown, directories(env, home).cacheDir, async () => (await import('./schema.ts')).configSchema);

function projectOf(file: string, parsed: Parsed<Config>, { env }: Where, workspace?: Workspace, head?: Parsed<Config>): Project {
  return makeProject(parsed, env, { file, root: dirname(file), ...(workspace === undefined ? {} : { workspace }) }, head);
}

function workspaceOf(file: string, parsed: Parsed<Config>, where: Where): Workspace {
  return makeWorkspace(file, parsed, async (member, workspace) =>
    member === file
      ? projectOf(file, parsed, where, workspace)
      : projectOf(member, await parseFile(member, where), where, workspace, parsed),
  );
}

/** The nearest file above whose `workspaces` names this one's folder. A file above that is no root file is left unread. */
async function headAbove(file: string, where: Where): Promise<{ file: string; parsed: Parsed<Config> } | undefined> {
  const [, ...above] = upward(dirname(file));
  for (const candidate of above.flatMap(configsIn)) {
    const shown = relative(where.cwd, candidate);
    // oxlint-disable-next-line no-await-in-loop -- the nearest one counts
    const text = (await readText(candidate, shown)) ?? '';
    if (!text.includes('workspaces')) continue;
    // oxlint-disable-next-line no-await-in-loop -- as above
    const parsed = await parseText(text, shown, where);
    if (isNamed(folderOf(dirname(candidate), file), parsed.value.workspaces ?? [])) return { file: candidate, parsed };
  }
  return undefined;
}
