// Links the plugins of this repository for `npm run` scripts, tests and benchmarks, into XDG_DATA_HOME or tmp/data: never into the developer's own.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Writes oclif's list of linked plugins into `<dataHome>/dcs`. */
export function linkPlugins(dataHome) {
  const plugins = readdirSync(join(root, 'plugins'))
    .filter((folder) => folder !== '_template' && existsSync(join(root, 'plugins', folder, 'package.json')))
    .map((folder) => ({ root: resolve(root, 'plugins', folder), type: 'link' }))
    .map((plugin) => ({ name: JSON.parse(readFileSync(join(plugin.root, 'package.json'), 'utf8')).name, ...plugin }));
  mkdirSync(join(dataHome, 'dcs'), { recursive: true, mode: 0o700 });
  const file = join(dataHome, 'dcs', 'package.json');
  writeFileSync(file, JSON.stringify({ private: true, dependencies: {}, oclif: { schema: 1, plugins } }));
  return file;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) linkPlugins(join(root, 'tmp', 'data'));
