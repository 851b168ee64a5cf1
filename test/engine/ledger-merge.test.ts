import { expect } from 'chai';
import fc from 'fast-check';
import { mergeLedgers, mergeRecord } from '../../src/engine/ledger-merge.ts';
import type { Ledger, LedgerRecord, Pending } from '../../src/engine/ledger-types.ts';

const NAMES = ['A', 'B', 'C', '__proto__'];
const record = fc.record(
  {
    name: fc.constantFrom(...NAMES),
    mac: fc.constantFrom('m1', 'm2', 'm3'),
    origin: fc.constantFrom('created', 'claimed', 'adopted', 'overwrote', 'unsure'),
    wanted: fc.boolean(),
    revision: fc.constantFrom('r1', 'r2'),
  },
  { requiredKeys: ['name', 'origin', 'wanted'] },
) as fc.Arbitrary<LedgerRecord>;
const pending = fc.record({
  run: fc.constantFrom('R1', 'R2'),
  chunk: fc.nat(1),
  name: fc.constantFrom(...NAMES),
  action: fc.constantFrom('put', 'delete'),
  had: fc.constant(false),
  proven: fc.constant(false),
}) as fc.Arbitrary<Pending>;
const key = ({ run, chunk, name, action }: Pending): string => [run, chunk, name, action].join();
const ledger = fc
  .record({
    serial: fc.nat(9),
    records: fc.uniqueArray(record, { selector: ({ name }) => name }),
    pending: fc.uniqueArray(pending, { selector: key, maxLength: 3 }),
  })
  .map(({ serial, records, pending: waiting }): Ledger => ({
    version: 1,
    place: 'p',
    keyId: 'k',
    serial,
    records: new Map(records.map((each) => [each.name, each])),
    pending: waiting,
  }));
const runs = { numRuns: 2000 };
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const RANK = ['unsure', 'adopted', 'overwrote', 'claimed', 'created'];

describe('merging what two machines recorded', () => {
  it('keeps every name that one of them touched as that one left it', () => {
    fc.assert(
      fc.property(ledger, ledger, ledger, (base, ours, theirs) => {
        const merged = mergeLedgers(base, ours, theirs);
        for (const name of NAMES) {
          const [was, mine, other] = [base, ours, theirs].map(({ records }) => records.get(name));
          if (same(other, was)) expect(merged.records.get(name)).to.deep.equal(mine);
          else if (same(mine, was)) expect(merged.records.get(name)).to.deep.equal(other);
        }
      }),
      runs,
    );
  });

  it('loses no name that both wrote, and vouches for no more than either did', () => {
    fc.assert(
      fc.property(ledger, ledger, ledger, (base, ours, theirs) => {
        const merged = mergeLedgers(base, ours, theirs);
        for (const name of NAMES) {
          const [was, mine, other, now] = [base, ours, theirs, merged].map(({ records }) => records.get(name));
          if (same(mine, was) || same(other, was) || same(mine, other)) continue;
          expect(now, name).to.not.equal(undefined);
          if (mine && other) {
            expect(RANK.indexOf(now!.origin)).to.equal(Math.min(RANK.indexOf(mine.origin), RANK.indexOf(other.origin)));
            if (mine.mac !== other.mac) expect(now!.mac).to.equal(undefined);
          } else expect(now!.mac, 'one of them deleted it').to.equal(undefined);
        }
      }),
      runs,
    );
  });

  it('keeps every write whose end neither of them knows', () => {
    fc.assert(
      fc.property(ledger, ledger, ledger, (base, ours, theirs) => {
        const [before, mine, other, now] = [base, ours, theirs, mergeLedgers(base, ours, theirs)].map(
          (each) => new Set(each.pending.map(key)),
        ) as [Set<string>, Set<string>, Set<string>, Set<string>];
        for (const each of new Set([...mine, ...other])) {
          const settled = before.has(each) && !(mine.has(each) && other.has(each));
          expect(now.has(each), each).to.equal(!settled);
        }
        const { pending: all, records } = mergeLedgers(base, ours, theirs);
        expect(all.length, 'each once').to.equal(now.size);
        expect([...records.values()]).to.not.include(undefined);
      }),
      runs,
    );
  });

  it('is the same whoever comes first, and once merged stays merged', () => {
    fc.assert(
      fc.property(ledger, ledger, ledger, (base, ours, theirs) => {
        const sorted = ({ records, pending: waiting }: Ledger): unknown => [Object.fromEntries(records), new Set(waiting.map(key))];
        const merged = mergeLedgers(base, ours, theirs);
        expect(sorted(mergeLedgers(base, theirs, ours))).to.deep.equal(sorted(merged));
        expect(sorted(mergeLedgers(theirs, merged, theirs))).to.deep.equal(sorted(merged));
        expect(merged.serial).to.be.greaterThan(Math.max(ours.serial, theirs.serial));
      }),
      runs,
    );
  });

  const none: Ledger = { version: 1, place: 'p', keyId: 'k', serial: 3, records: new Map(), pending: [] };
  const one: LedgerRecord = { name: 'A', mac: 'm1', origin: 'created', from: 'a', wanted: true, birth: 'b1', revision: 'r1' };

  it('of targets that were made again keeps ours alone', () => {
    const ours = { ...none, incarnation: 'new', records: new Map([['A', one]]) };
    const theirs = { ...none, incarnation: 'old', serial: 8, records: new Map([['B', { ...one, name: 'B' }]]) };
    expect(mergeLedgers(none, ours, theirs)).to.deep.equal({ ...ours, serial: 9 });
    expect(mergeLedgers(none, { ...ours, serial: 8 }, { ...theirs, serial: 3 }).serial).to.equal(9);
  });

  it('needs no base: then both sides count, and each intent once', () => {
    const pending = [{ run: 'R', chunk: 0, name: 'A', action: 'put', had: false, proven: false }] as const;
    const merged = mergeLedgers(undefined, { ...none, records: new Map([['A', one]]), pending }, { ...none, serial: 4, pending });
    expect(merged).to.deep.equal({ ...none, serial: 5, records: new Map([['A', one]]), pending });
  });

  it('keeps of a name what both say alike, and nothing else', () => {
    const both = (theirs: Partial<LedgerRecord>, ours: Partial<LedgerRecord> = {}): LedgerRecord | undefined =>
      mergeRecord(undefined, { ...one, ...ours }, { ...one, wanted: false, ...theirs });
    expect(both({})).to.deep.equal(one);
    for (const field of ['mac', 'revision', 'birth'] as const) {
      const { [field]: _, ...rest } = one;
      expect(both({ [field]: 'another' }), field).to.deep.equal(rest);
      expect(both({ [field]: undefined }), field).to.deep.equal(rest);
      expect(both({ [field]: undefined }, { [field]: undefined }), field).to.deep.equal(rest);
    }
    expect(both({}, { wanted: false, from: 'b' })?.wanted).to.equal(false);
    expect(both({ wanted: true }, { wanted: false })?.wanted).to.equal(true);
    expect(both({ origin: 'unsure' })?.origin).to.equal('unsure');
    expect(both({}, { origin: 'unsure' })?.origin).to.equal('unsure');
  });
});
