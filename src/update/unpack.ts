import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, link, mkdir, open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DcsError } from 'dcs-sdk';
import { isMissing } from '../files.ts';
import type { PackedFile, Part } from './manifest.ts';

/**
 * A part is the gzip of its files' bytes, one after the other, in the order of the manifest: it holds no names, so it cannot name a
 * place to write to. Each file is new, as long as the manifest says and of its SHA-256, and on the disk when this returns.
 */
export async function unpack(packed: string, { files }: Part, tree: string): Promise<void> {
  // What goes wrong is thrown to whoever reads.
  const stream = pipeline(createReadStream(packed), createGunzip(), () => {});
  const bytes = new Bytes(stream);
  try {
    for (const file of files) await writeFile(await placeFor(tree, file), file, bytes);
    if ((await bytes.next(1)) !== undefined) refuse('holds more than its manifest names');
  } finally {
    stream.destroy();
  }
}

async function writeFile(path: string, file: PackedFile, bytes: Bytes): Promise<void> {
  const hash = createHash('sha256');
  const handle = await open(path, 'wx', 0o600);
  try {
    for (let left = file.size; left > 0;) {
      const chunk = await bytes.next(left);
      if (chunk === undefined) return refuse('holds less than its manifest names');
      hash.update(chunk);
      await handle.writeFile(chunk);
      left -= chunk.byteLength;
    }
    if (hash.digest('hex') !== file.sha256) refuse(`holds another ${file.path} than its manifest names`);
    await handle.chmod(file.executable ? 0o755 : 0o644);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Takes the part's files from a version that stands, if it has them all: Node is the same from one version to the next. */
export async function takeFrom(version: string, part: Part, tree: string): Promise<boolean> {
  if (!(await holds(version, [part]))) return false;
  for (const file of part.files) {
    const [from, to] = [join(version, file.path), await placeFor(tree, file)];
    // A file system without links.
    await link(from, to).catch(() => copyFile(from, to));
  }
  return true;
}

/** Every file of these parts, byte by byte. */
export async function holds(version: string, parts: readonly Part[]): Promise<boolean> {
  for (const { path, size, sha256 } of parts.flatMap(({ files }) => files)) {
    const found = await digest(join(version, path));
    if (found?.size !== size || found.sha256 !== sha256) return false;
  }
  return true;
}

async function digest(file: string): Promise<{ size: number; sha256: string } | undefined> {
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.byteLength;
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return { size, sha256: hash.digest('hex') };
}

async function placeFor(tree: string, { path }: PackedFile): Promise<string> {
  const file = join(tree, path);
  await mkdir(dirname(file), { recursive: true, mode: 0o755 });
  return file;
}

/** Names are on the disk too; others than the owner may read, whatever the umask. */
export async function settle(tree: string): Promise<void> {
  if (process.platform === 'win32') return;
  const entries = await readdir(tree, { recursive: true, withFileTypes: true });
  const folders = entries.flatMap((entry) => (entry.isDirectory() ? [join(entry.parentPath, entry.name)] : []));
  for (const folder of [tree, ...folders]) {
    const handle = await open(folder, 'r');
    try {
      await handle.chmod(0o755);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

/** A stream in pieces of at most the length that is asked for. */
class Bytes {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);
  constructor(stream: AsyncIterable<Buffer>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Undefined at the end. */
  async next(most: number): Promise<Buffer | undefined> {
    while (this.#rest.byteLength === 0) {
      const { done, value } = await this.#chunks.next().catch(damaged);
      if (done) return undefined;
      this.#rest = value;
    }
    const piece = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(piece.byteLength);
    return piece;
  }
}

function damaged(error: NodeJS.ErrnoException): never {
  if (error.code?.startsWith('Z_')) refuse('is damaged');
  throw error;
}

function refuse(what: string): never {
  throw new DcsError('REFUSED', `The archive of the update ${what}.`, {
    why: 'Nothing of it is used; the version in use is as it was.',
    hint: 'try again later; if it stays, report it: see SECURITY.md',
  });
}
