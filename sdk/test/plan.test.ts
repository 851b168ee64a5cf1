import { expect } from 'chai';
import { guard, type GuardInput } from '../src/guard.ts';
import { decide, overflow, plan, type Facts, type PlanItem, type Settings } from '../src/plan.ts';

const FACTS: Facts = { source: 'value', target: 'opaque', record: 'equal', moved: 'same', owned: 'yes' };
const SETTINGS: Settings = { policy: 'upsert-only', existing: 'ask' };
const says = (facts: Partial<Facts>, settings: Partial<Settings> = {}): string => {
  const { action, reason, state } = decide({ ...FACTS, ...facts }, { ...SETTINGS, ...settings });
  return [action, reason, state].filter(Boolean).join(' ');
};

function* all(): Generator<[Facts, Settings]> {
  for (const source of ['value', 'withheld', 'unresolved', 'untransformed', 'absent'] as const)
    for (const limit of [undefined, 'too large'])
      for (const target of ['absent', 'equal', 'different', 'opaque'] as const)
        for (const record of ['none', 'equal', 'differs', 'unknown', 'unsure'] as const)
          for (const moved of ['same', 'others', 'lost', 'none'] as const)
            for (const owned of ['yes', 'no', 'other'] as const)
              for (const policy of ['create-only', 'upsert-only', 'mirror'] as const)
                for (const existing of ['ask', 'leave', 'replace'] as const)
                  yield [
                    { source, limit, target, record, moved, owned },
                    { policy, existing },
                  ];
}

/** A row is a set in every dimension; a dimension left out is all of it. */
type Row = { readonly [K in keyof Omit<Facts, 'limit'>]?: readonly Facts[K][] } & {
  readonly limit?: boolean;
  readonly policy?: readonly Settings['policy'][];
  readonly existing?: readonly Settings['existing'][];
  /** As far as dcs can tell, it has written the name before. */
  readonly written?: boolean;
};

const VALUE: Row = { source: ['value'] };
const OURS: Row = { ...VALUE, owned: ['yes', 'no'] };
const OPAQUE: Row = { ...OURS, target: ['opaque'] };
const MAY: Row = { policy: ['upsert-only', 'mirror'] };
const STRANGE: Row = { written: false, owned: ['no'] };
const SHOWN: Row = { record: ['equal', 'differs'] };
const RECORDED: Row = { record: ['equal', 'differs', 'unknown', 'unsure'] };
const STILL: Row = { moved: ['same', 'none'] };
const STIRRED: Row = { moved: ['others', 'lost'] };
const UNCLEAR: Row = { record: ['unknown', 'unsure'], written: true };
const PRESENT: Row = { target: ['equal', 'different', 'opaque'] };
const SPOKEN: Row = { existing: ['ask', 'replace'] };

