import { randomUUID } from 'node:crypto';
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
import { bytes, EVENT, KEY, request, sign } from './webhook-events.ts';
import { failure } from './world.ts';

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

  it('verifies with keys that it sees for the first time, for the first and the second time', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    for (const key of [one, other, one]) {
      expect(await verifySignature(body, sign(body, key), [key])).to.equal(true);
      expect(await verifySignature(body, sign(body, key), [key === one ? other : one])).to.equal(false);
    }
  });

  it('takes a body in parts, and a failure without anybody to tell', async () => {
    const text = JSON.stringify(EVENT);
    let came = false;
    const parts = new ReadableStream({
      start(controller) {
        for (const part of [text.slice(0, 7), text.slice(7, 20), text.slice(20)]) controller.enqueue(bytes(part));
        controller.close();
      },
    });
    const headers = { 'content-type': 'application/json', 'x-doppler-signature': sign(text) };
    const inParts = new Request('http://receiver/', { method: 'POST', headers, body: parts, duplex: 'half' } as RequestInit);
    const trigger = async (one: Received): Promise<never> => {
      expect(new TextDecoder().decode(one.body)).to.equal(text);
      came = true;
      throw new Error('no');
    };
    expect((await webhook({ keys: [KEY], configs: { 'shop/stg': 'staging' }, trigger })(inParts)).status).to.equal(503);
    expect(came).to.equal(true);
    const nothing = new Request('http://receiver/', { method: 'POST', headers: { ...headers, 'x-doppler-signature': sign('') } });
    expect((await webhook({ keys: [KEY], configs: {}, trigger })(nothing)).status).to.equal(400);
    expect(await toRequest({ method: 'GET', headers: {} }, Buffer.from('x')).text()).to.equal('');
    expect(await toRequest({ method: 'POST', headers: {} }, 'x').text()).to.equal('');
  });

  it('goes to GitHub and Google where nothing else is said, to Google with the token of its own account', async () => {
    const own = globalThis.fetch;
    const sent: [url: string, init: RequestInit][] = [];
    globalThis.fetch = async (url, init) => {
      sent.push([url as string, init!]);
      return Response.json({ access_token: 'google-token' });
    };
    try {
      await toGitHub({ repository: 'acme/shop', token: 'x' })(received);
      await toPubSub({ topic: 'projects/p/topics/t' })(received);
    } finally {
      globalThis.fetch = own;
    }
    expect(sent.map(([url, { method, redirect }]) => [method, url, redirect])).to.deep.equal([
      ['POST', 'https://api.github.com/repos/acme/shop/dispatches', 'manual'],
      ['GET', 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token', 'manual'],
      ['POST', 'https://pubsub.googleapis.com/v1/projects/p/topics/t:publish', 'manual'],
    ]);
    expect(sent[1]![1].headers).to.deep.equal({ 'metadata-flavor': 'Google' });
    expect(sent[2]![1].headers).to.deep.equal({ 'content-type': 'application/json', authorization: 'Bearer google-token' });
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
    for (const wrong of [{}, { type: 1 }]) expect(() => read(wrong), JSON.stringify(wrong)).to.throw(SyntaxError, 'no event');
    for (const place of [{ name: 'stg' }, { project: 'shop' }, null])
      expect(() => read({ type: 'config.secrets.update', config: place })).to.throw(SyntaxError, 'no config');
    expect(() => parseEvent(bytes('\ufeff{"type":"x"}'))).to.throw(SyntaxError);
  });
});
