import { expect } from 'chai';
import type { Listing, Outcome } from 'dcs-sdk';
import { LedgerMoved } from '../../src/engine/ledger-types.ts';
import { each, failed, mac, names, play, record, trail, trailed, type Scene } from './scene.ts';

describe('somebody else writes', () => {
  it('into the record before anything was sent: nothing is, and the record stays theirs', async () => {
    const { events, results, clash, outcomes } = await play({
      wanted: { A: 'new', B: 'new' },
      save: () => {
        throw new LedgerMoved('memory');
      },
    });
    expect([events, results, clash]).to.deep.equal([['intent A'], 'A skipped, B skipped', true]);
    expect(outcomes.get('A')?.error).to.be.instanceOf(LedgerMoved);
  });

  it('into the record after the first chunk: what was sent is still settled', async () => {
    let intents = 0;
    const { events, results, clash } = await play({
      wanted: { A: 'new', B: 'new', C: 'new' },
      listings: [names(), names('A')],
      save: (step) => {
        if (step === 'intent' && ++intents === 2) throw new LedgerMoved('memory');
      },
    });
    expect([results, clash]).to.deep.equal(['A done, B skipped, C skipped', true]);
    expect(events).to.deep.equal(['intent A', 'create A', 'answer A', 'intent A B', 'list', 'settled']);
  });

  it('no record can be kept: the run ends there', async () => {
    const error = await play({
      wanted: { A: 'new' },
      save: () => {
        throw failed('CONFLICT', 'disk full');
      },
    }).catch((caught: unknown) => caught);
    expect(String(error)).to.contain('disk full');
  });

  it('a name that the plan creates, between two chunks: it is not overwritten', async () => {
    const { sent, outcomes, clash, events } = await play({
      wanted: { A: 'new', B: 'new', C: 'new' },
      listings: [trailed(['r1'], 'C'), trailed(['r3', 'r2', 'r1'], 'A', 'B', 'C')],
      records: [record('C', { revision: 'r1' })],
      supports: { trail: true },
    });
    expect(sent.map(({ name }) => name)).to.deep.equal(['A', 'C']);
    expect(outcomes.get('B')?.error?.message).to.equal('Somebody else made it meanwhile.');
    expect([outcomes.get('B')?.result, outcomes.get('B')?.error?.code, clash]).to.deep.equal(['failed', 'CONFLICT', true]);
    expect(events.filter((event) => event.startsWith('intent'))).to.deep.equal(['intent A', 'intent C']);
  });

  it('on a platform with a shared trail: each chunk is looked at before the next, the last one at the end', async () => {
    const { events } = await play({
      wanted: { A: 'new', B: 'new', C: 'new' },
      listings: [trailed(['r1']), trailed(['r2', 'r1'], 'A', 'B'), trailed(['r3', 'r2', 'r1'], 'A', 'B', 'C')],
      supports: { trail: true },
      batch: 2,
    });
    expect(events).to.deep.equal([
      'intent A B',
      'create A B',
      'answer A B',
      'list',
      'settled',
      'intent C',
      'create C',
      'answer C',
      'list',
      'settled',
    ]);
    const { events: nothing } = await play({ wanted: { A: 'new', B: 'new' }, supports: { trail: true }, answer: each('failed') });
    expect(nothing).to.not.include('list');
  });

  it('so that a name to update is gone by its turn: it is written', async () => {
    const { sent } = await play({
      wanted: { A: 'new', B: 'new' },
      listings: [trailed(['r1'], 'B'), trailed(['r2', 'r1'], 'A')],
      records: [record('B', { revision: 'r1' })],
      supports: { trail: true, ownership: true },
    });
    expect(sent.map(({ action, name }) => `${action} ${name}`)).to.deep.equal(['create A', 'update B']);
  });

  it('over what was written: planned again, each with its reason', async () => {
    const value = (name: string, text: string): Listing['entries'][number] => ({ name, value: { reveal: () => text } as never });
    for (const [entries, told, message, clash] of [
      [[], 'done', 'It was written, and somebody deleted it.', true],
      [[value('A', 'theirs')], 'done', 'It was written, and somebody overwrote it.', true],
      [[], 'unknown', 'It was not written.', false],
    ] as const) {
      const played = await play({
        wanted: { A: 'new' },
        listings: [names(), { entries }],
        supports: { readable: true },
        answer: each(told),
      });
      expect(played.clash).to.equal(clash);
      expect(played.outcomes.get('A')?.error?.message).to.equal(message);
      expect(played.outcomes.get('A')?.error?.code).to.equal('CONFLICT');
      expect(played.results).to.equal(told === 'done' ? 'A failed' : 'A unknown');
      // What may still be under way is looked at again by the next run.
      expect(played.saved.at(-1)!.pending.length).to.equal(told === 'done' ? 0 : 1);
    }
  });

  it('over what was deleted: the delete is done', async () => {
    const deleted = await play({ listings: [names('X')], records: [record('X')] });
    expect([deleted.results, deleted.clash, deleted.saved.at(-1)!.records.size]).to.deep.equal(['X done', false, 0]);
  });

  it('what was to be deleted is gone or no longer ours: it is left', async () => {
    const scene: Scene = {
      wanted: { A: 'new' },
      records: [record('X', { revision: 'r1' }), record('Y', { revision: 'r1' })],
      supports: { trail: true },
    };
    const { sent, results } = await play({ ...scene, listings: [trailed(['r1'], 'X', 'Y'), trailed(['r3', 'r2', 'r1'], 'A', 'Y')] });
    expect(sent.map(({ action }) => action)).to.deep.equal(['create']);
    expect(results).to.match(/X skipped, Y skipped$/);
  });
});

