// What `oclif manifest --no-jit` writes, in one process and in an order of its own: oclif's changes from run to run.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Plugin } from '@oclif/core';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Without a manifest oclif imports every command of a plugin at every start. */
export const packages = [
  '.',
  ...readdirSync(join(root, 'plugins'))
    .filter((name) => name !== '_template' && existsSync(join(root, 'plugins', name, 'package.json')))
    .map((name) => `plugins/${name}`),
];

/** The manifest of a built package as text. */
export async function manifest(folder) {
  const { oclif, version } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  if (oclif?.commands === undefined) throw new Error(`${folder} has no commands`);
  const plugin = new Plugin({
    errorOnManifestCreate: true,
    ignoreManifest: true,
    respectNoCacheDefault: true,
    root: join(root, folder),
    type: 'core',
  });
  await plugin.load();
  const commands = Object.fromEntries(Object.entries(plugin.manifest.commands).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ commands, version }, undefined, 2)}\n`;
}
