import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isMissing } from '../files.ts';

/**
 * Folders below `root` that the globs name, as `a/b`, sorted. `*` stands for anything in one name, `**` for any number of names,
 * a leading `!` leaves out. Wildcards find neither links, nor node_modules, nor what begins with a dot.
 */
export function foldersOf(root: string, globs: readonly string[]): string[] {
  const found = globs.filter((glob) => !glob.startsWith('!')).flatMap((glob) => expand(root, '', segments(glob)));
  return [...new Set(found)].filter((folder) => isNamed(folder, globs)).toSorted();
}

/** Would `foldersOf` find this folder? */
export function isNamed(folder: string, globs: readonly string[]): boolean {
  const names = segments(folder);
  const fitting = (glob: string): boolean => fits(names, segments(glob));
  return (
    globs.some((glob) => !glob.startsWith('!') && fitting(glob)) && !globs.some((glob) => glob.startsWith('!') && fitting(glob.slice(1)))
  );
}

const segments = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');

function expand(root: string, folder: string, [pattern, ...rest]: readonly string[]): string[] {
  if (pattern === undefined) return [folder];
  const below = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
  const here = pattern === '**' ? expand(root, folder, rest) : [];
  const next = pattern === '**' ? [pattern, ...rest] : rest;
  return [...here, ...namesIn(join(root, folder)).flatMap((name) => (matches(name, pattern) ? expand(root, below(name), next) : []))];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function fits([name, ...names]: readonly string[], [pattern, ...patterns]: readonly string[]): boolean {
  if (pattern === undefined) return name === undefined;
  if (pattern === '**' && fits(name === undefined ? [] : [name, ...names], patterns)) return true;
  if (name === undefined || !matches(name, pattern)) return false;
  return fits(names, pattern === '**' ? [pattern, ...patterns] : patterns);
}

function matches(name: string, pattern: string): boolean {
  if (name === pattern) return true;
  if (!pattern.includes('*') || name.startsWith('.') || name === 'node_modules') return false;
  const literal = (text: string): string => text.replace(/[.+^$?{}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${pattern.split(/\*+/).map(literal).join('.*')}$`, 's').test(name);
}
