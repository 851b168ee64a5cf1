import { Secret } from 'dcs-sdk';
import { compileMatcher, type Matcher } from '../../src/run/redact/matcher.ts';
import type { Redactor } from '../../src/run/redact/redactor.ts';

export const matcher = (...values: string[]): Matcher =>
  compileMatcher(new Map(values.map((value, at) => [`NAME_${at}`, new Secret(value)])));
export const through = (redact: Redactor, chunks: Iterable<Uint8Array>): string =>
  Buffer.concat([...[...chunks].map((chunk) => Buffer.from(redact.push(chunk))), redact.end()]).toString('latin1');

/** mulberry32: every failure names its seed. */
export function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** What others write of a value: made here in other ways than src/run/redact/forms.ts makes its patterns. */
const ENCODERS: Record<string, (value: string, pick: (below: number) => number) => string> = {
  raw: (value) => value,
  base64: (value, pick) => Buffer.concat([Buffer.alloc(pick(3), 'x'), Buffer.from(value)]).toString('base64'),
  base64url: (value, pick) => Buffer.concat([Buffer.alloc(pick(3), 'x'), Buffer.from(value)]).toString('base64url'),
  hex: (value) => [...Buffer.from(value)].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
  HEX: (value) => [...Buffer.from(value)].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(''),
  url: (value) => encodeURIComponent(value),
  form: (value) => new URLSearchParams({ v: value }).toString().slice(2),
  json: (value) => JSON.stringify({ value }).slice(10, -2),
  'json, twice': (value) => JSON.stringify(JSON.stringify({ value })).slice(14, -4),
  'json, ASCII': (value) =>
    Array.from(JSON.stringify(value).slice(1, -1))
      .flatMap((char) => Array.from({ length: char.length }, (_, at) => char.charCodeAt(at)))
      .map((code) => (code < 127 ? String.fromCharCode(code) : `\\u${code.toString(16).padStart(4, '0')}`))
      .join(''),
  xml: (value) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
  shell: (value) => value.split("'").join(`'\\''`),
  'in colours': (value, pick) => Array.from(value, (char) => (pick(3) === 0 ? `\u001b[${pick(99)}m${char}` : char)).join('\u001b[0m'),
};

/** The stretch of a base64 text that the value alone decides. */
const core = (form: string, encoder: string): string => (encoder.startsWith('base64') ? form.slice(4, -4) : form);

export const ALPHABETS = [
  'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
  'ab',
  `ab/+=&<>"'\\ $!,\`%~é🔑ß\t`,
  'abcdef0123456789+/\n',
].map((text) => Array.from(text));

export interface Case {
  readonly values: readonly string[];
  readonly text: Buffer;
  readonly forms: readonly string[];
  readonly cuts: readonly Uint8Array[];
}

export function makeCase(seed: number): Case {
  const pick = random(seed);
  const word = (length: number): string => {
    const alphabet = ALPHABETS[pick(ALPHABETS.length)]!;
    return Array.from({ length }, () => alphabet[pick(alphabet.length)]!).join('');
  };
  const values = Array.from({ length: 1 + pick(4) }, () => word(8 + pick(40))).filter((value) => value.trim() === value);
  if (values.length > 0 && pick(4) === 0) values.push(Array.from(values[0]!).slice(3).join('') + word(5).trim());
  const forms: string[] = [];
  let text = word(pick(30));
  for (const value of values) {
    const names = Object.keys(ENCODERS);
    const name = names[pick(names.length)]!;
    const form = ENCODERS[name]!(value, pick);
    if (core(form, name).length > 3) forms.push(core(form, name));
    // A sequence without end takes the first byte of what follows with it, as in a terminal: no colours after one.
    const broken = name !== 'in colours' && pick(4) === 0;
    text += broken ? `\u001b[1${form}x ` : form + (pick(2) === 0 ? '' : `${word(pick(20))} `);
  }
  const whole = Buffer.from(text);
  const cuts: Uint8Array[] = [];
  for (let at = 0; at < whole.length;) {
    const length = pick(3) === 0 ? 1 : 1 + pick(24);
    cuts.push(whole.subarray(at, (at += length)));
  }
  return { values, text: whole, forms, cuts };
}

/** Seeds whose output still holds what it must not. */
export function leaks(count: number, redact: (one: Case) => string): number[] {
  const found: number[] = [];
  for (let seed = 1; seed <= count; seed++) {
    const one = makeCase(seed);
    const out = redact(one);
    if (one.forms.some((form) => out.includes(Buffer.from(form).toString('latin1')))) found.push(seed);
  }
  return found;
}
