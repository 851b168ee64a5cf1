import { expect } from 'chai';
import { decide, Secret, type Entry } from 'dcs-sdk';
import { believe, factsOf, placeInMarks } from '../../src/engine/facts.ts';
import type { Ledger, LedgerKey, LedgerKeys } from '../../src/engine/ledger-types.ts';

const PLACE = 'place';
const OWNER = 'https://api.doppler.com/shop/prd';
const key = (id: string): LedgerKey => ({ id, mac: (place, name, value) => `${id}:${place}:${name}:${value}`, seal: () => '' });
const keys = (...ids: [string, ...string[]]): LedgerKeys => ({ active: key(ids[0]), all: ids.map(key) });
const none: Ledger = { version: 1, place: PLACE, keyId: 'k1', serial: 0, records: new Map(), pending: [] };
const trail = (newest: number) => Array.from({ length: newest }, (_, index) => ({ id: `A@${newest - index}` }));
const marked = (newest: number, at: number, more: Partial<Entry> = {}): Entry => ({
  name: 'A',
  trail: trail(newest),
  mark: { owner: OWNER, created: true, mac: 'k1:place:A:one', keyId: 'k1', revision: `A@${at}` },
  ...more,
});
const settings = { policy: 'mirror', existing: 'ask' } as const;

/** What a machine without a ledger, or with this one, decides of a name that Doppler holds. */
function decided(entry: Entry, wanted: string | undefined, known = keys('k1'), ledger = none) {
  const who = {
    place: PLACE,
    owner: OWNER,
    keys: known,
    definition: { supports: { readable: true, ownership: true, atomic: false, trail: true } },
  };
  const listing = { entries: [entry] };
  const held = { state: 'value', secret: new Secret(wanted ?? '') } as const;
  const desired = { names: new Map(wanted === undefined ? [] : [['A', { name: 'A', from: 'A', held }]]) };
  const { action, reason } = decide(factsOf('A', desired, listing, believe(ledger, listing, who), who), settings);
  return `${action} ${reason}`.trim();
}

describe('marks that bear the record', () => {
  it('prove equality without a value, a ledger or a question', () => expect(decided(marked(3, 3), 'one')).to.equal('same'));
  it('say that Doppler moved', () => {
    expect(decided(marked(3, 3), 'two')).to.equal('update changed');
    expect(decided(marked(3, 3, { value: new Secret('one') }), 'two')).to.equal('update changed');
  });
  it('say that somebody else wrote a newer version', () => {
    expect(decided(marked(4, 3), 'one')).to.equal('update touched');
    expect(decided(marked(4, 3, { value: new Secret('theirs') }), 'one')).to.equal('update drift');
  });
  it('tell nothing of the value under a key that is not known here, and the revision still counts', () => {
    expect(decided(marked(3, 3), 'one', keys('k2'))).to.equal('update unknown');
    expect(decided(marked(3, 3, { value: new Secret('one') }), 'two', keys('k2'))).to.equal('update changed');
    expect(decided(marked(4, 3, { value: new Secret('theirs') }), 'two', keys('k2'))).to.equal('update drift');
  });
  it('of another source block the name', () => {
    const other = { owner: 'https://api.doppler.com/other/prd', created: true, mac: 'k1:place:A:one', keyId: 'k1', revision: 'A@3' };
    expect(decided(marked(3, 3, { mark: other }), 'one')).to.equal('blocked other-owner');
  });
  it('give way to a ledger that knows a newer write, and win over an older one', () => {
    const ledger = (at: number, value: string): Ledger => ({
      ...none,
      records: new Map([['A', { name: 'A', mac: `k1:place:A:${value}`, origin: 'created', wanted: true, revision: `A@${at}` }]]),
    });
    expect(decided(marked(4, 3), 'two', keys('k1'), ledger(4, 'two'))).to.equal('same');
    expect(decided(marked(4, 4), 'one', keys('k1'), ledger(3, 'zero'))).to.equal('same');
  });
  it('of another target of this source: written when Doppler moves, and never deleted', () => {
    const by = (place: string) => ({
      owner: OWNER,
      created: true,
      place: placeInMarks(place),
      mac: 'k1:place:A:one',
      keyId: 'k1',
      revision: 'A@3',
    });
    const entry = marked(3, 3, { mark: by('elsewhere'), value: new Secret('one') });
    expect(decided(entry, 'one')).to.equal('same');
    expect(decided(entry, 'two')).to.equal('update changed');
    expect(decided(entry, undefined)).to.equal('foreign other-owner');
    expect(decided(marked(3, 3, { mark: by(PLACE) }), undefined)).to.equal('delete removed');
  });
});