/** The whole decision table as disjoint rows, independent of their order. */
const TABLE: readonly (readonly [then: string, ...when: Row[]])[] = [
  ['create new differs', VALUE, { target: ['absent'], limit: false, record: ['none'] }],
  ['create gone differs', VALUE, { target: ['absent'], limit: false, record: ['equal', 'differs', 'unknown', 'unsure'] }],
  ['blocked limit differs', VALUE, { target: ['absent'], limit: true }],
  ['same same', VALUE, { target: ['equal'] }],
  ['blocked other-owner differs', VALUE, { target: ['different'], owned: ['other'] }],
  ['blocked other-owner unknown', VALUE, { target: ['opaque'], owned: ['other'], record: ['none', 'unknown', 'unsure', 'equal'] }],
  ['blocked other-owner differs', VALUE, { target: ['opaque'], owned: ['other'], record: ['differs'] }, STILL],
  ['blocked other-owner unknown', VALUE, { target: ['opaque'], owned: ['other'], record: ['differs'] }, STIRRED],
  ['same same', OPAQUE, { record: ['equal'] }, STILL],
  ['kept policy differs', OURS, { target: ['different'], policy: ['create-only'] }],
  ['kept policy differs', OPAQUE, { policy: ['create-only'], record: ['differs'] }, STILL],
  ['kept policy unknown', OPAQUE, { policy: ['create-only'] }, SHOWN, STIRRED],
  ['kept policy unknown', OPAQUE, { policy: ['create-only'], record: ['none', 'unknown', 'unsure'] }],
  ['kept existing differs', VALUE, { target: ['different'], existing: ['leave'] }, STRANGE, MAY],
  ['kept existing unknown', VALUE, { target: ['opaque'], existing: ['leave'] }, STRANGE, MAY],
  ['update adopt differs', VALUE, { target: ['different'], limit: false }, SPOKEN, STRANGE, MAY],
  ['update adopt unknown', VALUE, { target: ['opaque'], limit: false }, SPOKEN, STRANGE, MAY],
  ['update changed differs', OURS, { target: ['different'], limit: false, written: true, record: ['none'] }, MAY],
  ['update changed differs', OURS, { target: ['different'], limit: false, written: true, moved: ['same'] }, RECORDED, MAY],
  ['update drift differs', OURS, { target: ['different'], limit: false, written: true, moved: ['others', 'lost', 'none'] }, RECORDED, MAY],
  ['update changed differs', OPAQUE, { limit: false, record: ['differs'] }, STILL, MAY],
  ['update touched unknown', OPAQUE, { limit: false, moved: ['others'] }, SHOWN, MAY],
  ['update unknown unknown', OPAQUE, { limit: false, moved: ['lost'] }, SHOWN, MAY],
  ['update unknown unknown', OPAQUE, { limit: false }, UNCLEAR, MAY],
  ['update unknown unknown', OPAQUE, { limit: false, owned: ['yes'], record: ['none'] }, MAY],
  ['blocked limit differs', OURS, { target: ['different'], limit: true, written: true }, MAY],
  ['blocked limit differs', VALUE, { target: ['different'], limit: true }, SPOKEN, STRANGE, MAY],
  ['blocked limit differs', OPAQUE, { limit: true, record: ['differs'] }, STILL, MAY],
  ['blocked limit unknown', OPAQUE, { limit: true }, SHOWN, STIRRED, MAY],
  ['blocked limit unknown', OPAQUE, { limit: true }, UNCLEAR, MAY],
  ['blocked limit unknown', OPAQUE, { limit: true, owned: ['yes'], record: ['none'] }, MAY],
  ['blocked limit unknown', VALUE, { target: ['opaque'], limit: true }, SPOKEN, STRANGE, MAY],
  ['blocked withheld differs', { source: ['withheld'], target: ['absent'] }],
  ['blocked withheld unknown', { source: ['withheld'] }, PRESENT],
  ['blocked unresolved differs', { source: ['unresolved'], target: ['absent'] }],
  ['blocked unresolved unknown', { source: ['unresolved'] }, PRESENT],
  ['blocked untransformed differs', { source: ['untransformed'], target: ['absent'] }],
  ['blocked untransformed unknown', { source: ['untransformed'] }, PRESENT],
  ['nothing none', { source: ['absent'], target: ['absent'] }],
  ['delete removed differs', { source: ['absent'], owned: ['yes'], policy: ['mirror'] }, PRESENT],
  ['kept not-in-doppler none', { source: ['absent'], owned: ['yes'], policy: ['create-only', 'upsert-only'] }, PRESENT],
  ['foreign other-owner none', { source: ['absent'], owned: ['other'] }, PRESENT],
  ['foreign not-ours none', { source: ['absent'], owned: ['no'], record: ['none'] }, PRESENT],
  ['foreign contested none', { source: ['absent'], owned: ['no'] }, RECORDED, PRESENT],
];

function matches([, ...parts]: (typeof TABLE)[number], facts: Facts, settings: Settings): boolean {
  const written = (facts.record !== 'none' && !(facts.record === 'unsure' && settings.existing === 'leave')) || facts.owned === 'yes';
  const point: Record<string, unknown> = { ...facts, ...settings, limit: facts.limit !== undefined, written };
  return parts.every((part) =>
    Object.entries(part).every(([dimension, set]) => (Array.isArray(set) ? set.includes(point[dimension]) : set === point[dimension])),
  );
}

