import { gunzipSync } from 'node:zlib';
import { DcsError } from 'dcs-sdk';
import { isPackageName } from './names.ts';

const BLOCK = 512;
const MOST = 256 * 1024 * 1024;

/** package.json of a packed package: the first entry of that name, as npm reads it. `file`: for messages. */
export function packedManifest(bytes: Buffer, file: string): { readonly name: string; readonly version: string } {
  const tar = unzipped(bytes);
  for (let at = 0; tar !== undefined && at + BLOCK <= tar.length && tar[at] !== 0;) {
    const text = (from: number, length: number): string =>
      tar
        .toString('utf8', at + from, at + from + length)
        .split('\0')[0]!
        .trim();
    const size = Number.parseInt(text(124, 12), 8);
    if (!Number.isSafeInteger(size) || size < 0) break;
    if (/^[^/]+\/package\.json$/.test(text(0, 100))) {
      const { name, version } = fieldsOf(tar.toString('utf8', at + BLOCK, at + BLOCK + size));
      if (typeof name === 'string' && typeof version === 'string' && isPackageName(name) && /^[\w.+-]+$/.test(version))
        return { name, version };
      break;
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  throw new DcsError('CONFIG', `${file} is not a packed plugin.`, { why: 'Nothing was installed.', hint: 'npm pack     makes one' });
}

function unzipped(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST });
  } catch {
    return undefined; // zlib's errors say nothing that a person could use
  }
}

/** None of a text that is no JSON. */
export function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return { ...(JSON.parse(text) as object) };
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
