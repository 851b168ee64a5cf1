import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';

const BLOCK = 512;

/** A package as npm packs it: every file below `package/`, in the ustar format, the same bytes for the same files. */
export function tarball(files: Readonly<Record<string, string | Buffer>>): Buffer {
  const blocks = Object.entries(files).flatMap(([path, content]) => {
    const bytes = Buffer.from(content);
    return [header(`package/${path}`, bytes.length), bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]), { level: 1 });
}

function header(path: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  // A name of more than 100 bytes is split at a slash: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html
  const cut = Buffer.byteLength(path) <= 100 ? -1 : path.indexOf('/', path.length - 101);
  block.write(path.slice(cut + 1), 0);
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.write('        0', 148);
  block.write('ustar\x0000', 257);
  if (cut > 0) block.write(path.slice(0, cut), 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** The package.json of a packed package. */
export function manifestOf(packed: Buffer): Manifest {
  const tar = gunzipSync(packed);
  for (let at = 0; at < tar.length && tar[at] !== 0;) {
    const text = (from: number, length: number): string => tar.toString('utf8', at + from, at + from + length).split('\0')[0]!;
    const size = Number.parseInt(text(124, 12), 8);
    const path = [text(345, 155), text(0, 100)].filter(Boolean).join('/');
    if (/^[^/]+\/package\.json$/.test(path)) return JSON.parse(tar.toString('utf8', at + BLOCK, at + BLOCK + size)) as Manifest;
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  throw new Error('no package.json in this tarball');
}

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

export const integrityOf = (bytes: Buffer): string => `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
