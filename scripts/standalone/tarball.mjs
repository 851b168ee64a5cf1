// The archive that a person unpacks for a first standalone dcs. The same tree gives the same bytes.
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { filesOf } from './files.mjs';
import { CMD, SH } from './launchers.mjs';

const BLOCK = 512;
/** As npm does it: a time that every program takes. */
const MTIME = 499_162_500;

export async function writeTarball({ tree, version, platform, channel, file, level = 9 }) {
  mkdirSync(dirname(file), { recursive: true });
  await pipeline(archive({ tree, version, platform, channel }), createGzip({ level }), createWriteStream(file));
}

async function* archive({ tree, version, platform, channel }) {
  const windows = platform.startsWith('win32');
  const newline = windows ? '\r\n' : '\n';
  yield* entry(windows ? 'dcs/bin/dcs.cmd' : 'dcs/bin/dcs', Buffer.from(windows ? CMD : SH), true);
  yield* entry('dcs/current', Buffer.from([version, `channel ${channel}`, ''].join(newline)), false);
  for (const { path, size, executable } of filesOf(tree)) {
    yield header(`dcs/versions/${version}/${path}`, size, executable);
    for await (const chunk of createReadStream(join(tree, path))) yield chunk;
    yield padding(size);
  }
  yield Buffer.alloc(2 * BLOCK);
}

function* entry(path, bytes, executable) {
  yield header(path, bytes.length, executable);
  yield bytes;
  yield padding(bytes.length);
}

const padding = (size) => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);

/** POSIX ustar: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06 (last verified 2026-11-21). */
function header(path, size, executable) {
  const [prefix, name] = split(path);
  const block = Buffer.alloc(BLOCK);
  const octal = (number, length) => number.toString(8).padStart(length - 1, '0');
  block.write(name, 0);
  block.write(octal(executable ? 0o755 : 0o644, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(MTIME, 12), 136);
  block.write('        ', 148);
  block.write('0', 156);
  block.write('ustar\x0000', 257);
  block.write(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)}\0 `, 148);
  return block;
}

function split(path) {
  if (Buffer.byteLength(path) <= 100) return ['', path];
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1))
    if (at <= 155 && Buffer.byteLength(path) - at - 1 <= 100) return [path.slice(0, at), path.slice(at + 1)];
  throw new Error(`${path} is too long for a tar archive`);
}
