import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { World } from './world.ts';

/** 128 bits of letters and digits, so that chance does not write ten of them. */
export const canary = (): string =>
  BigInt(`0x${randomBytes(20).toString('hex')}`)
    .toString(36)
    .padStart(31, '0')
    .replace(/[a-m]/g, up);
const up = (letter: string, at: number): string => (at % 2 === 0 ? letter.toUpperCase() : letter);

/** How a value could show up although it was not printed as it is; base64 at its three alignments, without what its neighbours share. */
export const forms = (value: string): string[] => {
  const bytes = Buffer.from(value);
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    const partial = (shift + bytes.length) % 3 === 0 ? 0 : 1;
    return text.replace(/=+$/, '').slice([0, 2, 3][shift], partial === 0 ? undefined : -partial);
  });
  const hex = bytes.toString('hex');
  const each = (write: (byte: number) => string): string => [...bytes].map(write).join('');
  const quoted = JSON.stringify(value).slice(1, -1);
  return [
    ...new Set([
      value,
      ...base64,
      ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
      Buffer.from(bytes.toString('base64')).toString('base64').replace(/=+$/, '').slice(0, -4),
      hex,
      hex.toUpperCase(),
      encodeURIComponent(value),
      each((byte) => `%${byte.toString(16).padStart(2, '0')}`),
      each((byte) => `\\u${byte.toString(16).padStart(4, '0')}`),
      quoted,
      JSON.stringify(quoted).slice(1, -1),
      value.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`),
      `'${value.replaceAll("'", `'\\''`)}'`.slice(1, -1),
      Buffer.from(value, 'utf16le').toString('latin1'),
    ]),
  ];
};

const BITS = 20;
const hash = (code: number): number => Math.imul(code, 0x9e_37_79_b1) >>> (32 - BITS);
const four = (text: string, at: number): number =>
  ((text.charCodeAt(at) & 255) << 24) |
  ((text.charCodeAt(at + 1) & 255) << 16) |
  ((text.charCodeAt(at + 2) & 255) << 8) |
  (text.charCodeAt(at + 3) & 255);

/** Finds ten bytes in a row of a canary, in any form; and of `whole`, which are words of a language, nothing less than all. */
export class Scanner {
  readonly #table = new Uint8Array(1 << BITS);
  readonly #needles = new Map<number, string[]>();
  constructor(canaries: readonly string[], whole: readonly string[] = []) {
    for (const value of canaries)
      for (const form of forms(value)) {
        const size = Math.min(form.length, Math.ceil((10 * form.length) / value.length));
        for (let at = 0; at + size <= form.length; at++) this.#add(form.slice(at, at + size));
      }
    for (const value of whole) for (const form of forms(value)) this.#add(form);
  }
  #add(needle: string): void {
    const start = four(needle, 0);
    this.#table[hash(start)] = 1;
    const same = this.#needles.get(start);
    if (same) same.push(needle);
    else this.#needles.set(start, [needle]);
  }
  /** The first that the text holds. */
  find(text: string): string | undefined {
    let code = four(` ${text.slice(0, 3)}`, 0);
    for (let at = 3; at < text.length; at++) {
      code = (code << 8) | (text.charCodeAt(at) & 255);
      if (this.#table[hash(code)] === 0) continue;
      const found = this.#needles.get(code)?.find((needle) => text.startsWith(needle, at - 3));
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** What a file holds, unpacked where it is packed. */
export async function contents(file: string): Promise<string> {
  const bytes = await readFile(file);
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return bytes.toString('latin1') + (packed ? gunzipSync(bytes).toString('latin1') : '');
}

/** Every file of the scratch home and project. */
export async function sinks({ home, project }: World): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const folder of [home, project])
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) found.set(join(entry.parentPath, entry.name), await contents(join(entry.parentPath, entry.name)));
  return found;
}

/** The sinks that hold one of the values, or a piece of one. */
export function hits(canaries: readonly string[], found: ReadonlyMap<string, string>): string[] {
  const scanner = new Scanner(canaries);
  return [...found].filter(([, text]) => scanner.find(text) !== undefined).map(([sink]) => sink);
}
