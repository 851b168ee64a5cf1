import { expect } from 'chai';
import { inspect } from 'node:util';
import { createDopplerClient, type DopplerClient } from '../../src/doppler/client.ts';
import { failure, json, secret, useServer } from './server.ts';

describe('the Doppler client', () => {
  const wire = useServer();
  const client = (): DopplerClient => createDopplerClient({ base: wire.base, token: 'dp.ct.x', deadline: 2500 });
  const refused = (status: number, message: string): void => {
    wire.answer = (_, response) => json(response, { messages: [message], success: false }, status);
  };

  it('reads every page of projects', async () => {
    wire.answer = ({ url }, response) => {
      const page = Number(new URL(url, wire.base).searchParams.get('page'));
      // A server that caps per_page at 20 without saying so.
      const from = (page - 1) * 20;
      json(response, {
        page,
        projects: Array.from({ length: Math.max(0, Math.min(20, 45 - from)) }, (_, i) => ({ slug: `p${from + i}`, name: `p${from + i}` })),
      });
    };
    expect(await client().projects()).length(45);
  });

  it('comes to an end where the server ignores the page', async () => {
    const configs = Array.from({ length: 30 }, (_, i) => ({ name: `dev_${i}`, environment: 'dev', root: false }));
    wire.answer = (_, response) => json(response, { page: 1, configs });
    expect(await client().configs('shop')).length(30);
  });

  it('writes all names in one request, each on condition that it is as it was, and any name as a name', async () => {
    wire.answer = (_, response) => json(response, { secrets: { A: secret('1') } });
    await client().change('shop', 'prd', [
      { name: 'A', value: '1', was: 'before' },
      { name: 'B', value: null, was: 'gone' },
      { name: 'C', value: '3', was: undefined },
      { name: '__proto__', value: 'x', was: null },
    ]);
    expect(wire.seen).length(1);
    expect(wire.seen[0]).include({ method: 'POST', url: '/v3/configs/config/secrets' });
    expect(wire.seen[0]?.body).equal(
      JSON.stringify({
        project: 'shop',
        config: 'prd',
        change_requests: [
          { name: 'A', originalName: 'A', originalValue: 'before', value: '1' },
          { name: 'B', originalName: 'B', originalValue: 'gone', value: null, shouldDelete: true },
          { name: 'C', originalName: 'C', value: '3' },
          { name: '__proto__', originalName: null, originalValue: null, value: 'x' },
        ],
      }),
    );
  });

  it('guards each change with what was read, in one request', async () => {
    wire.answer = (_, response) => json(response, { secrets: { A: secret('2'), B: secret('1') } });
    const changes = [
      { name: 'A', was: '1', value: '2' },
      { name: 'B', was: null, value: '1' },
      { name: 'C', was: '3', value: null },
    ];
    expect([...(await client().change('shop', 'prd', changes))]).deep.equal(['A', 'B']);
    expect(JSON.parse(wire.seen[0]?.body ?? '')).deep.equal({
      project: 'shop',
      config: 'prd',
      change_requests: [
        { name: 'A', originalName: 'A', originalValue: '1', value: '2' },
        { name: 'B', originalName: null, originalValue: null, value: '1' },
        { name: 'C', originalName: 'C', originalValue: '3', value: null, shouldDelete: true },
      ],
    });
  });

  it('asks for some names only', async () => {
    wire.answer = (_, response) => json(response, { secrets: { A: secret('1') } });
    await client().secrets('shop', 'prd', { names: ['A', 'B'] });
    const { searchParams } = new URL(wire.seen[0]!.url, wire.base);
    expect(searchParams.get('secrets')).equal('A,B');
    expect(searchParams.get('config')).equal('prd');
  });

  it('reads a secret called __proto__ as a name', async () => {
    wire.answer = (_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(`{"secrets":{"__proto__":${JSON.stringify(secret('x'))}}}`);
    const answer = await client().secrets('shop', 'prd');
    expect(answer !== 'not-modified' && [...answer.secrets.keys()]).deep.equal(['__proto__']);
  });

  it('calls a write unknown whose answer cannot be read', async () => {
    wire.answer = (_, response) => json(response, { ok: true });
    const error = await failure(client().change('shop', 'prd', [{ name: 'A', value: '1', was: null }]));
    expect(error.details?.['applied']).equal('unknown');
  });

  it('asks with the ETag and hears that nothing changed', async () => {
    wire.answer = ({ headers }, response) =>
      headers['if-none-match'] === '"v1"'
        ? void response.writeHead(304, { etag: '"v1"' }).end()
        : json(response, { secrets: { A: secret('1') } }, 200, { etag: '"v1"' });
    const doppler = client();
    const first = await doppler.secrets('shop', 'prd');
    expect(first !== 'not-modified' && first.etag).equal('"v1"');
    expect(await doppler.secrets('shop', 'prd', { etag: '"v1"' })).equal('not-modified');
    expect(await doppler.secrets('shop', 'prd')).not.equal('not-modified');
    expect(wire.seen.map(({ headers }) => headers['if-none-match'])).deep.equal([undefined, '"v1"', undefined]);
  });

  it('keeps the two apart when read at once with and without an ETag', async () => {
    wire.answer = ({ headers }, response) =>
      headers['if-none-match'] === undefined
        ? setTimeout(() => json(response, { secrets: { A: secret('1') } }), 30)
        : void response.writeHead(304).end();
    const doppler = client();
    const [full, same] = await Promise.all([doppler.secrets('shop', 'prd'), doppler.secrets('shop', 'prd', { etag: '"v1"' })]);
    expect(full !== 'not-modified' && full.secrets.size).equal(1);
    expect(same).equal('not-modified');
  });

  it('remembers the quota', async () => {
    wire.answer = (_, response) =>
      json(response, { names: ['A'] }, 200, {
        'x-ratelimit-limit': '240',
        'x-ratelimit-remaining': '12',
        'x-ratelimit-reset': '1790000000',
      });
    const doppler = client();
    expect(doppler.lastLimits).equal(undefined);
    expect(await doppler.names('shop', 'prd')).deep.equal(['A']);
    expect(doppler.lastLimits).deep.equal({ limit: 240, remaining: 12, reset: 1_790_000_000 });
  });

  it('tells who changed which names; the values show only where they are asked for', async () => {
    const log = { id: 'L1', text: 'set A to hunter2', created_at: '2026-11-20T10:00:00Z', user: { name: 'Ada' }, rollback: false };
    wire.answer = ({ url }, response) =>
      url.includes('/logs/log')
        ? json(response, { log: { ...log, diff: [{ name: 'A', added: 'hunter2', removed: 'hunter1' }] } })
        : json(response, { page: 1, logs: [log] });
    const entries = await client().logs('shop', 'prd');
    expect(entries).length(1);
    expect(entries[0]).include({ id: 'L1', at: '2026-11-20T10:00:00Z', user: 'Ada' });
    expect(entries[0]!.names).deep.equal(['A']);
    expect(entries[0]!.diff[0]!.removed!.reveal()).equal('hunter1');
    expect(inspect(entries, { depth: 9 }) + JSON.stringify(entries)).not.contain('hunter');
  });

  const read = (): Promise<unknown> => client().secrets('shop', 'prd');
  const write = (): Promise<unknown> =>
    client().change('shop', 'prd', [
      { name: 'API_KEY', value: 'hunter2', was: null },
      { name: 'DOPPLER_X', value: 'y', was: null },
    ]);
  for (const [what, status, message, call, code, says] of [
    ['a revoked token', 401, 'Invalid Auth token', read, 'AUTH', 'refused the token'],
    ['a forbidden config', 403, 'nope', read, 'AUTH', 'shop/prd'],
    ["another config's token", 400, "This token does not have access to requested config 'prd'", read, 'AUTH', 'shop/prd'],
    ['an unknown config', 404, "Could not find requested config 'prd'", read, 'CONFIG', 'no project/config "shop/prd"'],
    ['a malformed name', 400, 'Please provide a valid config.', read, 'CONFIG', 'shop/prd'],
    ['a reserved name', 400, 'Unable to create/update secret with reserved name', write, 'TARGET', 'DOPPLER_X'],
    ['a reference', 400, 'The secret "API_KEY" cannot resolve the reference ${hunter2}.', write, 'TARGET', 'API_KEY'],
    [
      'a reference in a foreign word',
      400,
      'The secret "hunter2" cannot resolve the reference ${X}.',
      write,
      'TARGET',
      'one of these secrets',
    ],
    ['anything else', 418, 'hunter2', write, 'TARGET', '418'],
  ] as const)
    it(`maps ${what} to ${code}`, async () => {
      refused(status, message);
      const error = await failure(call());
      expect(error.code).equal(code);
      expect(error.message).contain(says);
      expect(inspect(error, { depth: 9 })).not.contain('hunter2');
    });
});
