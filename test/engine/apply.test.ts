import { expect } from 'chai';
import type { Listing } from 'dcs-sdk';
import { runId } from '../../src/engine/apply.ts';
import { placeInMarks } from '../../src/engine/facts.ts';
import { each, failed, keys, mac, names, OWNER, PLACE, play, record, trail, trailed, type Scene } from './scene.ts';

describe('a plan is written', () => {
  it('creates first, then updates, deletes last, and each intent stands on disk before its request', async () => {
    const { events, results, saved } = await play({
      wanted: { B: 'new', C: 'new', D: 'new' },
      listings: [names('B', 'X'), names('B', 'C', 'D', 'X'), names('B', 'C', 'D')],
      records: [record('B'), record('X')],
      batch: 2,
    });
    expect(events).to.deep.equal([
      'intent C D',
      'create C D',
      'answer C D',
      'intent C D B',
      'update B',
      'answer C D B',
      'list',
      'settled',
      'intent X',
      'delete X',
      'answer X',
      'list',
      'settled',
    ]);
    expect(results).to.equal('C done, D done, B done, X done');
    const last = saved.at(-1)!;
    expect([...last.records.keys()].toSorted()).to.deep.equal(['B', 'C', 'D']);
    expect(last).to.deep.include({
      serial: 5,
      keyId: keys.active.id,
      identity: 'account',
      last: { at: '2026-11-21T12:00:00.000Z', by: 'you', run: 'RUN' },
    });
  });

  it('goes one by one where the platform takes no more', async () => {
    const { events } = await play({ wanted: { A: 'new', B: 'new' }, listings: [names(), names('A', 'B')] });
    expect(events.filter((event) => event.startsWith('create'))).to.deep.equal(['create A', 'create B']);
  });

  it('keeps of each write what an interrupted run has to know', async () => {
    const { saved } = await play({
      wanted: { A: 'new', B: 'new' },
      listings: [trailed(['r2', 'r1'], 'B'), trailed(['r3', 'r2', 'r1'], 'A', 'B')],
      records: [record('B', { revision: 'r2' })],
      batch: 1,
      answer: (changes) => changes.map(({ name }) => ({ name, result: 'done', revision: 'r3', birth: 'b3' })),
    });
    const put = { run: 'RUN', action: 'put', base: 'r2' };
    expect(saved[0]!.pending).to.deep.equal([{ ...put, chunk: 0, name: 'A', mac: mac('A', 'new'), from: 'A', had: false, proven: false }]);
    const told = { told: 'done', revision: 'r3', birth: 'b3' };
    expect(saved.at(-2)!.pending).to.deep.equal([
      { ...saved[0]!.pending[0], ...told },
      { ...put, chunk: 1, name: 'B', mac: mac('B', 'new'), from: 'B', had: true, proven: true, ...told },
    ]);
    const { saved: plain } = await play({ wanted: { A: 'new' }, listings: [trailed([]), trailed([], 'A')] });
    const { base: _, ...first } = saved[0]!.pending[0]!;
    expect(plain[0]!.pending, 'where there is no trail').to.deep.equal([first]);
    expect(plain[1]!.pending, 'where the answer says no more').to.deep.equal([{ ...first, told: 'done' }]);
    const { saved: unproven } = await play({ wanted: { A: 'new', B: 'new' }, listings: [names('B')], records: [record('A')] });
    expect(unproven.at(-2)!.pending.map(({ name, had, proven }) => [name, had, proven])).to.deep.equal([
      ['A', false, false],
      ['B', true, false],
    ]);
    const { saved: deleting } = await play({
      listings: [{ entries: [{ name: 'A', trail: trail('t1') }] }, names()],
      records: [record('A', { revision: 't1' })],
    });
    expect(deleting[0]!.pending).to.deep.equal([
      { run: 'RUN', chunk: 0, name: 'A', action: 'delete', had: true, proven: true, base: 't1' },
    ]);
  });

  it('hands a platform that keeps marks what they hold, and the birth of what it writes to', async () => {
    const mark = (name: string, created: boolean) => ({
      mark: { owner: OWNER, created, place: placeInMarks(PLACE), mac: mac(name, 'new'), keyId: keys.active.id },
    });
    const own = { owner: OWNER, created: true, place: placeInMarks(PLACE) };
    const before = [
      { name: 'B', mark: own, birth: 'b1' },
      { name: 'C', mark: { ...own, created: false } },
      { name: 'D', mark: { ...own, place: 'elsewhere' } },
      { name: 'X', mark: own, birth: 'b2' },
    ];
    const { sent } = await play({
      wanted: { A: 'new', B: 'new', C: 'new', D: 'new' },
      listings: [{ entries: before }, { entries: [{ name: 'A', mark: own }, ...before] }],
      records: ['B', 'C', 'D', 'X'].map((name) => record(name)),
      supports: { ownership: true },
      answer: each('done', { revision: 'r9' }),
    });
    expect(sent.map((write) => ({ ...write, ...('secret' in write ? { secret: write.secret.reveal() } : {}) }))).to.deep.equal([
      { action: 'create', name: 'A', secret: 'new', ...mark('A', true) },
      { action: 'update', name: 'B', secret: 'new', ...mark('B', true), birth: 'b1' },
      { action: 'update', name: 'C', secret: 'new', ...mark('C', false) },
      { action: 'update', name: 'D', secret: 'new', ...mark('D', false) },
      { action: 'delete', name: 'X', birth: 'b2' },
    ]);
    const { sent: bare } = await play({ wanted: { A: 'new' }, listings: [names(), names('A')] });
    expect(Object.keys(bare[0]!)).to.deep.equal(['action', 'name', 'secret']);
  });

  it('writes nothing, not even a ledger, where nothing is to do', async () => {
    const first = await play({ wanted: { A: 'old' }, listings: [names('A')], records: [record('A')] });
    const scene: Scene = { wanted: { A: 'old' }, listings: [names('A')], found: first.saved.at(-1)! };
    const again = await play(scene);
    expect([again.events, again.results, again.clash]).to.deep.equal([[], '', false]);
    const unknown = await play({ ...scene, known: false, wanted: {}, listings: [names()] });
    expect(unknown.events).to.deep.equal(['settled']);
    expect(unknown.saved[0]).to.deep.include({ serial: 0, last: { at: '2026-11-21T12:00:00.000Z', by: 'you', run: 'RUN' } });
    expect(first.saved[0]!.last, 'no write, no new sync').to.equal(undefined);
  });

  it('keeps the identity that the record had where the platform was not asked, or none', async () => {
    const scene: Scene = { wanted: { A: 'new' }, listings: [names(), names('A')] };
    const found = { identity: 'before' };
    const change: NonNullable<Scene['change']> = (look) => ({ ...look, identity: undefined });
    expect((await play({ ...scene, found })).saved[0]!.identity).to.equal('account');
    expect((await play({ ...scene, found, change })).saved[0]!.identity).to.equal('before');
    expect((await play({ ...scene, change })).saved[0]).to.not.have.property('identity');
  });

  it('tells the newest revision, what serves it, and whether all was read back', async () => {
    const shown = (value: string | undefined): Listing => ({
      entries: [{ name: 'A', ...(value === undefined ? {} : { value: { reveal: () => value } as never }) }],
      trail: trail('r2', 'r1'),
    });
    const scene = (value: string | undefined): Scene => ({
      wanted: { A: 'new' },
      listings: [trailed(['r1'], 'X'), trailed(['r2', 'r1'], 'A', 'X'), shown(value)],
      records: [record('X', { revision: 'r1' })],
      answer: (changes) => changes.map(({ name, action }) => ({ name, result: 'done', ...(action === 'create' ? { live: 'v2' } : {}) })),
    });
    expect(await play({ ...scene('new'), listings: [names(), shown('new')] })).to.include({
      revision: 'r2',
      live: 'v2',
      readBack: true,
      clash: false,
    });
    expect(await play({ ...scene('new'), listings: [names(), shown(undefined)] })).to.include({ readBack: false });
    const one: Listing = { entries: [...shown('new').entries, { name: 'B' }] };
    expect(await play({ wanted: { A: 'new', B: 'new' }, listings: [names(), one] })).to.include({
      readBack: false,
      results: 'A done, B done',
    });
    const vanished = await play({ wanted: { A: 'new' }, listings: [names('X'), names('A', 'X'), trailed([])], records: [record('X')] });
    expect(vanished).to.include({ readBack: false, revision: undefined, results: 'A done, X done' });
    const gone = await play({ listings: [names('X'), names()], records: [record('X')] });
    expect(gone).to.include({ readBack: true, revision: undefined, live: undefined, results: 'X done' });
    const refused = await play({ wanted: { A: 'new' }, answer: each('failed') });
    expect(refused).to.include({ readBack: true, results: 'A failed' });
  });

  it('calls a run by six letters that nobody mistakes', () => {
    const ids = Array.from({ length: 200 }, runId);
    for (const id of ids) expect(id).to.match(/^[2-9A-HJKMNP-Z]{6}$/);
    expect(new Set(ids.join('')).size).to.equal(31);
  });
});

