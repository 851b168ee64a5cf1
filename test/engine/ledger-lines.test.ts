import { expect } from 'chai';
import { isDcsError } from 'dcs-sdk';
import { sharedKeys } from '../../src/engine/key.ts';
import { blocks, emptyLedger, parse, serialise } from '../../src/engine/ledger-file.ts';
import type { Ledger, LedgerKeys } from '../../src/engine/ledger-types.ts';

const keys = sharedKeys('k'.repeat(40));
/** Every field that a ledger may have. */
const full: Ledger = {
  version: 1,
  place: 'here',
  incarnation: 'i1',
  identity: 'account',
  keyId: keys.active.id,
  serial: 4,
  source: { identity: 'd', version: 'v', shape: 's', names: new Map(['B', 'A'].map((name) => [name, `m-${name}`])) },
  last: { at: '2026-11-21T00:00:00Z', by: 'you', run: 'R' },
  records: new Map(
    ['B', 'A'].map((name) => [name, { name, mac: `m-${name}`, origin: 'created', from: name, wanted: true, birth: 'b1', revision: 'r1' }]),
  ),
  pending: [
    {
      run: 'R',
      chunk: 0,
      name: 'C',
      action: 'put',
      mac: 'm-C',
      from: 'C',
      had: false,
      proven: false,
      base: 'r1',
      told: 'done',
      revision: 'r2',
      birth: 'b2',
    },
  ],
};
const whole = serialise(full, keys);
const lines = whole.trimEnd().split('\n');
type Fields = Record<string, unknown>;

/** Why it is refused, without the name of the file. */
function refused(text: string): string {
  try {
    parse(text, keys, 'the-file');
  } catch (error) {
    if (!isDcsError(error) || error.code !== 'CONFLICT') throw error;
    return error.message.replace('the-file', 'F');
  }
  return 'not at all';
}

/** The text with one field of one line as `value`; undefined takes it away. */
function altered(number: number, path: string, value: unknown): string {
  const line = JSON.parse(lines[number - 1]!) as Fields;
  const keysTo = path.split('.');
  const last = keysTo.pop()!;
  keysTo.reduce((at, key) => at[key] as Fields, line)[last] = value;
  return `${lines.with(number - 1, JSON.stringify(line)).join('\n')}\n`;
}

describe('the lines of a ledger', () => {
  it('stand in order: head, what the source wants, records, intents, end, each sorted by name', () => {
    const told = lines.map((line) => {
      const { ledger, wants, record, pending, end } = JSON.parse(line) as Record<string, Fields & string[]>;
      return ledger?.['place'] ?? wants?.join() ?? record?.['name'] ?? pending?.['name'] ?? end;
    });
    expect(told).to.deep.equal(['here', 'A,m-A', 'B,m-B', 'A', 'B', 'C', 'here']);
    expect(serialise(emptyLedger('here', keys, undefined), keys).split('\n')).to.have.length(3);
  });

  const text = [7, null, ['x']];
  const needed = [...text, undefined];
  const flag = ['yes', null, undefined];
  const table: readonly (readonly [line: number, fields: readonly string[], wrong: readonly unknown[]])[] = [
    [1, ['ledger'], [null, 7, [], undefined]],
    [1, ['ledger.version'], [2, '1', undefined]],
    [1, ['ledger.place', 'ledger.keyId', 'seal'], needed],
    [1, ['ledger.serial'], [1.5, '4', null, undefined]],
    [1, ['ledger.incarnation', 'ledger.identity', 'ledger.wantsSeal'], text],
    [1, ['ledger.source', 'ledger.last'], [7, null, [], {}]],
    [1, ['identity', 'version', 'shape'].map((field) => `ledger.source.${field}`), needed],
    [1, ['at', 'by', 'run'].map((field) => `ledger.last.${field}`), needed],
    [2, ['wants'], [null, 'A', [], ['A'], ['A', 'm', 'm'], [7, 'm'], ['A', 7]]],
    [4, ['record'], [null, 7, [], undefined]],
    [4, ['record.name', 'seal'], needed],
    [4, ['record.origin'], [...needed, 'owned', '']],
    [4, ['record.wanted'], flag],
    [4, ['mac', 'from', 'birth', 'revision'].map((field) => `record.${field}`), text],
    [6, ['pending'], [null, 7, [], undefined]],
    [6, ['pending.run', 'pending.name', 'seal'], needed],
    [6, ['pending.chunk'], [0.5, '0', null, undefined]],
    [6, ['pending.action'], ['get', '', null, undefined]],
    [6, ['pending.told'], ['maybe', '', null]],
    [6, ['pending.had', 'pending.proven'], flag],
    [6, ['mac', 'from', 'base', 'revision', 'birth'].map((field) => `pending.${field}`), text],
    [7, ['end'], [7, null, undefined]],
  ];
  for (const [number, fields, wrong] of table)
    for (const field of fields)
      it(`are refused where ${field} is none, by their number`, () => {
        for (const value of wrong)
          expect(refused(altered(number, field, value)), JSON.stringify(value)).to.equal(
            `The ledger F is damaged at line ${number}: it is no line of a ledger, or of a newer dcs.`,
          );
      });

  it('may lack what not every ledger has', () => {
    const optional = ['ledger.incarnation', 'ledger.identity', 'ledger.source', 'ledger.last', 'ledger.wantsSeal', 'whole'];
    for (const field of optional) expect(refused(altered(1, field, undefined)), field).to.equal('not at all');
    expect(refused(altered(1, 'whole', 7)), 'a seal that is none is not believed').to.equal('not at all');
    for (const field of ['mac', 'from', 'birth', 'revision'])
      expect(refused(altered(4, `record.${field}`, undefined)), field).to.equal('not at all');
    for (const field of ['mac', 'from', 'base', 'told', 'revision', 'birth'])
      expect(refused(altered(6, `pending.${field}`, undefined)), field).to.equal('not at all');
  });

  it('are no ledger in another order, twice, or without a beginning or an end', () => {
    const [head, ...rest] = lines as [string, ...string[]];
    const there = head.replace('"here"', '"there"');
    const join = (...all: string[]): string => `${all.join('\n')}\n`;
    for (const [broken, why] of [
      ['', ': it is empty'],
      ['\n \n', ': it is empty'],
      [join(...rest), ' at line 1: a line belongs to no ledger'],
      [join('', ...rest), ' at line 2: a line belongs to no ledger'],
      [join(head, there, ...rest), ' at line 2: a ledger begins in another one'],
      [join(head, '{"end":"there"}'), ' at line 2: another ledger ends'],
      [join(head, ...rest.slice(0, -1)), ': its end is missing'],
      [join(...lines, there, '{"end":"there"}'), ': it holds more than one ledger'],
      [join(...lines.with(1, 'null')), ' at line 2: it is no line of a ledger, or of a newer dcs'],
      [join(...lines.with(1, '{')), ' at line 2: it is no line of a ledger, or of a newer dcs'],
      [join(...lines.with(3, '[]')), ' at line 4: it is no line of a ledger, or of a newer dcs'],
    ] as const)
      expect(refused(broken)).to.equal(`The ledger F is damaged${why}.`);
  });

  it('are no merge conflict of git unless seven of its marks stand at the beginning', () => {
    for (const mark of ['<', '|', '=', '>']) {
      expect(refused(`${mark.repeat(7)} HEAD\n${whole}`)).to.equal('F holds a merge conflict of git at line 1.');
      for (const other of [mark, mark.repeat(6), ` ${mark.repeat(7)}`]) expect(refused(`${other}\n${whole}`)).to.match(/damaged at line 1/);
    }
  });

  it('may stand apart, and are kept without what stands between them', () => {
    const other = serialise({ ...full, place: 'there' }, keys);
    const loose = `\n${lines.join('\r\n \r\n')}\r\n${other}\n`;
    expect(blocks(loose, 'f')).to.deep.equal(
      new Map([
        ['here', whole],
        ['there', other],
      ]),
    );
    expect(parse(`\n${lines.join('\n\t\n')}`, keys, 'f').records.size).to.equal(2);
    expect(blocks(whole + whole, 'f').get('here')).to.equal(whole + whole);
  });
});

