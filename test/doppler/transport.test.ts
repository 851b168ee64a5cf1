import { expect } from 'chai';
import { inspect } from 'node:util';
import { createDopplerClient, type DopplerClient } from '../../src/doppler/client.ts';
import { createTransport, sdkOver } from '../../src/doppler/transport.ts';
import { failure, json, secret, useServer } from './server.ts';

const TOKEN = 'dp.st.prd.AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcd';

describe("Doppler's SDK on our transport", () => {
  const wire = useServer();
  const client = (): DopplerClient => createDopplerClient({ base: wire.base, token: TOKEN, deadline: 2500 });
  const read = (): ReturnType<DopplerClient['secrets']> => client().secrets('shop', 'prd');

  it('1: keeps multi-byte values that arrive in pieces', async () => {
    const value = 'äöü€😀'.repeat(20_400);
    const body = Buffer.from(JSON.stringify({ secrets: { TEXT: secret(value, 'x') } }));
    expect(body.length).greaterThan(264_000);
    wire.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const send = (at: number): void => {
        if (at >= body.length) return void response.end();
        response.write(body.subarray(at, at + 4099), () => setImmediate(send, at + 4099));
      };
      send(0);
    };
    const answer = await read();
    expect(answer).not.equal('not-modified');
    expect(answer !== 'not-modified' && answer.secrets.get('TEXT')?.computed === value).equal(true);
  });

  it('sends with a DELETE what its description has: its query once, or its body', async () => {
    wire.answer = (_, response) => response.writeHead(204).end();
    const transport = createTransport({ base: wire.base, token: TOKEN });
    const sdk = await sdkOver((request) => transport.send(request));
    await sdk.webhooks.delete('w1', { project: 'shop' });
    await sdk.serviceTokens.delete({ project: 'shop', config: 'prd', slug: 's1' });
    expect(wire.seen.map(({ url, body }) => [url, body])).to.deep.equal([
      ['/v3/webhooks/webhook/w1?project=shop', ''],
      ['/v3/configs/config/tokens/token', '{"project":"shop","config":"prd","slug":"s1"}'],
    ]);
  });

  it('2: takes HTML for a failure that can be caught, not for a crash', async () => {
    wire.answer = (_, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<html>AKIA-SECRET</html>');
    const error = await failure(client().change('shop', 'prd', [{ name: 'A', value: '1', was: null }]));
    expect(error.code).equal('NETWORK');
    expect(inspect(error)).not.contain('AKIA-SECRET');
  });

  it('3: gives up on a host that never answers', async () => {
    wire.answer = () => undefined;
    const started = Date.now();
    const error = await failure(createDopplerClient({ base: wire.base, token: TOKEN, deadline: 300 }).secrets('shop', 'prd'));
    expect(error.code).equal('NETWORK');
    expect(Date.now() - started).lessThan(5000);
  });

  for (const [what, status, headers] of [
    ['a redirect', 302, { location: '/elsewhere' }],
    ['a 304 nobody asked for', 304, {}],
    ['an empty answer', 200, { 'content-type': 'application/json' }],
  ] as const)
    it(`4: never takes ${what} for "no secrets"`, async () => {
      wire.answer = (_, response) => response.writeHead(status, headers).end();
      expect((await failure(read())).code).equal('NETWORK');
      expect(wire.seen.every(({ url }) => url.startsWith('/v3/'))).equal(true);
    });

  for (const body of [
    {},
    { secrets: [] },
    { secrets: null },
    { secrets: { A: {} } },
    { secrets: { A: { computed: 7 } } },
    { secrets: { A: 'x' } },
    [],
  ])
    it(`4: refuses ${JSON.stringify(body)} as an answer`, async () => {
      wire.answer = (_, response) => json(response, body);
      expect((await failure(read())).code).equal('NETWORK');
    });

  it('5: says what happened, with the request id', async () => {
    wire.answer = (_, response) =>
      json(response, { messages: ['value hunter2 is bad'], success: false }, 422, { 'x-request-id': 'req-77' });
    const error = await failure(read());
    expect(error.code).equal('TARGET');
    expect(error.message).contain('422').not.contain('[object');
    expect(error.details).include({ status: 422, ref: 'Doppler request req-77' });
    expect(inspect(error)).not.contain('hunter2');
  });

  it('6: does not repeat a write that may have been applied', async () => {
    wire.answer = (_, response) => json(response, { messages: [] }, 503);
    const error = await failure(client().change('shop', 'prd', [{ name: 'A', value: '1', was: null }]));
    expect(wire.seen).length(1);
    expect(error.code).equal('NETWORK');
    expect(error.details?.['applied']).equal('unknown');
  });

  it('6: waits as told when there were too many requests, and tries again', async () => {
    wire.answer = (_, response) =>
      wire.seen.length === 1
        ? json(response, { messages: ['slow down'] }, 429, { 'retry-after': '1' })
        : json(response, { secrets: { A: secret('1') } });
    const started = Date.now();
    expect([...(await client().change('shop', 'prd', [{ name: 'A', value: '1', was: null }]))]).deep.equal(['A']);
    expect(wire.seen).length(2);
    expect(Date.now() - started).within(900, 2500);
  });

  it('7: asks for no dynamic secrets, whose reading would issue leases', async () => {
    wire.answer = (_, response) => json(response, { secrets: {} });
    await read();
    expect(wire.seen[0]?.url).not.contain('include_dynamic_secrets=true');
  });

  for (const config of ['p&config=prd#', 'prd#', 'PRD', 'a/b', 'ä', ''])
    it(`8: sends no request for the config ${JSON.stringify(config)}`, async () => {
      expect((await failure(client().secrets('shop', config))).code).equal('CONFIG');
      expect((await failure(client().secrets(config, 'prd'))).code).equal('CONFIG');
      expect(wire.seen).length(0);
    });

  it('9: leaves a secret that is called "type" alone', async () => {
    wire.answer = (_, response) => json(response, { secrets: { type: secret('t'), TYPE: secret('T') } });
    const answer = await read();
    expect(answer !== 'not-modified' && [...answer.secrets.keys()]).deep.equal(['type', 'TYPE']);
  });

  it('10: prints nothing when the network fails', async () => {
    wire.answer = (_, response) => response.destroy();
    const printed: unknown[] = [];
    const { log, error } = console;
    console.log = console.error = (...words) => void printed.push(words);
    try {
      expect((await failure(client().change('shop', 'prd', [{ name: 'A', value: '1', was: null }]))).code).equal('NETWORK');
    } finally {
      Object.assign(console, { log, error });
    }
    expect(printed).deep.equal([]);
  });

  it('11: shows the token to nobody but Doppler', async () => {
    const logged: string[] = [];
    const talking = createDopplerClient({ base: wire.base, token: TOKEN, log: (line) => void logged.push(line) });
    wire.answer = (_, response) => json(response, { messages: [`bad token ${TOKEN}`] }, 401);
    const error = await failure(talking.secrets('shop', 'prd'));
    expect(error.code).equal('AUTH');
    expect(wire.seen[0]?.headers.authorization).equal(`Bearer ${TOKEN}`);
    const everything = [
      inspect(talking, { depth: 20, showHidden: true }),
      inspect(error, { depth: 20 }),
      JSON.stringify(talking),
      ...logged,
    ].join('\n');
    expect(everything).not.contain(TOKEN);
  });
});
