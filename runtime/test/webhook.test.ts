import { expect } from 'chai';
import { parseEvent, toGitHub, toPubSub, toReceiver, toRequest, verifySignature, webhook, type Received } from '../src/webhook.ts';
import { bytes, EVENT, KEY, request, sign } from './webhook-events.ts';
import { failure } from './world.ts';

describe('dcs-runtime/webhook', () => {
  let received: Received[];
  let errors: unknown[];
  let broken = false;
  const receive = webhook({
    keys: [undefined, KEY, 'the-signing-key-that-doppler-had'],
    configs: { 'shop/stg': 'staging' },
    trigger: async (one) => {
      if (broken) throw new Error('GitHub answered 502');
      received.push(one);
    },
    onError: (error) => errors.push(error),
  });
  beforeEach(() => {
    received = [];
    errors = [];
    broken = false;
  });
  const status = async (one: Request): Promise<number> => {
    const answer = await receive(one);
    expect(await answer.text()).to.equal('');
    return answer.status;
  };

  it('takes what one of the keys signed, and hands on the same bytes', async () => {
    const body = JSON.stringify({ ...EVENT, note: 'schön 🔑' });
    expect(await status(request(body))).to.equal(202);
    expect(await status(request(body, { 'x-doppler-signature': sign(body, 'the-signing-key-that-doppler-had') }))).to.equal(202);
    const [first] = received;
    expect(first).to.deep.include({ environment: 'staging', signature: sign(body) });
    expect(new TextDecoder().decode(first!.body)).to.equal(body);
    expect(first!.event).to.deep.equal({ project: 'shop', config: 'stg', added: ['A'], updated: ['B'], removed: ['C'] });
    expect(received.length).to.equal(2);
  });

  const good = JSON.stringify(EVENT);
  const table: readonly (readonly [name: string, status: number, request: () => Request])[] = [
    ['GET', 405, () => request('', {}, 'GET')],
    ['no signature', 401, () => request(good, { 'x-doppler-signature': '' })],
    ['another key', 401, () => request(good, { 'x-doppler-signature': sign(good, 'somebody-elses') })],
    ['another body', 401, () => request(good, { 'x-doppler-signature': sign(`${good} `) })],
    ['cut short', 401, () => request(good, { 'x-doppler-signature': sign(good).slice(0, -1) })],
    ['no hex', 401, () => request(good, { 'x-doppler-signature': `sha256=${'g'.repeat(64)}` })],
    ['a form', 415, () => request(good, { 'content-type': 'text/plain' })],
    ['too much', 413, () => request('x'.repeat(65_537))],
    ['null', 400, () => request('null')],
    ['no JSON', 400, () => request('{')],
    ['no config', 400, () => request('{"type":"config.secrets.update"}')],
  ];
  for (const [name, expected, one] of table)
    it(`${name}: ${expected}, and nothing is triggered`, async () => {
      expect(await status(one())).to.equal(expected);
      expect(received).to.deep.equal([]);
    });

  it('counts what comes without a length', async () => {
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(10_000)),
    });
    const headers = { 'content-type': 'application/json', 'x-doppler-signature': sign('') };
    const endless = new Request('https://receiver.example/', { method: 'POST', headers, body: stream, duplex: 'half' } as RequestInit);
    expect(await status(endless)).to.equal(413);
  });

  it('leaves what nobody names, also where the name is one of objects', async () => {
    for (const config of [
      { name: 'prd', project: 'shop' },
      { name: 'constructor', project: 'shop' },
    ])
      expect(await status(request(JSON.stringify({ ...EVENT, config })))).to.equal(202);
    expect(await status(request(JSON.stringify({ type: 'config.renamed' })))).to.equal(202);
    expect(received).to.deep.equal([]);
  });

  it('answers 503 when the trigger fails, and says why to the app alone', async () => {
    broken = true;
    expect(await status(request(good))).to.equal(503);
    expect(errors.map(String)).to.deep.equal(['Error: GitHub answered 502']);
  });

  it('is none without a key, a repository or a URL', () => {
    const made: readonly (() => unknown)[] = [
      () => webhook({ keys: [undefined, ''], configs: {}, trigger: async () => undefined }),
      () => toGitHub({ repository: 'a/b', token: undefined }),
      () => toGitHub({ repository: undefined, token: 'x' }),
      () => toReceiver({ url: '' }),
      () => toPubSub({ topic: undefined }),
      () => toPubSub({ topic: '' }),
    ];
    for (const make of made) expect(make).to.throw(/is not set/);
  });

  it('verifies and reads by itself', async () => {
    expect(await verifySignature(bytes(good), sign(good), [KEY])).to.equal(true);
    expect(await verifySignature(bytes(good), null, [KEY])).to.equal(false);
    expect(await verifySignature(bytes(good), sign(good), ['', undefined])).to.equal(false);
    expect(parseEvent(bytes('{"type":"x"}'))).to.equal(undefined);
    expect((await failure((async () => parseEvent(new Uint8Array([0x22, 0xff, 0x22])))())).name).to.equal('TypeError');
  });

  it('makes a Request of what Node.js has', async () => {
    const made = toRequest(
      { method: 'POST', headers: { 'content-type': 'application/json', 'x-doppler-signature': sign(good) } },
      Buffer.from(good),
    );
    expect(await status(made)).to.equal(202);
    expect(
      await status(toRequest({ method: 'POST', headers: { 'x-doppler-signature': [sign(good), sign(good)] } }, Buffer.from(good))),
    ).to.equal(401);
    expect(await status(toRequest({ method: 'POST', headers: {} }, {}))).to.equal(401);
    expect(await status(toRequest({ headers: {} }, undefined))).to.equal(405);
  });
});
