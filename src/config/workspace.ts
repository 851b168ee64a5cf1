import { dirname, join, relative, sep } from 'node:path';
import { DcsError, isDcsError } from 'dcs-sdk';
import type { Parsed } from './document.ts';
import { configIn, configsIn } from './find.ts';
import { foldersOf } from './folders.ts';
import type { Project } from './project.ts';
import type { Config } from './schema.ts';

/** A folder of a workspace: its project, or why its dcs.yaml cannot be used. */
export interface Member {
  /** Its folder's name; its path from the root where two have the same. Undefined: the root file itself. */
  readonly name: string | undefined;
  /** From the root: `services/api`; `.` for the root file itself. */
  readonly folder: string;
  readonly project: Project | DcsError;
}

/** What a root file with `workspaces:` holds together. */
export interface Workspace {
  /** The root file. */
  readonly file: string;
  readonly root: string;
  /** Every folder that has a dcs.yaml; the root file too where it has targets of its own. Throws CONFIG where there is none. */
  members(): Promise<readonly Member[]>;
}

type Load = (file: string, workspace: Workspace) => Promise<Project>;

export function makeWorkspace(file: string, head: Parsed<Config>, load: Load): Workspace {
  const root = dirname(file);
  const globs = head.value.workspaces ?? [];
  let once: Promise<readonly Member[]> | undefined;
  const workspace: Workspace = { file, root, members: () => (once ??= find()) };
  return workspace;

  async function find(): Promise<readonly Member[]> {
    const found = foldersOf(root, globs).filter((folder) => configsIn(join(root, folder)).length > 0);
    if (found.length === 0)
      throw new DcsError('CONFIG', `${head.at(['workspaces'])}: ${globs.join(', ')} names no folder that has a dcs.yaml.`, {
        hint: 'dcs init     in the folder of a member writes one',
      });
    const own = head.value.targets === undefined && head.value.platforms === undefined ? [] : ['.'];
    const names = new Map(Map.groupBy(found, last));
    return Promise.all(
      [...own, ...found].map(async (folder): Promise<Member> => {
        const name = folder === '.' ? undefined : names.get(last(folder))!.length === 1 ? last(folder) : folder;
        return { name, folder, project: await loaded(folder) };
      }),
    );
  }

  /** One member's mistake is no other's. */
  async function loaded(folder: string): Promise<Project | DcsError> {
    try {
      return await load(configIn(join(root, folder))!, workspace);
    } catch (error) {
      if (isDcsError(error)) return error;
      throw error;
    }
  }
}

const last = (folder: string): string => folder.slice(folder.lastIndexOf('/') + 1);

/** `services/api`, of a file in it. */
export const folderOf = (root: string, file: string): string => relative(root, dirname(file)).split(sep).join('/');
