// One package of the registry, of exactly these bytes.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Unpacks it below `folder` and answers where. npm's own cache serves it offline. */
export function fetchPackage({ name, version, integrity }, folder) {
  mkdirSync(folder, { recursive: true });
  const [{ filename }] = pack(`${name}@${version}`, folder);
  const tarball = join(folder, filename);
  if (`sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}` !== integrity)
    throw new Error(`${name}@${version} is not the package that was pinned`);
  return unpackTarball(tarball, folder);
}

/** `npm pack` of a folder or of a package of the registry: [{filename}]. No script runs. */
export function pack(what, destination, cwd = destination) {
  const said = execFileSync('npm', ['pack', what, '--json', '--ignore-scripts', '--pack-destination', destination], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
  const answer = JSON.parse(said);
  return Array.isArray(answer) ? answer : Object.values(answer);
}

export function unpackTarball(tarball, folder) {
  execFileSync('tar', ['-xzf', tarball, '-C', folder]);
  rmSync(tarball);
  return join(folder, 'package');
}
