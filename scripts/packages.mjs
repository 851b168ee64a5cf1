// The packages that a release publishes, and what their published package.json says.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const read = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const { author, bugs, homepage, repository } = read('.');

/** `{folder, manifest}` of each, what others depend on first. */
export function releasePackages() {
  const left = ['.', 'sdk', 'runtime', ...globSync('plugins/dcs-plugin-*').filter((folder) => existsSync(join(folder, 'package.json')))]
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((folder) => ({ folder, manifest: read(folder) }));
  const names = new Set(left.map(({ manifest }) => manifest.name));
  const ordered = [];
  while (left.length > 0) {
    const needed = ({ manifest }) => Object.keys(manifest.dependencies ?? {}).filter((name) => names.has(name));
    const next = left.findIndex((each) => needed(each).every((name) => ordered.some(({ manifest }) => manifest.name === name)));
    if (next === -1) throw new Error(`packages need each other: ${left.map(({ folder }) => folder).join(', ')}`);
    ordered.push(...left.splice(next, 1));
  }
  return ordered;
}

const OURS = new Set(['private', 'workspaces', 'scripts', 'devDependencies', 'overrides', 'allowScripts']);

/** Without what is for this repository alone: `private` keeps a folder from being published by mistake, what is packed may be. */
export function publishedManifest({ folder, manifest }) {
  return {
    ...Object.fromEntries(Object.entries(manifest).filter(([key]) => !OURS.has(key))),
    author,
    homepage,
    bugs,
    repository: { ...repository, ...(folder === '.' ? {} : { directory: folder }) },
    publishConfig: { access: 'public', provenance: true },
  };
}
