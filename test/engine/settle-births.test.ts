import { expect } from 'chai';
import { Secret, type Entry, type Listing } from 'dcs-sdk';
import type { LedgerRecord, Pending } from '../../src/engine/ledger-types.ts';
import { after, afterAll, mac, old, opaque, put, readable, trail } from './settled.ts';

const born: LedgerRecord = { ...old, birth: 'b1' };
const gone = (more: Partial<Pending> = {}): Pending => ({ ...put(more), action: 'delete' });
const entry = (more: Partial<Entry>, ids?: string[]): Listing => ({
  entries: [{ name: 'A', ...more }],
  ...(ids ? { trail: trail(...ids) } : {}),
});
const own = (...ids: string[]): Listing => entry({ trail: trail(...ids) });

describe('settle a put by the birth of what stands there', () => {
  const written = put({ told: 'done', revision: 'r2', from: 'DOPPLERS' });
  const later = { records: [born], fresh: false };
  const mine = { name: 'A', mac: mac('new'), from: 'DOPPLERS', origin: 'created', wanted: true, revision: 'r2' } as const;

  it('keeps the origin and takes the birth where it is known to be ours', () => {
    const known: readonly (readonly [why: string, pending: Partial<Pending>, listing: Listing, fresh: boolean])[] = [
      ['the answer named it', { birth: 'b2' }, entry({ birth: 'b2' }, ['r3', 'r2', 'r1']), false],
      ['we look at once', {}, entry({ birth: 'b2' }, ['r2', 'r1']), true],
      ['everything newer is ours', {}, entry({ birth: 'b2' }, ['r2', 'r1']), false],
      ['the name has a trail of its own', {}, entry({ birth: 'b2', trail: trail('r3', 'r2', 'r1') }), false],
    ];
    for (const [why, pending, listing, fresh] of known)
      expect(after({ ...written, ...pending }, listing, { records: [born], fresh }).record, why).to.deep.equal({ ...mine, birth: 'b2' });
    expect(after(written, entry({ birth: 'b1' }, ['r3', 'r2', 'r1']), later).record, 'recorded before').to.deep.equal({
      ...mine,
      birth: 'b1',
    });
    const shown = entry({ birth: 'b2', value: new Secret('new') }, ['r3', 'r2', 'r1']);
    expect(after(written, shown, later).record, 'our value').to.deep.equal({ ...mine, birth: 'b2' });
  });

  it('knows its own next chunks for what they are', () => {
    const listing: Listing = { entries: ['A', 'B'].map((name) => ({ name, birth: 'b2' })), trail: trail('r3', 'r2', 'r1') };
    const pending = [written, { ...written, name: 'B', chunk: 1, revision: 'r3' }];
    const { ledger } = afterAll(pending, listing, { records: [born, { ...born, name: 'B' }], fresh: false });
    expect([...ledger.records.values()].map(({ origin, birth }) => `${origin} ${birth}`)).to.deep.equal(['created b2', 'created b2']);
  });

  it('demotes it, and takes no birth, where somebody else may have made it', () => {
    for (const [pending, listing] of [
      [{}, entry({ birth: 'b2' }, ['r3', 'r2', 'r1'])],
      [{ birth: 'b3' }, entry({ birth: 'b2' }, ['r2', 'r1'])],
      [{}, entry({ birth: 'b2' }, ['r9'])],
    ] as const)
      expect(after({ ...written, ...pending }, listing, later).record).to.deep.equal({ ...mine, origin: 'overwrote' });
  });

  it('knows no birth of what shows none, and needs none', () => {
    expect(after(written, opaque(['r3', 'r2', 'r1']), later).record).to.deep.equal(mine);
  });

  it('leaves what nobody can vouch for unsure', () => {
    const lost = put({ told: 'unknown', had: false, proven: false });
    const unsure = { name: 'A', origin: 'unsure', wanted: true };
    expect(after(lost, entry({ birth: 'b2' }), { records: [], fresh: false }).record).to.deep.equal(unsure);
    expect(after(put({ told: 'unknown' }), opaque(), { records: [{ ...old, origin: 'unsure' }] }).record).to.deep.equal(unsure);
  });

  it('keeps the origin of an undecided one only for the very incarnation that was written to', () => {
    const origin = (pending: Partial<Pending>, birth: string): string | undefined =>
      after(put({ told: 'unknown', ...pending }), entry({ birth }), { records: [born], fresh: false }).record?.origin;
    expect([
      origin({}, 'b1'),
      origin({}, 'b2'),
      origin({ proven: false }, 'b1'),
      origin({ had: false, proven: false }, 'b1'),
    ]).to.deep.equal(['created', 'overwrote', 'overwrote', 'overwrote']);
  });
});

