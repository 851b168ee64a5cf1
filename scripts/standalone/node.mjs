// How Node gets into a standalone build (docs/releasing.md): from the cache folder, else from the npm package that node.json pins. A
// platform that the registry has no package for takes the Node that runs this, on that platform only.
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fetchPackage } from './package.mjs';

const { version, ...pins } = JSON.parse(readFileSync(new URL('node.json', import.meta.url), 'utf8'));

export const PLATFORMS = Object.keys(pins);
export const programName = (platform) => (platform.startsWith('win32') ? 'node.exe' : 'node');

/** The program, and its licence where it was got with one. `cache`: offline, it has to hold `node-v<version>-<platform>/node`. */
export function nodeFor(platform, cache) {
  const pin = pins[platform];
  if (pin === undefined) throw new Error(`no standalone build for ${platform}: ${PLATFORMS.join(', ')}`);
  const folder = join(cache, `node-v${version}-${platform}`);
  const program = join(folder, programName(platform));
  if (!existsSync(program)) bring(platform, pin, folder, program);
  if (pin.sha256 !== undefined && sha256(program) !== pin.sha256)
    throw new Error(`${program} is not the Node that scripts/standalone/node.json pins`);
  return { program, license: join(cache, `node-v${version}-linux-x64`, 'LICENSE') };
}

function bring(platform, pin, folder, program) {
  mkdirSync(folder, { recursive: true });
  if (pin.package !== undefined) {
    const unpacked = fetchPackage({ name: pin.package, version, integrity: pin.integrity }, folder);
    renameSync(join(unpacked, 'bin', programName(platform)), program);
    if (existsSync(join(unpacked, 'LICENSE'))) renameSync(join(unpacked, 'LICENSE'), join(folder, 'LICENSE'));
    chmodSync(program, 0o755);
    return;
  }
  if (`${process.platform}-${process.arch}` !== platform || process.versions.node !== version)
    throw new Error(`npm has no Node ${version} for ${platform}: pack there, with exactly that Node, or put it at ${program}`);
  copyFileSync(process.execPath, program);
}

const sha256 = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');
