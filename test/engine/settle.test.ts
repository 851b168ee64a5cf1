import { expect } from 'chai';
import { Secret, type Listing } from 'dcs-sdk';
import { factsOf, owned, recall } from '../../src/engine/facts.ts';
import { emptyLedger } from '../../src/engine/ledger-file.ts';
import type { Ledger, LedgerRecord, Pending } from '../../src/engine/ledger-types.ts';
import { after, keys, mac, old, opaque, put, readable, supports, trail } from './settled.ts';

describe('settle on a write-only target with a shared trail', () => {
  it('applied: told, and exactly one write since the base', () => {
    expect(after(put({ told: 'done' }), opaque(['r2', 'r1']))).to.deep.include({
      fate: 'applied',
      record: { name: 'A', mac: mac('new'), origin: 'created', wanted: true, revision: 'r2' },
    });
  });
  it('applied: a code deployment in between is no write', () => {
    const { fate, record } = after(put({ told: 'done' }), opaque(['code2', 'r2', 'code1', 'r1']));
    expect([fate, record?.origin]).to.deep.equal(['applied', 'created']);
    expect(record?.revision).to.equal('code2');
  });
  it('undecided: a foreign write in between takes the HMAC and the ownership', () => {
    const { fate, record } = after(put({ told: 'done' }), opaque(['r3', 'r2', 'r1']));
    expect([fate, record?.mac, record?.origin]).to.deep.equal(['undecided', undefined, 'overwrote']);
  });
  it('not: a lost answer, and no write since the base', () => {
    expect(after(put({ told: 'unknown' }), opaque(['code', 'r1']), { fresh: false })).to.deep.include({ fate: 'not' });
  });
  it('undecided: a lost answer and a write that may be anybody’s', () => {
    expect(after(put({ told: 'unknown' }), opaque(['r2', 'r1'])).fate).to.equal('undecided');
  });
  it('applied: the answer named the revision, also when looked at later', () => {
    const { fate, record } = after(put({ told: 'done', revision: 'r2' }), opaque(['r3', 'r2', 'r1']), { fresh: false });
    expect([fate, record?.revision, record?.mac]).to.deep.equal(['applied', 'r2', mac('new')]);
  });
  it('gone: told done, and it is not there', () => {
    expect(after(put({ told: 'done', had: false }), { entries: [], trail: trail('r2', 'r1') }, { records: [] })).to.deep.include({
      fate: 'gone',
      record: undefined,
    });
  });
  it('moves the records of other names along with our own write, not with a foreign one', () => {
    const other: LedgerRecord = { name: 'B', origin: 'created', wanted: true, revision: 'r1' };
    const both = (ids: string[]): Listing => ({ entries: [{ name: 'A' }, { name: 'B' }], trail: trail(...ids) });
    expect(after(put({ told: 'done' }), both(['r2', 'r1']), { records: [old, other] }).ledger.records.get('B')?.revision).to.equal('r2');
    expect(after(put({ told: 'done' }), both(['r3', 'r2', 'r1']), { records: [old, other] }).ledger.records.get('B')?.revision).to.equal(
      'r1',
    );
  });
});

describe('settle elsewhere', () => {
  it('readable: the value tells applied, not and overwritten', () => {
    expect(after(put({ told: 'unknown' }), readable('new'))).to.deep.include({
      fate: 'applied',
      record: { name: 'A', mac: mac('new'), origin: 'created', wanted: true },
    });
    expect(after(put({ told: 'unknown' }), readable('old'))).to.deep.include({ fate: 'not', record: old });
    const { fate, record } = after(put({ told: 'done' }), readable('theirs'));
    expect([fate, record?.mac, record?.origin]).to.deep.equal(['overwritten', undefined, 'overwrote']);
  });
  it('nothing shown: the answer is believed, a lost one stays undecided', () => {
    expect(after(put({ told: 'done' }), opaque()).fate).to.equal('applied');
    expect(after(put({ told: 'unknown', had: false }), opaque(), { records: [] })).to.deep.include({
      fate: 'undecided',
      record: { name: 'A', origin: 'unsure', wanted: true },
    });
  });
  it('a last-change stamp: the new one is ours when we looked at once', () => {
    const stamped: Listing = { entries: [{ name: 'A', trail: trail('t2') }] };
    expect(after(put({ told: 'done', base: 't1' }), stamped).fate).to.equal('applied');
    expect(after(put({ told: 'done', base: 't1' }), stamped, { fresh: false }).fate).to.equal('undecided');
  });
  it('deletes: applied, not, and made again by somebody', () => {
    const gone: Pending = { run: 'R', chunk: 0, name: 'A', action: 'delete', had: true, proven: true, base: 'r1' };
    expect(after(gone, { entries: [] })).to.deep.include({ fate: 'applied', record: undefined });
    expect(after(gone, opaque(['r1']))).to.deep.include({ fate: 'not', record: old });
    expect(after({ ...gone, told: 'done' }, opaque(['r3', 'r2', 'r1']))).to.deep.include({ fate: 'overwritten', record: undefined });
    expect(after(gone, opaque(['r2', 'r1']))).to.deep.include({ fate: 'undecided', record: { ...old, origin: 'overwrote' } });
  });
});

describe('facts', () => {
  const who = { place: 'here', owner: 'me', keys, definition: { supports } };
  const ledger = (...records: LedgerRecord[]): Ledger => ({
    ...emptyLedger('here', keys, undefined),
    records: new Map(records.map((each) => [each.name, each])),
  });
  const wants = (value: string) => ({
    names: new Map([['A', { name: 'A', from: 'A', held: { state: 'value' as const, secret: new Secret(value) } }]]),
  });

  it('say same through code deployments, others after a foreign write, lost when the trail does not reach back', () => {
    const moved = (...ids: string[]): string => factsOf('A', wants('old'), opaque(ids), ledger(old), who).moved;
    expect([moved('r1'), moved('code', 'r1'), moved('r2', 'r1'), moved('r9')]).to.deep.equal(['same', 'same', 'others', 'lost']);
    expect(factsOf('A', wants('old'), opaque(), ledger(old), who)).to.deep.include({
      moved: 'none',
      record: 'equal',
      target: 'opaque',
      owned: 'yes',
    });
  });
  it('own nothing after a foreign write, of another dcs, locked, or adopted', () => {
    const own = (listing: Listing, record: LedgerRecord = old): string => owned(listing.entries[0]!, record, listing, who);
    expect(own(opaque(['r1']))).to.equal('yes');
    expect(own(opaque(['r2', 'r1']))).to.equal('no');
    expect(own({ entries: [{ name: 'A', mark: { owner: 'you', created: true } }] })).to.equal('other');
    expect(own({ entries: [{ name: 'A', locked: 'plain' }] })).to.equal('no');
    expect(own(opaque(), { ...old, origin: 'adopted' })).to.equal('no');
  });
  it('compare recorded HMACs with records and readable values; unequal values are never recalled', () => {
    const recorded = { names: new Map([['A', { name: 'A', from: 'A', held: { state: 'recorded' as const, mac: mac('old') } }]]) };
    expect(factsOf('A', recorded, readable('old'), ledger(old), who)).to.deep.include({
      source: 'value',
      target: 'equal',
      record: 'equal',
    });
    expect(factsOf('A', recorded, readable('x'), ledger(old), who)).to.deep.include({ target: 'different', moved: 'others' });
    expect(recall(ledger(), wants('v'), readable('v'), who).records.get('A')).to.deep.include({ origin: 'adopted', mac: mac('v') });
    expect(recall(ledger(), wants('v'), readable('w'), who).records.size).to.equal(0);
  });
});