describe('settle a put by what was there before', () => {
  const origin = (pending: Partial<Pending>, records: LedgerRecord[]): string | undefined =>
    after(put({ told: 'done', ...pending }), opaque(['r2', 'r1']), { records }).record?.origin;
  it('calls new what was not there, and not ours what stood there without a record or a proof', () => {
    expect(origin({ had: false, proven: false }, [])).to.equal('created');
    expect(origin({}, [])).to.equal('overwrote');
    expect(origin({ proven: false }, [old])).to.equal('overwrote');
    expect(origin({}, [{ ...old, origin: 'unsure' }])).to.equal('overwrote');
    expect(origin({}, [{ ...old, origin: 'claimed' }])).to.equal('claimed');
    expect(origin({ proven: false }, [{ ...old, origin: 'adopted' }])).to.equal('adopted');
  });
  it('forgets a name that was not there and is not, and keeps the record of one that somebody deleted', () => {
    const nothing = { entries: [] };
    expect(after(put({ told: 'unknown', had: false }), nothing)).to.deep.include({ fate: 'not', record: undefined });
    expect(after(put({ told: 'unknown' }), nothing)).to.deep.include({ fate: 'not', record: old });
    expect(after(put({ told: 'done' }), nothing)).to.deep.include({ fate: 'gone', record: old });
  });
  it('of a platform without a trail takes the answer, with the value that was sent', () => {
    expect(after(put({ told: 'done', from: 'B' }), opaque()).record).to.deep.equal({
      name: 'A',
      mac: mac('new'),
      origin: 'created',
      wanted: true,
      from: 'B',
    });
  });
  it('of a platform with marks knows that a request without a mark did not arrive', () => {
    const lost = put({ told: 'unknown' });
    const marked = entry({ mark: { owner: 'me', created: true } });
    expect(after(lost, opaque(), { ownership: true })).to.deep.include({ fate: 'not', record: old });
    expect(after(lost, opaque()).fate).to.equal('undecided');
    expect(after(lost, marked, { ownership: true }).fate).to.equal('undecided');
    expect(after(put({ told: 'done' }), opaque(), { ownership: true }).fate).to.equal('applied');
  });
});

