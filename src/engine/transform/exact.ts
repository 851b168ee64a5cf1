import { Unfit } from './error.ts';
import type { Path } from './path.ts';

/** A number as it was written: 1.10 and 12345678901234567890 do not survive as JavaScript numbers. */
export interface ExactNumber {
  readonly rawJSON: string;
}

/** A number of YAML that JSON has no way to write: 0x1F, .5, .inf. */
export class OtherNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** ES2026, and in every Node that dcs takes. The types of ES2024 do not know it. */
const json = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
  rawJSON(text: string): ExactNumber;
  isRawJSON(value: unknown): value is ExactNumber;
};

/** `text` must be a number as JSON writes it, or this throws SyntaxError. */
export const exactNumber = (text: string): ExactNumber => json.rawJSON(text);

export function parseJson(value: string): unknown {
  try {
    return json.parse(value, (_, one, { source }) => (typeof one === 'number' ? exactNumber(source!) : one));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Unfit('the value is not JSON');
    throw tooDeep(error);
  }
}

/** What a path leads to, as text: a text bare, a number as it was written, a list or map as JSON. Null and nothing are no value. */
export function pick(document: unknown, path: Path): string {
  let found = document;
  for (const key of path.keys) found = inside(found, key, path);
  if (found === null) throw new Unfit(`there is null at ${path.text}`);
  if (found instanceof OtherNumber) return found.text;
  return typeof found === 'string' ? found : writeJson(found);
}

function inside(from: unknown, key: string | number, path: Path): unknown {
  const fits = Array.isArray(from) ? typeof key === 'number' : isMap(from) && typeof key === 'string';
  if (!fits || !Object.hasOwn(from as object, key)) throw new Unfit(`there is nothing at ${path.text}`);
  return (from as Record<string | number, unknown>)[key];
}

const isMap = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !json.isRawJSON(value) && !(value instanceof OtherNumber);

export function writeJson(value: unknown): string {
  try {
    return JSON.stringify(value, (_, one: unknown) => {
      if (one instanceof OtherNumber) throw new Unfit('it holds a number that JSON cannot write, such as 0x1F or .inf');
      return one;
    });
  } catch (error) {
    throw tooDeep(error);
  }
}

/** The texts of a list, numbers as they were written. */
export function textsOf(list: unknown): string[] {
  if (!Array.isArray(list)) throw new Unfit('the value is not a JSON list');
  return list.map((one: unknown) => {
    if (typeof one === 'string') return one;
    if (json.isRawJSON(one)) return one.rawJSON;
    if (typeof one === 'boolean') return String(one);
    throw new Unfit('the list holds more than texts, numbers and booleans');
  });
}

/** The stack overflows on what is nested thousands deep; anything else is a bug. */
export function tooDeep(error: unknown): unknown {
  return error instanceof RangeError ? new Unfit('the value is nested too deeply') : error;
}
