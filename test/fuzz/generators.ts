import fc from 'fast-check';

/** What parsers have stumbled over: quotes, escapes, ends of lines, markers, names that objects inherit. */
const WORDS = [
  ...Array.from(`{}[]()<>:,;"'\`\\#&*!|?-=%@~ \t\n\r0189aZ_`),
  '\0',
  '\x7f',
  '\x85',
  '\u2028',
  '\ufeff',
  '\r\n',
  'é',
  '🔑',
  '__proto__',
  'constructor',
  'toString',
  '<<',
  '---\n',
  '...\n',
  '- ',
  ': ',
  ' #',
  '\\u0000',
  '\\ud800',
  '\\n',
  '${HOME}',
  '${',
  '*a',
  '&a ',
  '!!binary ',
  'null',
  'true',
  '1e999',
  '-0',
  '0x10',
  'NaN',
  '""',
  'export ',
  '=',
  '<<<<<<< ours\n',
  'canary',
];

const word = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...WORDS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
);
const soup = fc.array(word, { maxLength: 40 }).map((all) => Buffer.from(all.join('')));
const json = fc.jsonValue({ depthSize: 'medium', maxDepth: 6 }).map((value) => Buffer.from(JSON.stringify(value)));

interface Edit {
  readonly at: number;
  readonly take: number;
  readonly put: string;
  readonly bit: number;
}
const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  take: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(200)),
  put: fc.oneof(
    fc.constant(''),
    word,
    fc.array(word, { maxLength: 6 }).map((all) => all.join('')),
  ),
  bit: fc.integer({ min: -1, max: 7 }),
});

/** A piece taken out, another put in, and a bit turned. */
function edited(bytes: Buffer, { at, take, put, bit }: Edit): Buffer {
  const place = Math.floor(at * (bytes.length + 1));
  const made = Buffer.concat([bytes.subarray(0, place), Buffer.from(put), bytes.subarray(place + take)]);
  if (bit >= 0 && place < made.length) made[place]! ^= 1 << bit;
  return made;
}

/** Any bytes, JSON, and what is nearly one of the seeds. */
export function bytesLike(seeds: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const near = fc.tuple(fc.constantFrom(...seeds), fc.array(edit, { maxLength: 5 })).map(([from, edits]) => edits.reduce(edited, from));
  return fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((all) => Buffer.from(all)) },
    { weight: 2, arbitrary: soup },
    { weight: 1, arbitrary: json },
    { weight: 6, arbitrary: near },
  );
}