describe('the seals of a ledger', () => {
  /** How many seals are made while it is read. */
  const made = (text: string): number => {
    let count = 0;
    const { active } = keys;
    const counted = { ...active, seal: (purpose: string, fields: unknown) => (count++, active.seal(purpose, fields)) };
    const counting: LedgerKeys = { active: counted, all: [counted] };
    expect(parse(text, counting, 'f').records.size).to.equal(2);
    return count;
  };

  it('are one for a ledger that nobody touched, and one a line for another', () => {
    expect(made(whole)).to.equal(1);
    // Of the whole, the head, two records, an intent and what the source wants.
    expect(made(whole.replaceAll('\n', '\r\n'))).to.equal(6);
    expect(made(altered(1, 'whole', undefined))).to.equal(6);
  });

  it('of nobody known here leave whom and what it was written for, and no name', () => {
    const others = sharedKeys('o'.repeat(40));
    const { source: _, ...sourceless } = full;
    const read = (ledger: Ledger): Ledger => parse(serialise(ledger, others), keys, 'f');
    const none = { version: 1, place: 'here', keyId: keys.active.id, serial: 4, records: new Map(), pending: [], foreign: true };
    const source = { identity: 'd', version: 'merged', shape: 'merged', names: new Map() };
    expect(read(full)).to.deep.equal({ ...none, identity: 'account', source });
    expect(read(sourceless)).to.deep.equal({ ...none, identity: 'account' });
    const { identity: __, ...bare } = sourceless;
    expect(read(bare)).to.deep.equal(none);
  });

  it('are made anew with another key', () => {
    const others = sharedKeys('o'.repeat(40));
    const copy = { ...full, records: new Map([...full.records].map(([name, one]) => [name, { ...one }])) };
    expect(serialise(copy, keys)).to.equal(whole);
    const again = serialise(copy, others).replaceAll('\n', '\r\n');
    expect(parse(again, others, 'f').records.size, 'line by line').to.equal(2);
  });

  it('begin with a ledger that holds nothing', () => {
    const none = { version: 1, place: 'here', keyId: keys.active.id, records: new Map(), pending: [] };
    expect(emptyLedger('here', keys, undefined)).to.deep.equal({ ...none, serial: 0 });
    expect(emptyLedger('here', keys, 'i1', 7)).to.deep.equal({ ...none, incarnation: 'i1', serial: 7 });
  });
});
