import { expect } from 'chai';
import fc from 'fast-check';
import { sharedKeys } from '../../src/engine/key.ts';
import { parse, serialise } from '../../src/engine/ledger-file.ts';
import type { Ledger, LedgerRecord, Origin, Pending } from '../../src/engine/ledger-types.ts';

const keys = sharedKeys('k'.repeat(40));
const others = sharedKeys('o'.repeat(40));
const text = fc.oneof(fc.constantFrom('__proto__', 'constructor', '', '<<<<<<<', 'a\nb'), fc.string({ unit: 'binary' }));
const defined = <T extends object>(found: T): T =>
  Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as T;
const maybe = fc.option(text, { nil: undefined });
const origins: Origin[] = ['created', 'claimed', 'adopted', 'overwrote', 'unsure'];
const record = fc
  .record({ name: text, mac: maybe, origin: fc.constantFrom(...origins), from: maybe, wanted: fc.boolean(), birth: maybe, revision: maybe })
  .map((each) => defined(each) as LedgerRecord);
const pending = fc
  .record({
    run: text,
    chunk: fc.nat(),
    name: text,
    action: fc.constantFrom('put', 'delete'),
    mac: maybe,
    from: maybe,
    had: fc.boolean(),
    proven: fc.boolean(),
    base: maybe,
    told: fc.constantFrom(undefined, 'done', 'unknown'),
    revision: maybe,
    birth: maybe,
  })
  .map((each) => defined(each) as Pending);
const ledger: fc.Arbitrary<Ledger> = fc
  .record({
    version: fc.constant(1 as const),
    place: text,
    incarnation: maybe,
    identity: maybe,
    keyId: text,
    serial: fc.nat(),
    last: fc.option(fc.record({ at: text, by: text, run: text }), { nil: undefined }),
    source: fc.option(
      fc.record({ identity: text, version: text, shape: text, names: fc.array(fc.tuple(text, text)).map((each) => new Map(each)) }),
      { nil: undefined },
    ),
    records: fc.array(record).map((each) => new Map(each.map((one) => [one.name, one]))),
    pending: fc.array(pending),
  })
  .map((each) => defined(each) as Ledger);
const plain = (each: Ledger): unknown => ({
  ...each,
  records: new Map(each.records),
  source: each.source && { ...each.source, names: new Map(each.source.names) },
});
const sample: Ledger = {
  version: 1,
  place: 'here',
  keyId: keys.active.id,
  serial: 4,
  source: {
    identity: 'd',
    version: 'v',
    shape: 's',
    names: new Map([
      ['A', 'm1'],
      ['B', 'm2'],
    ]),
  },
  records: new Map([
    ['A', { name: 'A', origin: 'created', mac: 'm1', wanted: true }],
    ['B', { name: 'B', origin: 'adopted', mac: 'm2', wanted: true }],
  ]),
  pending: [{ run: 'R', chunk: 0, name: 'C', action: 'put', had: false, proven: false }],
};