describe('decide', () => {
  const rows: [string, Partial<Facts>, Partial<Settings>?][] = [
    ['create new differs', { target: 'absent', record: 'none' }],
    ['create gone differs', { target: 'absent' }],
    ['blocked limit differs', { target: 'absent', limit: 'too large' }],
    ['same same', { target: 'equal', record: 'none', owned: 'no' }],
    ['same same', {}],
    ['update changed differs', { record: 'differs' }],
    ['update touched unknown', { moved: 'others' }],
    ['update unknown unknown', { moved: 'lost' }],
    ['update unknown unknown', { record: 'unknown' }],
    ['update unknown unknown', { record: 'unsure' }],
    ['update changed differs', { target: 'different', record: 'differs' }],
    ['update drift differs', { target: 'different', moved: 'others' }],
    ['update adopt unknown', { record: 'none', owned: 'no' }],
    ['update adopt differs', { target: 'different', record: 'none', owned: 'no' }],
    ['kept existing unknown', { record: 'none', owned: 'no' }, { existing: 'leave' }],
    ['kept existing unknown', { record: 'unsure', owned: 'no' }, { existing: 'leave' }],
    ['kept policy differs', { record: 'differs' }, { policy: 'create-only' }],
    ['blocked other-owner unknown', { owned: 'other' }],
    ['blocked limit differs', { record: 'differs', limit: 'too large' }],
    ['blocked withheld unknown', { source: 'withheld' }],
    ['blocked unresolved differs', { source: 'unresolved', target: 'absent' }],
    ['nothing none', { source: 'absent', target: 'absent' }],
    ['delete removed differs', { source: 'absent' }, { policy: 'mirror' }],
    ['kept not-in-doppler none', { source: 'absent' }],
    ['foreign not-ours none', { source: 'absent', owned: 'no', record: 'none' }],
    ['foreign contested none', { source: 'absent', owned: 'no' }],
    ['foreign other-owner none', { source: 'absent', owned: 'other' }, { policy: 'mirror' }],
  ];
  for (const [row, facts, settings] of rows)
    it(`${JSON.stringify({ ...facts, ...settings })}: ${row}`, () => expect(says(facts, settings)).to.equal(row));

  it('says in every combination what the one row says that it matches', () => {
    const used = new Set<number>();
    for (const [facts, settings] of all()) {
      const where = JSON.stringify([facts, settings]);
      const hits = TABLE.flatMap((row, index) => (matches(row, facts, settings) ? [index] : []));
      if (hits.length !== 1) expect.fail(`${where} matches rows ${hits.join()}`);
      const [then] = TABLE[hits[0]!]!;
      if (says(facts, settings) !== then) expect.fail(`${where}: ${says(facts, settings)}, the table says ${then}`);
      used.add(hits[0]!);
    }
    expect(TABLE.filter((_, index) => !used.has(index))).to.deep.equal([]);
  });

  it('keeps its laws in every combination', () => {
    let combinations = 0;
    for (const [facts, settings] of all()) {
      const { action, state } = decide(facts, settings);
      const where = JSON.stringify([facts, settings]);
      combinations++;
      if (action === 'delete') expect([facts.source, facts.owned, settings.policy], where).to.deep.equal(['absent', 'yes', 'mirror']);
      if (action === 'create' || action === 'update') expect([facts.source, facts.limit], where).to.deep.equal(['value', undefined]);
      if (action === 'create') expect(facts.target, where).to.equal('absent');
      if (action === 'update') expect(facts.owned === 'other' || settings.policy === 'create-only', where).to.equal(false);
      if (action === 'update' && facts.record === 'none' && facts.owned === 'no')
        expect(decide(facts, settings).reason, where).to.equal('adopt');
      if (state === 'same')
        expect(facts.target === 'equal' || (facts.record === 'equal' && ['same', 'none'].includes(facts.moved)), where).to.equal(true);
      if (facts.source !== 'value' && facts.source !== 'absent') expect(action, where).to.equal('blocked');
    }
    expect(combinations).to.equal(5 * 2 * 4 * 5 * 4 * 3 * 3 * 3);
  });
});

describe('plan', () => {
  const removed: Partial<Facts> = { source: 'absent' };
  const actions = (subjects: Record<string, Partial<Facts>>, collisions: readonly string[] = []): Record<string, string> => {
    const list = Object.entries(subjects).map(([name, facts]) => ({ name, facts: { ...FACTS, ...facts } }));
    return Object.fromEntries(
      plan(list, { policy: 'mirror', existing: 'ask' }, collisions).items.map(({ name, action }) => [name, action]),
    );
  };
  it('sorts by name and leaves out what is nothing', () =>
    expect(Object.keys(actions({ B: {}, A: { record: 'differs' }, C: { source: 'absent', target: 'absent' } }))).to.deep.equal(['A', 'B']));
  it('holds back every delete, and nothing else, for one blocked name', () =>
    expect(actions({ A: { source: 'withheld' }, B: removed, C: { record: 'differs' } })).to.deep.equal({
      A: 'blocked',
      B: 'held',
      C: 'update',
    }));
  it('holds back every write for a collision', () =>
    expect(actions({ B: removed, C: { record: 'differs' }, D: {} }, ['X'])).to.deep.equal({ B: 'held', C: 'held', D: 'same' }));
  it('tells the former name and the limit in words, and takes any name', () => {
    const made = plan(
      [
        { name: '__proto__', from: 'A', facts: { ...FACTS, record: 'differs', limit: 'too large' } },
        { name: 'SAME', from: 'SAME', facts: FACTS },
      ],
      SETTINGS,
    );
    expect(made.items).to.deep.equal([
      { name: 'SAME', action: 'same', reason: '', state: 'same' },
      { name: '__proto__', from: 'A', note: 'too large', action: 'blocked', reason: 'limit', state: 'differs' },
    ]);
  });
  it('makes room for a create by a delete, but not by one that is held', () => {
    const subjects = [
      { name: 'NEW', facts: { ...FACTS, target: 'absent', record: 'none' } as const },
      { name: 'OLD', facts: { ...FACTS, ...removed } },
    ];
    const over = (more: typeof subjects): number =>
      overflow(plan(more, { policy: 'mirror', existing: 'ask' }), { entries: [{ name: 'OLD' }] }, 1);
    expect(over(subjects)).to.equal(0);
    expect(over([...subjects, { name: 'X', facts: { ...FACTS, source: 'withheld' } }])).to.equal(1);
  });
  it('counts what a container would hold too much', () => {
    const made = plan([{ name: 'N', facts: { ...FACTS, target: 'absent', record: 'none' } }], SETTINGS);
    expect(overflow(made, { entries: [{ name: 'A' }] }, 1)).to.equal(1);
    expect(overflow(made, { entries: [{ name: 'A' }] }, 2)).to.equal(0);
  });
});