describe('a write fails', () => {
  it('alone, with its error, and its intent goes', async () => {
    const error = failed('TARGET');
    const { outcomes, results, saved, clash } = await play({
      wanted: { A: 'new', B: 'new' },
      listings: [names(), names('B')],
      answer: (_, call) => (call === 0 ? [{ name: 'A', result: 'failed', error }] : undefined),
    });
    expect([results, outcomes.get('A')?.error, clash]).to.deep.equal(['A failed, B done', error, false]);
    expect(saved.map(({ pending }) => pending.map(({ name }) => name).join())).to.deep.equal(['A', '', 'B', 'B', '']);
    const strange = await play({ wanted: { A: 'new' }, answer: each('failed', { error: new Error('sesame') }) });
    expect(strange.outcomes.get('A')).to.deep.equal({ result: 'failed' });
  });

  it('by a conflict, and all is planned again', async () => {
    const { results, clash } = await play({ wanted: { A: 'new' }, answer: each('conflict', { error: failed('CONFLICT') }) });
    expect([results, clash]).to.deep.equal(['A failed', true]);
  });

  it('because the platform left it out', async () => {
    expect((await play({ wanted: { A: 'new' }, answer: each('skipped') })).results).to.equal('A skipped');
  });

  it('as a bug, where there is no value to write', async () => {
    const change: NonNullable<Scene['change']> = (look) => ({
      ...look,
      shaped: { ...look.shaped, desired: { names: new Map([['A', { name: 'A', from: 'A', held: { state: 'recorded', mac: 'm' } }]]) } },
    });
    const error = await play({ wanted: { A: 'new' }, change }).catch((caught: unknown) => caught);
    expect(String(error)).to.equal('Error: A has no value to write');
  });

  it('without an answer, and stays open', async () => {
    const { results, saved } = await play({ wanted: { A: 'new' }, listings: [names(), names('A')], answer: () => [] });
    expect(results).to.equal('A unknown');
    expect(saved[1]!.pending[0]!.told).to.equal('unknown');
  });

  for (const code of ['AUTH', 'INTERRUPTED'] as const)
    it(`by ${code}, and nothing more is sent`, async () => {
      const { events, results } = await play({ wanted: { A: 'new', B: 'new' }, answer: each('failed', { error: failed(code) }) });
      expect([results, events.filter((event) => event.startsWith('create'))]).to.deep.equal(['A failed, B skipped', ['create A']]);
    });

  it('so that nothing is deleted after it', async () => {
    const { events, results } = await play({
      wanted: { A: 'new' },
      listings: [names('X')],
      records: [record('X')],
      answer: each('failed', { error: failed('TARGET') }),
    });
    expect([results, events.some((event) => event.startsWith('delete'))]).to.deep.equal(['A failed, X skipped', false]);
  });

  it('is not sent once the user interrupts', async () => {
    const stop = new AbortController();
    const { events, results } = await play({
      wanted: { A: 'new', B: 'new' },
      listings: [names(), names('A')],
      signal: stop.signal,
      save: (step) => void (step === 'answer' && stop.abort()),
    });
    expect([results, events.includes('create B')]).to.deep.equal(['A done, B skipped', false]);
  });
});