describe('the text of a ledger', () => {
  it('round-trips any names, and is the same whatever the order of the maps', () => {
    fc.assert(
      fc.property(ledger, (each) => {
        const written = serialise(each, keys);
        expect(plain(parse(written, keys, 'f'))).to.deep.equal(plain(each));
        expect(serialise({ ...each, records: new Map([...each.records].toReversed()) }, keys)).to.equal(written);
      }),
      { numRuns: 300 },
    );
  });

  it('seals anew only what changed, and all of it for another key or place', () => {
    let seals = 0;
    const active = { ...keys.active, seal: (...all: Parameters<typeof keys.active.seal>) => (seals++, keys.active.seal(...all)) };
    const counted = { active, all: [active] };
    const records = Array.from({ length: 100 }, (_, at): [string, LedgerRecord] => [
      `S_${at}`,
      { name: `S_${at}`, origin: 'created', wanted: true },
    ]);
    const first: Ledger = { version: 1, place: 'here', keyId: active.id, serial: 1, records: new Map(records), pending: [] };
    const more: Ledger = { ...first, serial: 2, records: new Map([...records, ['T', { name: 'T', origin: 'created', wanted: true }]]) };
    const elsewhere: Ledger = { ...first, place: 'there' };
    const made = (each: Ledger): number => {
      seals = 0;
      const text = serialise(each, counted);
      expect(parse(text, keys, 'file').records).to.deep.equal(each.records);
      return seals;
    };
    expect([made(first), made(more), made(elsewhere), made(first)]).to.deep.equal([102, 3, 102, 102]);
    expect(parse(serialise(first, others), others, 'file').records.size).to.equal(100);
    expect(() => Object.assign(records[0]![1], { origin: 'adopted' })).to.throw(TypeError);
  });

  it('throws CONFLICT naming the file when cut short anywhere, garbled, or left in a merge conflict', () => {
    const whole = serialise(sample, keys);
    const refused = (broken: string): void => {
      let caught: { code?: string; message?: string } = {};
      try {
        parse(broken, keys, '/x/dcs.lock');
      } catch (error) {
        caught = error as never;
      }
      expect(caught.code).to.equal('CONFLICT');
      expect(caught.message).to.contain('/x/dcs.lock');
    };
    for (let cut = 0; cut < whole.length - 1; cut++) refused(whole.slice(0, cut));
    for (const mark of ['<<<<<<< HEAD', '=======', '>>>>>>> main']) refused(whole.replace('{"record"', `${mark}\n{"record"`));
    refused(whole.replace('"version":1', '"version":2'));
    refused(whole + whole.replaceAll('"here"', '"there"'));
    refused(`\0\0\0${whole}`);
  });

  it('knows no record, intent or head that was altered, moved from another place, or sealed with another key', () => {
    const whole = serialise(sample, keys);
    const altered = parse(whole.replace('"origin":"adopted"', '"origin":"created"'), keys, 'f');
    expect([...altered.records.keys()]).to.deep.equal(['A']);
    expect(parse(whole.replace('"had":false', '"had":true'), keys, 'f').pending).to.deep.equal([]);
    expect(parse(whole.replaceAll('"here"', '"there"'), keys, 'f').records.size).to.equal(0);
    const foreign = parse(whole, others, 'f');
    expect([foreign.records.size, foreign.pending.length, foreign.serial]).to.deep.equal([0, 0, 4]);
    expect([foreign.source?.identity, foreign.source?.version, foreign.source?.names.size]).to.deep.equal(['d', 'merged', 0]);
    expect([foreign.foreign, parse(whole, keys, 'f').foreign]).to.deep.equal([true, undefined]);
    const merged = parse(whole.replace('["B","m2"]', '["B","m3"]'), keys, 'f').source;
    expect([merged?.identity, merged?.version, merged?.names.size]).to.deep.equal(['d', 'merged', 0]);
    const rotated = { active: others.active, all: [others.active, keys.active] };
    expect(parse(whole, rotated, 'f').records.size).to.equal(2);
  });

  it('is read alike line by line: without the seal over the whole, with another line end', () => {
    const whole = serialise(sample, keys);
    const bare = whole.replace(/,"whole":"[0-9a-f]{64}"/, '');
    expect(bare).to.have.length(whole.length - 75);
    for (const same of [bare, whole.replaceAll('\n', '\r\n'), whole.replace(/"whole":"./, '"whole":"x')])
      expect(plain(parse(same, keys, 'f'))).to.deep.equal(plain(sample));
  });

  it('of two branches that git merged by union holds what both vouch for', () => {
    const [a, b] = [sample.records.get('A')!, sample.records.get('B')!];
    const ours = { ...sample, serial: 5, records: new Map([...sample.records, ['A', { ...a, mac: 'm9' }], ['C', { ...b, name: 'C' }]]) };
    const theirs = { ...sample, serial: 6, records: new Map([...sample.records, ['B', { ...b, origin: 'unsure' as const }]]) };
    const [mine, other] = [serialise(ours, keys), serialise(theirs, keys)];
    // Git keeps what is common once, and both sides of what is not, in this order.
    const lines = [
      ...new Set([...mine.split('\n').slice(0, 1), ...other.split('\n').slice(0, 1), ...mine.split('\n'), ...other.split('\n')]),
    ];
    const end = lines.find((line) => line.includes('"end"'))!;
    const merged = parse(`${lines.filter((line) => line !== end && line !== '').join('\n')}\n${end}\n`, keys, 'f');
    expect(merged.serial).to.equal(6);
    expect([...merged.records.keys()].toSorted()).to.deep.equal(['A', 'B', 'C']);
    expect(merged.records.get('A')!.mac, 'the branches tell different values').to.equal(undefined);
    expect(merged.records.get('B')!.origin).to.equal('unsure');
    expect(merged.pending).to.deep.equal(sample.pending);
    expect(parse(mine + other, keys, 'f').records, 'and so where both began the file').to.deep.equal(merged.records);
  });
});