describe('what was written is looked at again', () => {
  it('and where that fails, nobody knows, and the next run looks', async () => {
    const error = failed('NETWORK');
    const lost = await play({ wanted: { A: 'new' }, listings: [names(), error] });
    expect([lost.outcomes.get('A'), lost.saved.at(-1)!.pending.length]).to.deep.equal([{ result: 'unknown', error }, 1]);
    const strange = await play({ wanted: { A: 'new' }, listings: [names(), new Error('sesame')] });
    expect(strange.outcomes.get('A')).to.deep.equal({ result: 'unknown' });
  });

  it('at once: what the platform shows is what was written', async () => {
    const stamped: Listing = { entries: [{ name: 'A', trail: trail('t1') }] };
    const { saved } = await play({ wanted: { A: 'new' }, listings: [names(), stamped] });
    expect(saved.at(-1)!.records.get('A')).to.deep.equal({
      name: 'A',
      mac: mac('A', 'new'),
      origin: 'created',
      from: 'A',
      wanted: true,
      revision: 't1',
    });
  });

  it('and a lost answer is what the platform shows', async () => {
    const shown = (name: string, text: string): Listing => ({ entries: [{ name, value: { reveal: () => text } as never }] });
    const scene: Scene = { supports: { readable: true }, answer: each('unknown') };
    const put = await play({ ...scene, wanted: { A: 'new' }, listings: [names(), shown('A', 'new')] });
    expect([put.results, put.saved.at(-1)!.pending]).to.deep.equal(['A done', []]);
    const stays = await play({ ...scene, listings: [shown('X', 'old')], records: [record('X')] });
    expect([stays.results, stays.saved.at(-1)!.pending.length]).to.deep.equal(['X unknown', 1]);
    const hidden = await play({ wanted: { A: 'new' }, listings: [names(), names('A')], answer: each('unknown') });
    expect([hidden.results, hidden.saved.at(-1)!.pending]).to.deep.equal(['A unknown', []]);
  });

  it('and what it does not show is as it was answered', async () => {
    const undecided = (told: Outcome['result'], error?: Error): Promise<{ outcomes: ReadonlyMap<string, unknown> }> =>
      play({
        wanted: { A: 'new' },
        listings: [trailed(['r1'], 'A'), trailed(['r3', 'r2', 'r1'], 'A')],
        records: [record('A', { revision: 'r1' })],
        answer: each(told, error ? { error } : {}),
      });
    expect((await undecided('done')).outcomes.get('A')).to.deep.equal({ result: 'done' });
    const error = failed('NETWORK');
    expect((await undecided('unknown', error)).outcomes.get('A')).to.deep.equal({ result: 'unknown', error });
  });
});
