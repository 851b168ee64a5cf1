import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import {
  BODY_LIMIT,
  isSignature,
  parseEvent,
  toGitHub,
  toPubSub,
  toReceiver,
  toRequest,
  verifySignature,
  webhook,
  type Received,
} from '../src/webhook.ts';
import { failure } from './world.ts';

const KEY = 'the-signing-key-that-doppler-has';
const EVENT = {
  type: 'config.secrets.update',
  config: { name: 'stg', project: 'shop' },
  diff: { added: ['A'], updated: ['B'], removed: ['C'] },
};
const sign = (body: string | Uint8Array, key = KEY): string => `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

const request = (body: string, headers: Record<string, string> = {}, method = 'POST'): Request =>
  new Request('https://receiver.example/webhook', {
    method,
    headers: { 'content-type': 'application/json', 'x-doppler-signature': sign(body), ...headers },
    ...(method === 'POST' ? { body } : {}),
  });

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

describe('what is triggered', () => {
  const body = bytes(JSON.stringify(EVENT));
  const received: Received = {
    event: { project: 'shop', config: 'stg', added: ['A'], updated: [], removed: [] },
    environment: 'staging',
    body,
    signature: sign(body),
  };
  let asked: {
    readonly method: string | undefined;
    readonly url: string | undefined;
    readonly headers: IncomingMessage['headers'];
    body: string;
  }[];
  let answer = 204;
  let location: string | undefined;
  const server = createServer((request, response) => {
    void (async () => {
      const text = (await request.toArray()).join('');
      asked.push({ method: request.method, url: request.url, headers: request.headers, body: text });
      response.writeHead(answer, location === undefined ? {} : { location }).end();
    })();
  });
  let port: number;
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  after(() => void server.close());
  beforeEach(() => {
    asked = [];
    answer = 204;
    location = undefined;
  });

  it('is a repository_dispatch with the place alone, no name of a secret', async () => {
    await toGitHub({ repository: 'acme/shop', token: 'gh-token', api: `http://127.0.0.1:${port}` })(received);
    expect(asked.map(({ method, url }) => `${method} ${url}`)).to.deep.equal(['POST /repos/acme/shop/dispatches']);
    expect(asked[0]!.headers).to.include({
      authorization: 'Bearer gh-token',
      accept: 'application/vnd.github+json',
      'content-type': 'application/json',
      'user-agent': 'dcs-runtime',
    });
    expect(JSON.parse(asked[0]!.body)).to.deep.equal({
      event_type: 'dcs-sync',
      client_payload: { environment: 'staging', project: 'shop', config: 'stg' },
    });
  });

  it('is the same event, bytes and signature, for a receiver', async () => {
    await toReceiver({ url: `http://127.0.0.1:${port}/webhook` })(received);
    expect(asked[0]).to.deep.include({ method: 'POST', url: '/webhook', body: JSON.stringify(EVENT) });
    expect(asked[0]!.headers).to.include({ 'x-doppler-signature': sign(body), 'content-type': 'application/json' });
  });

  it('is a message for the emulator of Pub/Sub, without a token', async () => {
    answer = 200;
    await toPubSub({ topic: 'projects/p/topics/t', emulator: `127.0.0.1:${port}` })(received);
    expect(asked.map(({ method, url }) => `${method} ${url}`)).to.deep.equal(['POST /v1/projects/p/topics/t:publish']);
    expect(asked[0]!.headers).to.not.have.property('authorization');
    const { messages } = JSON.parse(asked[0]!.body) as { messages: { data: string }[] };
    expect(JSON.parse(Buffer.from(messages[0]!.data, 'base64').toString())).to.deep.equal({ environment: 'staging', ...received.event });
  });

  it('fails with who answered what, and follows no redirect', async () => {
    answer = 302;
    location = '/elsewhere';
    expect((await failure(toReceiver({ url: `http://127.0.0.1:${port}/` })(received))).message).to.equal('The receiver answered 302');
    expect(asked.length).to.equal(1);
    answer = 502;
    const github = toGitHub({ repository: 'a/b', token: 'x', api: `http://127.0.0.1:${port}` });
    expect((await failure(github(received))).message).to.equal('GitHub answered 502');
    const topic = toPubSub({ topic: 't', emulator: `127.0.0.1:${port}` });
    expect((await failure(topic(received))).message).to.equal('Pub/Sub answered 502');
  });

  it('knows the form of a signature, and the limit to the byte', async () => {
    const hex = 'aB'.repeat(32);
    expect(isSignature(`sha256=${hex}`)).to.equal(true);
    for (const wrong of [undefined, null, '', hex, `sha256=${hex}0`, `xsha256=${hex}`, `sha256=${hex.slice(1)}`, `sha256=${hex}\n`])
      expect(isSignature(wrong), String(wrong)).to.equal(false);
    const receive = webhook({ keys: [KEY], configs: {}, trigger: async () => undefined });
    const padded = (length: number): string => `{"type":"x","pad":"${'x'.repeat(length - 21)}"}`;
    expect(padded(BODY_LIMIT).length).to.equal(BODY_LIMIT);
    for (const [length, status] of [
      [BODY_LIMIT, 202],
      [BODY_LIMIT + 1, 413],
    ] as const) {
      expect((await receive(request(padded(length)))).status).to.equal(status);
      const declared = request('', { 'content-length': String(length), 'x-doppler-signature': sign('') });
      expect((await receive(declared)).status, `declared ${length}`).to.equal(status === 413 ? 413 : 400);
    }
    const answer405 = await receive(request('', {}, 'GET'));
    expect(answer405.headers.get('allow')).to.equal('POST');
    expect((await receive(request('null'))).headers.get('allow')).to.equal(null);
    for (const [type, status] of [
      ['application/json', 400],
      ['Application/JSON ; charset=utf-8', 400],
      ['application/jsonp', 415],
      ['xapplication/json', 415],
    ] as const)
      expect((await receive(request('null', { 'content-type': type }))).status, type).to.equal(status);
  });

  it('takes of an event what Doppler says, and names alone', () => {
    const read = (event: unknown): unknown => parseEvent(bytes(JSON.stringify(event)));
    const config = { name: 'stg', project: 'shop' };
    expect(read({ type: 'enclave.project.config.secrets.update', config, diff: { added: ['A', 1, null], updated: 'B' } })).to.deep.equal({
      project: 'shop',
      config: 'stg',
      added: ['A'],
      updated: [],
      removed: [],
    });
    for (const type of [
      'xconfig.secrets.update',
      'config.secrets.updated',
      'configxsecrets.update',
      'config.secretsxupdate',
      'enclave.config.secrets.update',
    ])
      expect(read({ type, config }), type).to.equal(undefined);
    for (const wrong of [
      {},
      { type: 1 },
      { type: 'config.secrets.update', config: { name: 'stg' } },
      { type: 'config.secrets.update', config: { project: 'shop' } },
    ])
      expect(() => read(wrong), JSON.stringify(wrong)).to.throw(SyntaxError);
    expect(() => parseEvent(bytes('\ufeff{"type":"x"}'))).to.throw(SyntaxError);
  });
});
