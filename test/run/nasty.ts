import { Secret } from 'dcs-sdk';
import fc from 'fast-check';
import { FORMATS, renderFormat } from '../../src/run/formats/index.ts';
import type { FormatName } from '../../src/run/formats/names.ts';
import type { Format } from '../../src/run/formats/format.ts';

/** Values that quoting gets wrong first. */
export const NASTY = [
  '',
  ' ',
  '\n',
  '\r',
  '\r\n',
  '\t leading and trailing \t',
  'line one\nline two\n',
  "it's",
  "''",
  `'"\``,
  `a'b"c\`d`,
  `a'b"c\`d\ne`,
  "'`\\n",
  '\\',
  'ends in \\',
  `\\'`,
  '\\n is no line break',
  '$HOME ${HOME} $(touch pwned) `touch pwned`',
  '$${x} %%{if true} %{ for }',
  '#no comment',
  'a #b',
  '!history !! !$',
  '%PATH% %%',
  'a&b|c<d>e^f',
  '~ * ? [a] {b,c}',
  '\u2018\u2019\u201a\u201b \u201c\u201d',
  'é e\u0301 漢字 🔑 \u{10ffff}',
  '\ufeffmark',
  '\u0080\u0085\u009f\u2028\u2029',
  '\uf600\uf6ff\ue000',
  '\x01\x07\x1b[31m\x7f',
  '-n',
  '--help',
  '= == a=b',
  'yes',
  '0x10',
  '1_000',
  'null',
  '{{name}}',
  '-----BEGIN KEY-----\nMIIE+/==\n-----END KEY-----\n',
  '{"a":"b\\n\\"c\\""}',
  'EOF\nEOF\n',
  'x'.repeat(60_000),
  'x'.repeat(65_600),
];

const characters = fc.oneof(
  fc.constantFrom(...Array.from(`'"\`\\$%!#&|<>^(){}[]=;:,~*? \t\n\rnruabcEOF0-`)),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  fc.constantFrom('\0', '${', '%{', '\\n', '\r\n', '\u2019', 'e\u0301', '🔑', '\ud800'),
);
export const values = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.array(characters, { maxLength: 24 }).map((all) => all.join('')),
);

/** As many values as given, under harmless names. */
export const entries = fc
  .array(values, { minLength: 1, maxLength: 40 })
  .map((all) => new Map(all.map((value, index) => [`NAME_${index}`, value])));

/** The part that the format takes, and its text for it. */
export function written(kind: FormatName, all: ReadonlyMap<string, string>): { held: Map<string, string>; text: string } {
  const format: Format = FORMATS[kind];
  const held = new Map([...all].filter(([name, value]) => format.refuses({ name, value }) === undefined));
  const secrets = new Map([...held].map(([name, value]) => [name, new Secret(value)]));
  return { held, text: renderFormat(kind, secrets, { secretName: 'shop' }) };
}
