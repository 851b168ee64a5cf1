import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join, sep } from 'node:path';
import { DcsError, isDcsError } from 'dcs-sdk';
import { isMissing } from '../files.ts';

/** What was agreed to, and what lay on the disk when it was installed; `seal.json` in the folder of an installed plugin. */
export interface Seal {
  readonly schema: 1;
  readonly name: string;
  readonly version: string;
  /** Of the packed bytes. */
  readonly integrity: string;
  /** A version or a tag that was asked for by name: such a plugin stays there. */
  readonly pinned?: string;
  readonly official: boolean;
  /** The registry, or `file`. */
  readonly from: string;
  readonly publisher?: string;
  readonly provenance?: string;
  readonly installed: string;
  /** sha256 of every file of the plugin itself. */
  readonly files: Readonly<Record<string, string>>;
  /** One sha256 over all that it depends on. */
  readonly dependencies: string;
}

export const packageRoot = (folder: string, name: string): string => join(folder, 'node_modules', ...name.split('/'));

export function folderOf(root: string, name: string): string {
  const end = `${sep}${['node_modules', ...name.split('/')].join(sep)}`;
  return root.endsWith(end) ? root.slice(0, -end.length) : root;
}

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** Files below a folder with their sha256, sorted; a link counts by where it leads. */
function digests(folder: string, skip: (path: string) => boolean, below = ''): [string, string][] {
  return readdirSync(join(folder, below))
    .toSorted()
    .flatMap((entry): [string, string][] => {
      const path = below === '' ? entry : `${below}/${entry}`;
      if (skip(path)) return [];
      const found = lstatSync(join(folder, path));
      if (found.isSymbolicLink()) return [[path, `-> ${readlinkSync(join(folder, path))}`]];
      return found.isDirectory() ? digests(folder, skip, path) : [[path, sha256(readFileSync(join(folder, path)))]];
    });
}

/** npm keeps its own list beside the packages; it is no code. */
const ownFiles = (root: string): [string, string][] => digests(root, (path) => path === 'node_modules');
const otherFiles = (folder: string, name: string): string =>
  sha256(
    JSON.stringify([
      ...digests(join(folder, 'node_modules'), (path) => path === name || path === '.package-lock.json'),
      ...nested(folder, name),
    ]),
  );

function nested(folder: string, name: string): [string, string][] {
  try {
    return digests(join(packageRoot(folder, name), 'node_modules'), () => false);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

export function sealOf(folder: string, about: Omit<Seal, 'schema' | 'files' | 'dependencies'>): Seal {
  const files = Object.fromEntries(ownFiles(packageRoot(folder, about.name)));
  return { schema: 1, ...about, files, dependencies: otherFiles(folder, about.name) };
}

export function readSeal(folder: string): Seal | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'seal.json'), 'utf8')) as Seal;
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The plugin's own files are those that were installed: some milliseconds, before any of its code runs. */
export function refuseChanged(root: string, name: string): void {
  const seal = readSeal(folderOf(root, name));
  const why =
    seal === undefined
      ? 'dcs did not install it.'
      : seal.name === name
        ? changed(seal, ownFiles(root))
        : 'It stands in the place of another.';
  if (why !== undefined) throw broken(name, why);
}

/** The same for all that it depends on, too. */
export function refuseChangedAnywhere(root: string, name: string): void {
  refuseChanged(root, name);
  const folder = folderOf(root, name);
  if (readSeal(folder)?.dependencies !== otherFiles(folder, name))
    throw broken(name, 'A file of a package that it needs is not the one that was installed.');
}

export function isIntact(root: string, name: string): boolean {
  try {
    refuseChangedAnywhere(root, name);
    return true;
  } catch (error) {
    if (isDcsError(error) || isMissing(error)) return false;
    throw error;
  }
}

function changed({ files }: Seal, found: readonly (readonly [string, string])[]): string | undefined {
  const expected = new Map(Object.entries(files));
  const other = found.find(([path, digest]) => expected.get(path) !== digest)?.[0];
  const here = new Set(found.map(([path]) => path));
  const gone = [...expected.keys()].find((path) => !here.has(path));
  if (other !== undefined) return `${other} is not the file that was installed.`;
  return gone === undefined ? undefined : `${gone} is gone.`;
}

const broken = (name: string, why: string): DcsError =>
  new DcsError('REFUSED', `The plugin ${name} is not what was installed.`, {
    why: `${why} None of its code was run.`,
    hint: `dcs plugins install ${name}     anew`,
  });
