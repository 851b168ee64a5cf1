import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DcsError } from 'dcs-sdk';

/** What .firebaserc and firebase.json say of a repository. */
export interface FirebaseProject {
  readonly root: string;
  /** Alias -> project id, `default` included. */
  readonly projects: ReadonlyMap<string, string>;
  /** Source folders of functions. */
  readonly functions: readonly string[];
  readonly appHosting: readonly { readonly backendId?: string; readonly rootDir: string }[];
}

type Json = Record<string, unknown>;
const isMap = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]).filter(isMap);
const textOr = (value: unknown, otherwise: string): string => (typeof value === 'string' && value !== '' ? value : otherwise);

/** The nearest folder upward that holds firebase.json, as the Firebase CLI looks for it; undefined when there is none. */
export async function findProject(from: string): Promise<FirebaseProject | undefined> {
  for (let root = resolve(from); ; root = dirname(root)) {
    const config = await read(join(root, 'firebase.json'));
    if (config !== undefined) {
      const rc = (await read(join(root, '.firebaserc'))) ?? {};
      const projects = Object.entries(isMap(rc['projects']) ? rc['projects'] : {}).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      );
      return {
        root,
        projects: new Map(projects),
        functions: listOf(config['functions']).map(({ source }) => textOr(source, 'functions')),
        appHosting: listOf(config['apphosting']).map(({ backendId, rootDir }) => ({
          ...(typeof backendId === 'string' ? { backendId } : {}),
          rootDir: textOr(rootDir, '.'),
        })),
      };
    }
    if (dirname(root) === root || (await text(join(root, '.git', 'HEAD'))) !== undefined) return undefined;
  }
}

async function read(file: string): Promise<Json | undefined> {
  const content = await text(file);
  if (content === undefined) return undefined;
  // The Firebase CLI allows comments.
  const { parse } = await import('jsonc-parser');
  const errors: unknown[] = [];
  const parsed: unknown = parse(content, errors as never, { allowTrailingComma: true });
  if (errors.length === 0 && isMap(parsed)) return parsed;
  throw new DcsError('CONFIG', `${file} cannot be read.`, { why: 'It is not valid JSON.' });
}

export async function text(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

const USUAL: Readonly<Record<string, string>> = { production: 'prod', development: 'dev', stage: 'staging' };

/** One project for all environments, or each alias as the environment of its name. */
export function projectOption({ projects }: FirebaseProject): string | Record<string, string> | undefined {
  const named = [...projects].filter(([alias]) => alias !== 'default');
  if (named.length === 0) return projects.get('default');
  return Object.fromEntries(named.map(([alias, id]) => [USUAL[alias] ?? alias, id]));
}
