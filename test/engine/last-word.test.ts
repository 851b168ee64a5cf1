import { expect } from 'chai';
import { sharedKeys } from '../../src/engine/key.ts';
import { alike, lastWord } from '../../src/engine/last-word.ts';
import type { Job } from '../../src/engine/job.ts';
import type { LedgerKeys } from '../../src/engine/ledger-types.ts';
import { shapeDigest } from '../../src/engine/shape.ts';
import { keys, mac, names, OWNER, PLACE, planned, record, type Scene } from './scene.ts';

const others = sharedKeys('o'.repeat(40));
const rotated: LedgerKeys = { active: others.active, all: [others.active, keys.active] };
const last = { at: '2026-11-21T12:00:00Z', by: 'you', run: 'RUN' };

async function left(scene: Scene, more: Partial<Job> = {}, by?: typeof last) {
  const look = await planned(scene, more);
  const ledger = lastWord(look, look.ledger, look.listing, by);
  return { look, ledger, records: [...ledger.records.values()] };
}

describe('the ledger that a run leaves', () => {
  const scene: Scene = {
    wanted: { A: 'old', OUT: 'old', LATER: 'old' },
    listings: [names('A', 'B')],
    records: ['A', 'B', 'GONE', 'OUT'].map((name) => record(name)).concat(record('LATER', { wanted: false })),
  };
  const rules = async () => ({ ...(await planned(scene)).job.rules, exclude: ['OUT', 'LATER'] });

  it('knows what is wanted, and no name that is nowhere', async () => {
    const { records } = await left(scene, { rules: await rules() });
    expect(records.map(({ name, wanted }) => `${name} ${wanted}`)).to.deep.equal(['A true', 'B false', 'OUT true', 'LATER false']);
  });

  it('says what the source said, and when it was written, if it was', async () => {
    const { ledger, look } = await left(
      { wanted: { A: 'old', W: { state: 'withheld' } }, listings: [names('A')], records: [record('A')] },
      {},
      last,
    );
    const held = new Map([
      ['A', mac('A', 'old')],
      ['W', 'withheld'],
    ]);
    expect(ledger).to.deep.equal({
      ...look.ledger,
      keyId: keys.active.id,
      records: new Map([['A', record('A')]]),
      source: { identity: OWNER, version: 'v1', shape: shapeDigest(look.job.rules), names: held },
      last,
    });
    expect((await left(scene)).ledger).to.not.have.property('last');
  });

  it('says nothing of a source that it saw a part of: what was known of it stays', async () => {
    const source = { identity: OWNER, version: 'v0', shape: 's', names: new Map([['A', 'm']]) };
    const { job } = await planned(scene);
    const colliding = new Map(['A', 'OUT'].map((name) => [name, 'ONE']));
    for (const filter of [{ only: new Set(['A']) }, { except: new Set(['B']) }, { rename: colliding }]) {
      const more = { rules: { ...job.rules, ...filter } };
      expect((await left({ ...scene, found: { source } }, more)).ledger.source).to.equal(source);
      expect((await left(scene, more)).ledger).to.not.have.property('source');
      expect((await left({ ...scene, known: false }, more)).ledger).to.not.have.property('source');
    }
  });

  it('is sealed with the key that is active now, each value that was seen', async () => {
    const { ledger, records } = await left(
      {
        wanted: { A: 'old', B: 'new', W: { state: 'withheld' } },
        listings: [names('A', 'B', 'W', 'X')],
        records: ['A', 'B', 'W', 'X'].map((name) => record(name)),
      },
      { keys: rotated },
    );
    expect(ledger.keyId).to.equal(others.active.id);
    expect(records).to.deep.equal([
      { ...record('A'), mac: others.active.mac(PLACE, 'A', 'old') },
      record('B'),
      record('W'),
      { ...record('X'), wanted: false },
    ]);
  });

  it('is like another one that says the same, to the last HMAC', async () => {
    const { ledger } = await left(scene, {}, last);
    const { source: _, ...bare } = ledger;
    expect([alike(ledger, { ...ledger }), alike(bare, { ...bare })]).to.deep.equal([true, true]);
    const named = { ...ledger.source!, names: new Map([...ledger.source!.names, ['A', 'other']]) };
    for (const other of [
      bare,
      { ...ledger, serial: 99 },
      { ...ledger, records: new Map() },
      { ...ledger, records: new Map([...ledger.records, ['A', record('A', { mac: 'other' })]]) },
      { ...ledger, source: named },
      { ...ledger, last: { ...last, by: 'me' } },
    ])
      expect(alike(ledger, other)).to.equal(false);
  });
});
