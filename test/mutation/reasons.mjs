import { OF_THE_MASK } from './reasons-mask.mjs';

/** Why a mutant of this line of a file does the same as the source, at most at another speed or with more memory. */
export const REASONS = [
  ...OF_THE_MASK,
  {
    file: 'src/update/manifest.ts',
    line: 'const names = read.success ? read.data.parts.flatMap(({ files }) => files.map(({ path }) => path.toLowerCase())) : [];',
    mutants: [
      ['path.toLowerCase()', 'path.toUpperCase()'],
      ['[]', '["Stryker was here"]'],
    ],
    why: 'both spellings collide alike; names of a manifest that was not read are not looked at',
  },
  {
    file: 'src/update/manifest.ts',
    line: '} catch (error) {',
    mutants: [['{ if (error instanceof SyntaxError) return undefined; throw error; }', '{}']],
    why: 'JSON.parse throws nothing but a SyntaxError, and undefined is what either answers',
  },
  {
    file: 'src/update/manifest.ts',
    line: 'if (error instanceof SyntaxError) return undefined;',
    mutants: [['error instanceof SyntaxError', 'true']],
    why: 'JSON.parse throws nothing but a SyntaxError',
  },
  {
    file: 'src/update/manifest.ts',
    line: "const fieldOf = ({ issues }: z.ZodError): string => issues[0]?.path.join('.') || 'the whole';",
    mutants: [['issues[0]?.path', 'issues[0].path']],
    why: 'an error of the schema has an issue',
  },
  {
    file: 'src/update/manifest.ts',
    line: String.raw`const SEGMENT = /^(?!\.{1,2}$)(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[\w@+.,~()[\]-]{0,199}[\w@+~()[\]-]$/i;`,
    mutants: [
      [
        String.raw`/^(?!\.{1,2}$)(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[\w@+.,~()[\]-]{0,199}[\w@+~()[\]…`,
        String.raw`/^(?!\.$)(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[\w@+.,~()[\]-]{0,199}[\w@+~()[\]-]$/i`,
      ],
    ],
    why: 'a segment ends in no dot anyway',
  },
  {
    file: 'src/update/signed.ts',
    line: 'const [line, signature] = FIRST_LINE.exec(whole) ?? [];',
    mutants: [['[]', '["Stryker was here"]']],
    why: 'a text without the line has no signature either way',
  },
  {
    file: 'src/update/signed.ts',
    line: String.raw`const FIRST_LINE = /^dcs-update-1 ([A-Za-z0-9+/]{86}==)\n/;`,
    mutants: [[String.raw`/^dcs-update-1 ([A-Za-z0-9+/]{86}==)\n/`, String.raw`/dcs-update-1 ([A-Za-z0-9+/]{86}==)\n/`]],
    why: 'as many characters are cut off the front as the line has: what is left holds a part of the signature, which would have to sign itself',
  },
  {
    file: 'src/update/version.ts',
    line: 'for (let index = 0; index < Math.max(a.beta.length, b.beta.length); index++) {',
    mutants: [['index < Math.max(a.beta.length, b.beta.length)', 'index <= Math.max(a.beta.length, b.beta.length)']],
    why: 'behind the last word both have none, which is the same',
  },
  {
    file: 'src/update/version.ts',
    line: 'return a === b ? 0 : a < b ? -1 : 1;',
    mutants: [['a < b', 'a <= b']],
    why: 'they are not equal there',
  },
  {
    file: 'runtime/src/webhook.ts',
    line: 'if (!found)',
    mutants: [['!found', 'true']],
    why: 'speed: a key that is imported again verifies the same',
  },
  {
    file: 'runtime/src/webhook.ts',
    line: "imported.set(key, (found = crypto.subtle.importKey('raw', encoder.encode(key), { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])));",
    mutants: [['false', 'true']],
    why: 'nobody but this module has the key: whether it might be exported shows nowhere',
  },
  {
    file: 'plugins/dcs-plugin-automation/src/webhook/receiver.ts',
    line: "if (error instanceof SyntaxError || error instanceof TypeError) return 'malformed';",
    mutants: [['error instanceof SyntaxError || error instanceof TypeError', 'true']],
    why: 'reading an event throws nothing else',
  },
  {
    file: 'plugins/dcs-plugin-automation/src/webhook/keys.ts',
    line: 'const known = (await readKeys(file)) ?? [];',
    mutants: [['[]', '["Stryker was here"]']],
    why: 'one key is as few as none: nothing is taken away',
  },
  {
    file: 'sdk/src/plan.ts',
    line: '.toSorted((a, b) => (a.name < b.name ? -1 : 1));',
    mutants: [['a.name < b.name', 'a.name <= b.name']],
    why: 'no two items have one name',
  },
  {
    file: 'sdk/src/plan.ts',
    line: "return record === 'equal' ? ['', 'same'] : ['changed', 'differs'];",
    mutants: [["''", '"Stryker was here!"']],
    why: 'of what is the same nobody takes the reason',
  },
  {
    file: 'src/engine/ledger-file.ts',
    line: 'return a < b ? -1 : 1;',
    mutants: [['a < b', 'a <= b']],
    why: 'no two records have one name',
  },
  {
    file: 'src/engine/ledger-file.ts',
    line: 'open ??= { place, first: line, raws: [], lines: [], ...found.get(place) };',
    mutants: [['[]', '["Stryker was here"]']],
    why: 'a line of no kind is passed over',
  },
  {
    file: 'src/engine/ledger-file.ts',
    line: 'return record?.mac === mac ? [record.name, record.mac] : [name, mac];',
    mutants: [['record?.mac === mac', 'false']],
    why: 'memory: the same text, kept once',
  },
  {
    file: 'src/engine/ledger-line.ts',
    line: 'return pick<LedgerRecord>(from === name ? { ...record, from: name } : record, RECORD);',
    mutants: [['from === name', 'false']],
    why: 'memory: the same text, kept once',
  },
  {
    file: 'src/engine/ledger-line.ts',
    line: '} catch (error) {',
    mutants: [['{ if (error instanceof SyntaxError) return undefined; // its message would quote the file …', '{}']],
    why: 'JSON.parse throws nothing but a SyntaxError, and undefined is what either answers',
  },
  {
    file: 'src/engine/ledger-line.ts',
    line: 'if (error instanceof SyntaxError) return undefined; // its message would quote the file',
    mutants: [['error instanceof SyntaxError', 'true']],
    why: 'JSON.parse throws nothing but a SyntaxError',
  },
  {
    file: 'src/engine/ledger-merge.ts',
    line: "const STRENGTH: readonly Origin[] = ['unsure', 'adopted', 'overwrote', 'claimed', 'created'];",
    mutants: [["'unsure'", '""']],
    why: 'what does not stand in the list is the weakest as well',
  },
  {
    file: 'src/engine/ledger-merge.ts',
    line: 'return STRENGTH.indexOf(a) < STRENGTH.indexOf(b) ? a : b;',
    mutants: [['STRENGTH.indexOf(a) < STRENGTH.indexOf(b)', 'STRENGTH.indexOf(a) <= STRENGTH.indexOf(b)']],
    why: 'of two that are equal either is right',
  },
  {
    file: 'src/engine/settle.ts',
    line: 'for (const { pending, revision } of writes) if (revision !== undefined) all.ours.set(revision, chunks.get(chunkOf(pending))!);',
    mutants: [['revision !== undefined', 'true']],
    why: 'nobody asks for a revision without an id',
  },
  {
    file: 'src/engine/settle.ts',
    line: 'return revision !== undefined && (entry.trail !== undefined || newerAreOurs(trailOf(entry, all.listing) ?? [], revision, all));',
    mutants: [['[]', '["Stryker was here"]']],
    why: 'a trail without that revision tells nothing of it either way',
  },
  {
    file: 'src/engine/settle.ts',
    line: 'const trail = (entry && trailOf(entry, listing)) ?? [];',
    mutants: [['[]', '["Stryker was here"]']],
    why: 'nothing stands above the newest revision: no record moves',
  },
  {
    file: 'src/engine/saved-plan.ts',
    line: 'return String(a[0]) < String(b[0]) ? -1 : 1;',
    mutants: [['String(a[0]) < String(b[0])', 'String(a[0]) <= String(b[0])']],
    why: 'no two entries have one name',
  },
  {
    file: 'src/engine/saved-plan.ts',
    line: "return await readFile(file, 'utf8');",
    mutants: [["'utf8'", '""']],
    why: 'JSON.parse takes the bytes for UTF-8 as well',
  },
  {
    file: 'src/engine/saved-plan.ts',
    line: '} catch {',
    mutants: [["{ throw notAPlan; // the parser's message would quote the file }", '{}']],
    why: 'undefined is not a plan either',
  },
  {
    file: 'sdk/src/http-client.ts',
    line: '...(body === undefined',
    mutants: [['body === undefined', 'false']],
    why: 'undefined as JSON is no body either',
  },
  ...[
    'for (let at = 0; at < json.byteLength; at++) {',
    'while (at < json.byteLength && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;',
  ].map((line) => ({
    file: 'sdk/src/tangled.ts',
    line,
    mutants: [['at < json.byteLength', 'at <= json.byteLength']],
    why: 'behind the end stands no sign',
  })),
  {
    file: 'sdk/src/retry.ts',
    line: 'if (text === null) return undefined;',
    mutants: [['text === null', 'false']],
    why: 'nothing is neither a number nor a date',
  },
];
