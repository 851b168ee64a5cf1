import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { World } from './world.ts';

/** How a value could show up although it was not printed as it is. */
export const forms = (canary: string): string[] => [
  canary,
  Buffer.from(canary).toString('base64').replace(/=+$/, ''),
  Buffer.from(canary).toString('hex'),
  encodeURIComponent(canary),
];

/** Every file of the scratch home and project. */
export async function sinks({ home, project }: World): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const folder of [home, project])
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) found.set(join(entry.parentPath, entry.name), await readFile(join(entry.parentPath, entry.name), 'latin1'));
  return found;
}

/** The sinks that hold one of the values. */
export const hits = (canaries: readonly string[], found: ReadonlyMap<string, string>): string[] =>
  [...found].filter(([, text]) => canaries.some((canary) => forms(canary).some((form) => text.includes(form)))).map(([sink]) => sink);
