import fc from 'fast-check';

/** What every object inherits. */
export const INHERITED = [
  '__proto__',
  'constructor',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
  '__defineGetter__',
  '__lookupSetter__',
] as const;
/** What objects sort, what differs in little, what is long, what ends a line elsewhere. */
const STRANGE = [
  '0',
  '1',
  '42',
  '-1',
  '1e3',
  '4294967294',
  'length',
  'Key',
  'KEY',
  'key',
  'K_EY',
  'K__EY',
  '_',
  '__',
  '_LEADING',
  '__proto',
  'proto__',
  'NaN',
  'null',
  'true',
  'a.b',
  'a-b',
  'a b',
  'ß',
  'SS',
  'é',
  'e\u0301',
  'X'.repeat(200),
  `${'X'.repeat(200)}Y`,
] as const;
export const ODD: readonly string[] = [...INHERITED, ...STRANGE];

/** Mostly those, so that they meet; and what nobody thought of. No globs: what leaves names out reads them. */
export const anyName: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...ODD) },
  { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).filter((text) => !/[*?]/.test(text)) },
);
