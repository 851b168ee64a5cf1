// A version as it lies in `versions/` of an installed standalone dcs: Node, the packed CLI, its production dependencies.
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publishedManifest } from '../packages.mjs';
import { productionPackages } from './dependencies.mjs';
import { nodeFor, programName } from './node.mjs';
import { fetchPackage, pack, unpackTarball } from './package.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** For people who read a package, not for Node that runs it. Licences stay. */
const UNUSED = /(?:\.d\.[cm]?ts|\.map|\.tsbuildinfo|(?<!\/licen[cs]e[^/]*)\.(?:md|markdown))$|\/npm\/(?:docs|man)$/i;

/** Makes the folder `tree`. `updates`: the address that this build will ask for newer ones. */
export function stage({ platform, tree, updates, cache }) {
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(dirname(tree), { recursive: true });
  renameSync(packed(root, dirname(tree)), tree);
  const manifest = publishedManifest({ folder: '.', manifest: JSON.parse(readFileSync(join(tree, 'package.json'), 'utf8')) });
  writeFileSync(join(tree, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  for (const [path, entry] of productionPackages(join(root, 'package-lock.json'), platform)) bringPackage(path, entry, tree);
  // What installs plugins, where dcs looks for it: beside Node.
  const [npm, place] = [root, tree].map((folder) => join(folder, 'node_modules', 'npm'));
  cpSync(npm, place, { recursive: true, filter: (file) => basename(file) !== '.bin' });
  rmUnused(tree);
  const { program, license } = nodeFor(platform, cache);
  try {
    linkSync(program, join(tree, programName(platform)));
  } catch {
    cpSync(program, join(tree, programName(platform))); // another file system
  }
  if (existsSync(license)) cpSync(license, join(tree, 'NODE_LICENSE'));
  writeFileSync(join(tree, 'standalone.json'), `${JSON.stringify({ platform, updates })}\n`);
  return { tree, version: manifest.version };
}

/** What `npm publish` would upload of a package of this repository. */
function packed(folder, destination) {
  const place = mkdtempSync(join(destination, 'packed-'));
  const [{ filename }] = pack(folder, place, folder);
  const unpacked = unpackTarball(join(place, basename(filename)), place);
  const moved = `${place}.tree`;
  renameSync(unpacked, moved);
  rmSync(place, { recursive: true });
  return moved;
}

function bringPackage(path, { link, resolved, version, integrity, inBundle }, tree) {
  const [from, to] = [join(root, path), join(tree, path)];
  mkdirSync(dirname(to), { recursive: true });
  if (link) return renameSync(packed(join(root, resolved), dirname(tree)), to);
  if (existsSync(from)) return cpSync(from, to, { recursive: true, filter: (file) => file === from || basename(file) !== 'node_modules' });
  if (inBundle) throw new Error(`${path} is not installed: npm ci`);
  // Of another system: not installed here.
  const scratch = mkdtempSync(join(tmpdir(), 'dcs-package-'));
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  cpSync(fetchPackage({ name, version, integrity }, scratch), to, { recursive: true });
  rmSync(scratch, { recursive: true });
}

function rmUnused(tree) {
  for (const entry of readdirSync(tree, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) throw new Error(`${path} is a link: a version holds files only`);
    if (UNUSED.test(path)) rmSync(path, { recursive: true, force: true });
  }
}
