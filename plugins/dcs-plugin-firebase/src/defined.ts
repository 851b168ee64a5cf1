import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FirebaseProject } from './project.ts';

const CODE = /\.(?:[cm]?[jt]s|py)$/;
/** Not written by the project's people. */
const SKIPPED = new Set(['node_modules', 'lib', 'dist', 'build', 'venv', '.venv', '.git']);
/** `defineSecret('STRIPE_KEY')`, `defineJsonSecret("...")`, Python's `SecretParam('...')`. https://firebase.google.com/docs/functions/config-env, last verified 2026-11-21. */
const DEFINED = /\b(?:define(?:Json)?Secret|SecretParam)\(\s*["'`]([A-Z_][A-Z0-9_]*)["'`]/g;
/** `secret: STRIPE_KEY@3` of apphosting.yaml. */
const REFERRED = /^\s*secret:\s*["']?([A-Z_][A-Z0-9_]*)(?:@\w+)?["']?\s*(?:#.*)?$/gm;

/** The names of secrets that the code of functions defines, and that App Hosting's files refer to. */
export async function definedSecrets({ root, functions, appHosting }: FirebaseProject): Promise<string[]> {
  const names = new Set<string>();
  const read = async (file: string, pattern: RegExp): Promise<void> => {
    for (const [, name] of (await readFile(file, 'utf8')).matchAll(pattern)) names.add(name!);
  };
  const search = async (folder: string): Promise<void> => {
    for (const entry of await entriesOf(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) await search(path);
      else if (entry.isFile() && CODE.test(entry.name)) await read(path, DEFINED);
    }
  };
  for (const folder of new Set(functions)) await search(join(root, folder));
  for (const { rootDir } of appHosting)
    for (const entry of await entriesOf(join(root, rootDir)))
      if (entry.isFile() && /^apphosting(\.[a-z0-9_]+)?\.yaml$/.test(entry.name)) await read(join(root, rootDir, entry.name), REFERRED);
  return [...names].toSorted();
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}
