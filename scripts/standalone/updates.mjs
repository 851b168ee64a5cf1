// The folder that a static server shows to `dcs update` (docs/releasing.md):
//   channels/CHANNEL/PLATFORM.signed   the newest version of a channel
//   versions/VERSION/PLATFORM.signed   each version, for --version
//   parts/SHA256.part                  their files, packed; what did not change between two versions is there once
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { CHANNELS, parseManifest } from '../../src/update/manifest.ts';
import { compareVersions } from '../../src/update/version.ts';
import { signedManifest } from '../sign.mjs';
import { filesOf } from './files.mjs';
import { PLATFORMS } from './node.mjs';

const DAY = 24 * 60 * 60 * 1000;
/** A channel that says nothing new for longer is held back, or forgotten: renewed by every release and by scripts/renew-updates.mjs. */
const DAYS = 90;

/** Node and its licence, the dependencies, the rest: the first two seldom change. */
const GROUPS = [/^(?:node(?:\.exe)?|NODE_LICENSE)$/, /^node_modules\//, /^(?!(?:node(?:\.exe)?|NODE_LICENSE)$|node_modules\/)/];

/** Adds a version to the folder `out`, and makes it the channel's newest. Answers its manifest. */
export async function publish({ tree, version, platform, channel, minimum = '0.0.0', out, key, level = 9, now = new Date() }) {
  const files = filesOf(tree);
  const parts = [];
  for (const group of GROUPS) {
    const packed = await pack(
      tree,
      files.filter(({ path }) => group.test(path)),
      out,
      level,
    );
    if (packed !== undefined) parts.push(packed);
  }
  const versions = [...new Set([version, ...published(out, platform)])].toSorted((a, b) => compareVersions(b, a));
  const manifest = { product: 'dcs', channel, version, platform, minimum, expires: expiry(now), versions, parts };
  parseManifest(JSON.stringify(manifest)); // what an installed dcs would not read is not published
  for (const place of [`versions/${version}`, `channels/${channel}`]) write(join(out, place, `${platform}.signed`), manifest, key);
  return manifest;
}

/** What the channels say is true for another while. */
export function renew({ out, key, now = new Date() }) {
  for (const channel of CHANNELS)
    for (const platform of PLATFORMS) {
      const file = join(out, 'channels', channel, `${platform}.signed`);
      if (existsSync(file)) write(file, { ...textOf(file), expires: expiry(now) }, key);
    }
}

async function pack(tree, files, out, level) {
  if (files.length === 0) return undefined;
  const contents = files.map(({ path }) => readFileSync(join(tree, path)));
  const packed = await promisify(gzip)(Buffer.concat(contents), { level });
  const sha256 = digest(packed);
  mkdirSync(join(out, 'parts'), { recursive: true });
  writeFileSync(join(out, 'parts', `${sha256}.part`), packed);
  const entry = ({ path, size, executable }, index) => ({
    path,
    size,
    sha256: digest(contents[index]),
    ...(executable ? { executable } : {}),
  });
  return { sha256, size: packed.length, files: files.map(entry) };
}

function published(out, platform) {
  const folder = join(out, 'versions');
  return existsSync(folder) ? readdirSync(folder).filter((version) => existsSync(join(folder, version, `${platform}.signed`))) : [];
}

/** In one step: a server may show the folder meanwhile. */
function write(file, manifest, key) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, signedManifest(JSON.stringify(manifest), key));
  renameSync(`${file}.new`, file);
}

/** Of a file of our own: without its first line. */
const textOf = (file) => JSON.parse(readFileSync(file, 'utf8').split('\n').slice(1).join('\n'));
const expiry = (now) => new Date(now.getTime() + DAYS * DAY).toISOString();
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');
