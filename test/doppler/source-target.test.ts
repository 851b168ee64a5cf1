import { expect } from 'chai';
import { Secret } from 'dcs-sdk';
import { createDopplerClient } from '../../src/doppler/client.ts';
import { dopplerSource } from '../../src/doppler/source.ts';
import { checkDopplerSecret, dopplerTarget } from '../../src/doppler/target.ts';
import { failure, json, secret, useServer } from './server.ts';

const managed = (config = 'prd'): Record<string, unknown> => ({
  DOPPLER_PROJECT: secret('shop'),
  DOPPLER_ENVIRONMENT: secret('prd'),
  DOPPLER_CONFIG: secret(config),
});

describe('Doppler as a source and as a target', () => {
  const wire = useServer();
  const place = { host: 'https://api.doppler.com', project: 'shop', config: 'prd' };
  const client = () => createDopplerClient({ base: wire.base, token: 'dp.st.prd.x', deadline: 2500 });
  const source = () => dopplerSource(client(), place);
  const target = () => dopplerTarget(client(), place);

  it('tells values, withheld and unresolved apart, and leaves the managed names out', async () => {
    wire.answer = (_, response) =>
      json(response, {
        secrets: {
          ...managed(),
          A: secret('1'),
          EMPTY: secret(''),
          HIDDEN: secret(null),
          LOST: secret('x${gone.dev.KEY}', 'x${gone.dev.KEY}'),
          SHELL: secret('$HOME $(id)'),
        },
      });
    const read = await source().read();
    expect(
      [...(read?.secrets ?? [])].map(([name, held]) => [name, held.state, held.state === 'value' ? held.secret.reveal() : '']),
    ).deep.equal([
      ['A', 'value', '1'],
      ['EMPTY', 'value', ''],
      ['HIDDEN', 'withheld', ''],
      ['LOST', 'unresolved', ''],
      ['SHELL', 'value', '$HOME $(id)'],
    ]);
    expect(read?.identity).equal('https://api.doppler.com/shop/prd');
  });

  it('reads nothing twice: one cheap request while the version stands', async () => {
    wire.answer = ({ headers }, response) =>
      headers['if-none-match'] === 'W/"7"'
        ? void response.writeHead(304).end()
        : json(response, { secrets: { A: secret('1') } }, 200, { etag: 'W/"7"' });
    const read = await source().read();
    expect(read?.version).equal('W/"7"');
    expect(await source().read(read?.version)).equal(undefined);
  });

  it('reads in full each time from a server without ETags', async () => {
    wire.answer = (_, response) => json(response, { secrets: { A: secret('1') } });
    const first = await source().read();
    const second = await source().read(first?.version);
    expect(second?.secrets.size).equal(1);
    expect(second?.version).not.equal(first?.version);
    expect(wire.seen[1]?.headers['if-none-match']).equal(undefined);
  });

  it('refuses an answer for another config', async () => {
    wire.answer = (_, response) => json(response, { secrets: { ...managed('dev'), A: secret('1') } });
    const error = await failure(source().read());
    expect(error.code).equal('AUTH');
    expect(error.message).contain('shop/dev').contain('shop/prd');
  });

  it('fails where Doppler fails, and is never empty', async () => {
    for (const status of [401, 403, 404]) {
      wire.answer = (_, response) => json(response, { messages: [] }, status);
      expect((await failure(source().read())).code).oneOf(['AUTH', 'CONFIG']);
      expect((await failure(target().list(new Set()))).code).oneOf(['AUTH', 'CONFIG']);
      expect((await failure(target().identify())).code).oneOf(['AUTH', 'CONFIG']);
    }
  });

  it('identifies a config, and not by a namesake', async () => {
    wire.answer = (_, response) => json(response, { config: { name: 'prd', environment: 'prd', root: true, project: 'shop' } });
    expect(await target().identify()).deep.equal({ id: 'https://api.doppler.com/shop/prd', title: 'Doppler shop/prd' });
    wire.answer = (_, response) => json(response, { config: { name: 'dev', environment: 'dev', root: true, project: 'shop' } });
    expect((await failure(target().identify())).code).equal('CONFLICT');
  });

  it('lists what it cannot read as opaque', async () => {
    wire.answer = (_, response) => json(response, { secrets: { ...managed(), A: secret('1'), HIDDEN: secret(null) } });
    const { entries } = await target().list(new Set());
    expect(entries.map(({ name, value }) => [name, value?.reveal()])).deep.equal([
      ['A', '1'],
      ['HIDDEN', undefined],
    ]);
  });

  /** A target that has listed these, and the requests it sends from then on. */
  const listed = async (secrets: Record<string, unknown>) => {
    const one = target();
    wire.answer = (_, response) => json(response, { secrets: { ...managed(), ...secrets } });
    await one.list(new Set());
    wire.seen.length = 0;
    return one;
  };
  const put = (one: ReturnType<typeof target>, name = 'A', action: 'create' | 'update' = 'update') =>
    one.write([{ action, name, secret: new Secret('hunter2') }]);

  it('writes a chunk in one request, on condition that each name is stored as it was listed, and reports each', async () => {
    const one = await listed({ B: secret('1', '${X}'), C: secret('3'), R: secret(null) });
    wire.answer = (_, response) => json(response, { secrets: { ...managed(), A: secret('1'), B: secret('2'), R: secret(null) } });
    const outcomes = await one.write([
      { action: 'create', name: 'A', secret: new Secret('1') },
      { action: 'update', name: 'B', secret: new Secret('2') },
      { action: 'update', name: 'R', secret: new Secret('4') },
      { action: 'delete', name: 'C' },
    ]);
    expect(outcomes).deep.equal(['A', 'B', 'R', 'C'].map((name) => ({ name, result: 'done' })));
    expect(JSON.parse(wire.seen[0]?.body ?? '')).deep.equal({
      project: 'shop',
      config: 'prd',
      change_requests: [
        { name: 'A', originalName: null, originalValue: null, value: '1' },
        { name: 'B', originalName: 'B', originalValue: '${X}', value: '2' },
        { name: 'R', originalName: 'R', value: '4' },
        { name: 'C', originalName: 'C', originalValue: '3', value: null, shouldDelete: true },
      ],
    });
    expect(wire.seen).length(1);
  });

  it('tells a refused write from a lost one and from one that did not take', async () => {
    const one = await listed({ A: secret('1') });
    const results = async (): Promise<string[]> => (await put(one)).map(({ result }) => result);
    wire.answer = ({ method }, response) =>
      json(response, method === 'GET' ? { secrets: { A: secret('1') } } : { messages: ['no hunter2'] }, method === 'GET' ? 200 : 400);
    expect(await results()).deep.equal(['failed']);
    wire.answer = (_, response) => json(response, { messages: ['no hunter2'] }, 400);
    expect(await results()).deep.equal(['failed']);
    wire.answer = (_, response) => response.destroy();
    expect(await results()).deep.equal(['unknown']);
    wire.answer = (_, response) => json(response, { secrets: {} });
    expect(await results()).deep.equal(['unknown']);
  });

  for (const [what, now, action] of [
    ['edited', { A: secret('theirs') }, 'update'],
    ['deleted', {}, 'update'],
    ['made', { A: secret('1'), B: secret('theirs') }, 'create'],
  ] as const)
    it(`a write that Doppler refuses because somebody ${what} the name meanwhile is a conflict, however Doppler words it`, async () => {
      const one = await listed({ A: secret('1') });
      wire.answer = ({ method }, response) =>
        json(response, method === 'GET' ? { secrets: now } : { messages: ['hunter2 theirs'] }, method === 'GET' ? 200 : 400);
      const [outcome] = await put(one, action === 'create' ? 'B' : 'A', action);
      expect(outcome?.result).equal('conflict');
      expect(outcome?.error).include({ code: 'CONFLICT' });
      expect(String(outcome?.error))
        .contain(action === 'create' ? 'B' : 'A')
        .and.not.contain('theirs');
    });

  for (const [name, value, why] of [
    ['lower', 'x', 'A-Z'],
    ['1A', 'x', 'A-Z'],
    ['A'.repeat(201), 'x', '200'],
    ['DOPPLER_CONFIG', 'x', 'reserves'],
    ['A', 'ä'.repeat(25_601), '50 KiB'],
    ['A', 'a ${B.C} d', 'reference'],
  ] as const)
    it(`says why Doppler cannot hold ${name.slice(0, 20)} (${why})`, () => {
      const note = checkDopplerSecret(name, new Secret(value));
      expect(note).contain(why);
      expect(note).not.contain('B.C');
    });

  it('lets through what just fits', () => {
    expect(checkDopplerSecret('A'.repeat(200), new Secret('x'.repeat(50 * 1024)))).equal(undefined);
  });
});