describe('guard, at both sides of each threshold', () => {
  const names = (count: number, of = 'N'): string[] => Array.from({ length: count }, (_, index) => `${of}${index}`);
  const items = (count: number, item: Pick<PlanItem, 'action' | 'reason'>): PlanItem[] =>
    names(count).map((name) => ({ name, state: 'differs', ...item }));
  const guards = (input: Partial<GuardInput>): string[] =>
    guard({
      plan: { items: [], collisions: [] },
      wanted: ['A'],
      wantedBefore: ['A'],
      resumed: new Set(),
      existing: 0,
      owned: 0,
      shows: true,
      identity: [],
      existingPolicy: 'ask',
      ...input,
    }).map((finding) => finding.guard);
  const planned = (count: number, item: Pick<PlanItem, 'action' | 'reason'>): GuardInput['plan'] => ({
    items: items(count, item),
    collisions: [],
  });

  it('empty', () => {
    expect(guards({ wanted: [] })).to.deep.equal(['empty']);
    expect(guards({})).to.deep.equal([]);
  });
  it('shrink: more than half, of two or more; or more than ten', () => {
    expect(guards({ wanted: names(2), wantedBefore: names(4) })).to.deep.equal([]);
    expect(guards({ wanted: names(2), wantedBefore: names(5) })).to.deep.equal(['shrink']);
    expect(guards({ wanted: ['B'], wantedBefore: ['A'] })).to.deep.equal([]);
    expect(guards({ wanted: names(90), wantedBefore: names(100) })).to.deep.equal([]);
    expect(guards({ wanted: names(89), wantedBefore: names(100) })).to.deep.equal(['shrink']);
  });
  it('delete: more than 30 % of two or more; more than ten; any where nothing shows', () => {
    const removed = { action: 'delete', reason: 'removed' } as const;
    expect(guards({ plan: planned(3, removed), owned: 10 })).to.deep.equal([]);
    expect(guards({ plan: planned(4, removed), owned: 10 })).to.deep.equal(['delete']);
    expect(guards({ plan: planned(10, removed), owned: 100 })).to.deep.equal([]);
    expect(guards({ plan: planned(11, removed), owned: 100 })).to.deep.equal(['delete']);
    expect(guards({ plan: planned(1, removed), owned: 1 })).to.deep.equal([]);
    expect(guards({ plan: planned(1, removed), owned: 1, shows: false })).to.deep.equal(['delete']);
  });
  it('rewrite: more than half of ten or more', () => {
    const update = { action: 'update', reason: 'changed' } as const;
    expect(guards({ plan: planned(5, update), existing: 10 })).to.deep.equal([]);
    expect(guards({ plan: planned(6, update), existing: 10 })).to.deep.equal(['rewrite']);
    expect(guards({ plan: planned(9, update), existing: 9 })).to.deep.equal([]);
  });
  it('adopt: only where dcs.yaml does not say', () => {
    const adopt = { action: 'update', reason: 'adopt' } as const;
    expect(guards({ plan: planned(1, adopt) })).to.deep.equal(['adopt']);
    expect(guards({ plan: planned(1, adopt), existingPolicy: 'replace' })).to.deep.equal([]);
  });
  it('identity: pinned and another now', () => {
    expect(guards({ identity: [['a', 'b']] })).to.deep.equal(['identity']);
    expect(
      guards({
        identity: [
          ['a', 'a'],
          [undefined, 'b'],
        ],
      }),
    ).to.deep.equal([]);
  });
});
