import { expect } from 'chai';
import fc from 'fast-check';
import { guard, type Finding, type GuardInput } from '../src/guard.ts';
import type { Action, PlanItem, Reason } from '../src/plan.ts';

const named = (count: number): string[] => Array.from({ length: count }, (_, index) => `N${index}`);
const planned = (count: number, action: Action, reason: Reason): GuardInput['plan'] => ({
  items: named(count).map((name): PlanItem => ({ name, action, reason, state: 'differs' })),
  collisions: [],
});
const QUIET: GuardInput = {
  plan: { items: [], collisions: [] },
  wanted: ['A'],
  wantedBefore: ['A'],
  resumed: new Set(),
  existing: 0,
  owned: 0,
  shows: true,
  identity: [],
  existingPolicy: 'ask',
};
const findings = (input: Partial<GuardInput>): readonly Finding[] => guard({ ...QUIET, ...input });
const stops = (input: Partial<GuardInput>): string[] => findings(input).map((finding) => finding.guard);

describe('guard', () => {
  const cases: [what: string, input: Partial<GuardInput>, stops: string[]][] = [
    ['empties what was never full', { wanted: [], wantedBefore: [] }, ['empty']],
    ['loses one of two', { wanted: ['N0', 'X'], wantedBefore: named(2) }, []],
    ['loses both of two', { wanted: ['X'], wantedBefore: named(2) }, ['shrink']],
    ['loses half of twenty, which is ten', { wanted: named(10), wantedBefore: named(20) }, []],
    ['swaps eleven of thirty names', { wanted: [...named(19), 'X'], wantedBefore: named(30) }, ['shrink']],
    ['only grows', { wanted: named(50), wantedBefore: named(1) }, []],
    ['deletes one of one', { plan: planned(1, 'delete', 'removed'), owned: 1 }, []],
    ['deletes two of six', { plan: planned(2, 'delete', 'removed'), owned: 6 }, ['delete']],
    ['deletes two of seven', { plan: planned(2, 'delete', 'removed'), owned: 7 }, []],
    ['deletes exactly 30 % of ten', { plan: planned(3, 'delete', 'removed'), owned: 10 }, []],
    ['would delete, were it not held', { plan: planned(11, 'held', 'removed'), owned: 100 }, ['delete']],
    ['keeps what is gone from Doppler', { plan: planned(11, 'kept', 'not-in-doppler'), owned: 11, shows: false }, []],
    ['deletes nothing where nothing shows', { shows: false }, []],
    ['rewrites all of nine', { plan: planned(9, 'update', 'changed'), existing: 9 }, []],
    ['rewrites half of eleven', { plan: planned(5, 'update', 'changed'), existing: 11 }, []],
    ['rewrites more than half of eleven', { plan: planned(6, 'update', 'drift'), existing: 11 }, ['rewrite']],
    ['goes on with six of eleven', { plan: planned(6, 'update', 'touched'), existing: 11, resumed: new Set(named(6)) }, []],
    [
      'goes on with one and rewrites six more',
      { plan: planned(7, 'update', 'drift'), existing: 11, resumed: new Set(named(1)) },
      ['rewrite'],
    ],
    ['creates much', { plan: planned(50, 'create', 'new'), existing: 10 }, []],
    ['adopts, existing: leave', { plan: planned(1, 'update', 'adopt'), existingPolicy: 'leave' }, []],
    ['holds an adoption back', { plan: planned(1, 'held', 'adopt') }, []],
    ['is found for the first time', { identity: [[undefined, 'a/b']] }, []],
  ];
  for (const [what, input, expected] of cases)
    it(`a sync that ${what}: ${expected.join() || 'goes on'}`, () => expect(stops(input)).to.deep.equal(expected));

  it('an identity that moved is a CONFLICT and names both; every other stop is REFUSED', () => {
    expect(
      findings({
        identity: [
          ['a/old', 'a/new'],
          ['same', 'same'],
          [undefined, 'new'],
        ],
      }),
    ).to.deep.equal([{ guard: 'identity', exit: 'CONFLICT', names: ['a/old', 'a/new'], of: 1 }]);
    const rest = findings({
      wanted: [],
      wantedBefore: named(3),
      plan: { items: [...planned(12, 'delete', 'removed').items, ...planned(12, 'update', 'adopt').items], collisions: [] },
      existing: 20,
      owned: 12,
    });
    expect(rest.map((one) => [one.guard, one.exit, one.names.length, one.of])).to.deep.equal([
      ['empty', 'REFUSED', 3, 3],
      ['shrink', 'REFUSED', 3, 3],
      ['delete', 'REFUSED', 12, 12],
      ['rewrite', 'REFUSED', 12, 20],
      ['adopt', 'REFUSED', 12, 20],
    ]);
  });

  it('names exactly the names that went', () => {
    const sets = fc.uniqueArray(fc.constantFrom('A', 'B', 'C', 'D', 'E', '__proto__', 'constructor'));
    fc.assert(
      fc.property(sets, sets, (wanted, wantedBefore) => {
        const shrink = findings({ wanted, wantedBefore }).find((one) => one.guard === 'shrink');
        const gone = wantedBefore.filter((name) => !wanted.includes(name));
        expect(shrink?.names ?? []).to.deep.equal(gone.length >= 2 && gone.length * 2 > wantedBefore.length ? gone : []);
      }),
    );
  });
  it('deleting or losing more never silences a guard', () => {
    const count = fc.integer({ min: 0, max: 60 });
    fc.assert(
      fc.property(count, count, fc.boolean(), (fewer, owned, shows) => {
        const at = (deletes: number): boolean => stops({ plan: planned(deletes, 'delete', 'removed'), owned, shows }).includes('delete');
        expect(!at(fewer) || at(fewer + 1)).to.equal(true);
      }),
    );
    fc.assert(
      fc.property(count, count, (before, kept) => {
        const at = (left: number): boolean => stops({ wanted: ['X', ...named(left)], wantedBefore: named(before) }).includes('shrink');
        const left = Math.min(kept, before);
        expect(!at(left) || at(Math.max(0, left - 1))).to.equal(true);
      }),
    );
  });
});

describe('a finding', () => {
  it('names what it is about', () => {
    const found = guard({ ...QUIET, plan: planned(3, 'delete', 'removed'), owned: 3, identity: [['a', 'b']] });
    expect(found).to.deep.equal([
      { guard: 'identity', exit: 'CONFLICT', names: ['a', 'b'], of: 1 },
      { guard: 'delete', exit: 'REFUSED', names: ['N0', 'N1', 'N2'], of: 3 },
    ]);
  });
});