describe('settle a put by a trail', () => {
  const done = put({ told: 'done' });
  const said = put({ told: 'done', revision: 'r2' });
  const origin = (pending: Pending, listing: Listing): string | undefined => after(pending, listing, { fresh: false }).record?.origin;

  it('decides nothing by a shared trail that does not reach back, or a longer one of its own', () => {
    for (const listing of [opaque(['r2']), own('r3', 'r2'), opaque(['r1'])]) expect(after(done, listing).fate).to.equal('undecided');
    expect(after(put({ told: 'unknown' }), opaque(['r9'])).fate).to.equal('undecided');
  });
  it('takes the first write of all as its own', () => {
    const { base: _, ...first } = done;
    expect(after(first, opaque(['r1']), { records: [] })).to.deep.include({ fate: 'applied' });
    expect(after(first, opaque(['r2', 'r1']), { records: [] }).fate).to.equal('undecided');
  });
  it('keeps the origin where nobody wrote between the base and the revision that was answered', () => {
    expect(origin(said, opaque(['r2', 'r1']))).to.equal('created');
    expect(origin(said, opaque(['r4', 'r3', 'r2', 'r1'])), 'newer writes are another matter').to.equal('created');
    expect(origin(said, opaque(['r2', 'code', 'r1']))).to.equal('created');
    expect(origin(said, opaque(['r2', 'rx', 'r1']))).to.equal('overwrote');
    expect(origin(said, opaque(['r2'])), 'the base is out of sight').to.equal('overwrote');
    expect(origin(said, opaque(['r1'])), 'the revision is out of sight').to.equal('overwrote');
  });
  it('believes a stamp, the last change of a name, where it is the one that was answered', () => {
    expect(after(put({ told: 'done', base: 't1' }), own('t2')).record).to.deep.include({ origin: 'created', revision: 't2' });
    const answered = put({ told: 'done', base: 't1', revision: 't2' });
    expect([origin(answered, own('t2')), origin(answered, own('t3'))]).to.deep.equal(['created', 'overwrote']);
  });
  it('of a value that shows takes the revision that was answered, or the newest, or none', () => {
    const shown = (...ids: string[]): Listing => entry({ value: new Secret('new'), trail: trail(...ids) });
    const revision = (pending: Pending, listing: Listing): string | undefined => after(pending, listing).record?.revision;
    expect(revision(put({ told: 'done', revision: 't2' }), shown('t3', 't2'))).to.equal('t2');
    expect(revision(put({ told: 'unknown' }), shown('t3', 't2'))).to.equal('t3');
    expect(revision(put({ told: 'unknown' }), shown())).to.equal(undefined);
  });
  it('follows several chunks in their order, and moves a name along with the ones that did not write it', () => {
    const [first, second] = [
      put({ told: 'done', revision: 'r2', from: 'A' }),
      put({ told: 'done', revision: 'r3', name: 'B', chunk: 1, from: 'B' }),
    ];
    const listing: Listing = { entries: ['A', 'B', 'C'].map((name) => ({ name })), trail: trail('r3', 'r2', 'r1') };
    const records = ['A', 'B', 'C'].map((name) => ({ ...old, name }));
    for (const pending of [
      [first, second],
      [second, first],
    ]) {
      const { ledger } = afterAll(pending, listing, { records, fresh: false });
      expect([...ledger.records.values()].map(({ name, origin: how, revision }) => [name, how, revision].join(' '))).to.deep.equal([
        'A created r3',
        'B created r3',
        'C created r3',
      ]);
    }
  });
  it('leaves a name behind whose write, in the same chunk, nobody can vouch for', () => {
    const listing: Listing = { entries: [{ name: 'B' }], trail: trail('r2', 'r1') };
    const pending = [gone({ told: 'done', revision: 'r2' }), gone({ told: 'unknown', name: 'B' })];
    const { fates, ledger } = afterAll(pending, listing, { records: [old, { ...old, name: 'B' }] });
    expect([...fates]).to.deep.equal([
      ['A', 'applied'],
      ['B', 'undecided'],
    ]);
    expect([...ledger.records.values()]).to.deep.equal([{ ...old, name: 'B', origin: 'overwrote' }]);
  });
});

describe('settle a delete', () => {
  it('that was answered, and the name is there: somebody made it again', () => {
    expect(after(gone({ told: 'unknown', revision: 'r2' }), opaque(['r2', 'r1']))).to.deep.include({
      fate: 'overwritten',
      record: undefined,
    });
  });
  it('by the birth of what stands there, where both are known', () => {
    expect(after(gone(), entry({ birth: 'b1' }), { records: [born] })).to.deep.include({ fate: 'not', record: born });
    expect(after(gone(), entry({ birth: 'b2' }), { records: [born] })).to.deep.include({ fate: 'overwritten', record: undefined });
    const demoted = { fate: 'undecided', record: { ...old, origin: 'overwrote' } };
    expect(after(gone(), entry({ birth: 'b2' }))).to.deep.include(demoted);
    expect(after(gone(), entry({}), { records: [born] })).to.deep.include({ ...demoted, record: { ...demoted.record, birth: 'b1' } });
    expect(after(gone(), entry({ birth: 'b2' }), { records: [] })).to.deep.include({ fate: 'undecided', record: undefined });
  });
  it('by the value that stands there, where both are known', () => {
    expect(after(gone(), readable('old'))).to.deep.include({ fate: 'not', record: old });
    expect(after(gone(), readable('theirs')).fate).to.equal('undecided');
    expect(after(gone(), readable('old'), { records: [] }).fate).to.equal('undecided');
    // The trail says that nothing moved since the record was made, not since the request left.
    expect(after(gone({ base: 'r0' }), opaque(['r1'])).fate).to.equal('undecided');
  });
});
