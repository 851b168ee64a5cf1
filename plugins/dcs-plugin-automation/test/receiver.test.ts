import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Secret } from 'dcs-sdk';
import { hangUp, listen } from '../src/webhook/listen.ts';
import { Metrics } from '../src/webhook/metrics.ts';
import { createReceiver } from '../src/webhook/receiver.ts';
import { BAD, head, LIMITS, RAW, WRONG } from './bad-requests.ts';
import { event, KEY, OLD_KEY, post, raw, sign } from './post.ts';

describe('the webhook receiver', function () {
  this.timeout(60_000);
  let server: Server;
  let port: number;
  let added: string[];
  let logged: string[];
  let broken: Error | undefined;
  beforeEach(async () => {
    added = [];
    logged = [];
    broken = undefined;
    server = createReceiver({
      keys: () => [new Secret(KEY), new Secret(OLD_KEY)],
      allowed: new Map([['shop/stg', { environment: 'staging', project: 'shop', config: 'stg' }]]),
      queue: {
        add: async (environment) => {
          if (broken) throw broken;
          added.push(environment);
          return 'queued';
        },
        counts: async () => ({ queued: 0, running: 0, dead: 0 }),
      },
      metrics: new Metrics(),
      log: (name, fields) => void logged.push(JSON.stringify({ name, ...fields })),
      ready: () => true,
      limits: LIMITS,
    });
    port = await listen(server, 0, '127.0.0.1');
  });
  afterEach(() => hangUp(server));

  it('takes what Doppler signed with either key, split wherever', async () => {
    expect(await post(port)).to.deep.equal({ status: 202, text: '' });
    expect((await post(port, { headers: { 'x-doppler-signature': sign(event(), OLD_KEY) } })).status).to.equal(202);
    expect((await post(port, { headers: { 'content-type': 'application/json; charset=utf-8' } })).status).to.equal(202);
    expect((await post(port, { body: event('stg', 'shop', { type: 'enclave.project.config.secrets.update' }) })).status).to.equal(202);
    const body = event('stg', 'shop', { note: 'schön 🔑' });
    const bytes = Buffer.from(body).toString('latin1');
    const head = `POST /webhook HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\nx-doppler-signature: ${sign(body)}\r\ncontent-length: ${bytes.length}\r\n\r\n`;
    const cutInsideOfACharacter = bytes.indexOf('\xf0') + 2;
    expect(await raw(port, [head, bytes.slice(0, cutInsideOfACharacter), bytes.slice(cutInsideOfACharacter)], 30)).to.match(
      /^HTTP\/1\.1 202 /,
    );
    expect(added).to.deep.equal(Array.from({ length: 5 }, () => 'staging'));
  });

  it('takes 64 KiB, and leaves what no trigger names', async () => {
    const full = event('stg', 'shop', { pad: '' });
    const body = full.replace('"pad":""', `"pad":"${'x'.repeat(65_536 - full.length)}"`);
    expect(body.length).to.equal(65_536);
    expect((await post(port, { body })).status).to.equal(202);
    for (const other of [event('prd'), event('stg', 'other'), event('__proto__'), event('stg', 'shop', { type: 'config.renamed' })])
      expect((await post(port, { body: other })).status).to.equal(202);
    expect(added).to.deep.equal(['staging']);
  });

  for (const [name, status, request] of BAD)
    it(`${name}: ${status}, and nothing is triggered`, async () => {
      expect(await post(port, request)).to.deep.equal({ status, text: '' });
      expect(added).to.deep.equal([]);
      expect((await post(port)).status).to.equal(202);
    });

  for (const [name, answer, bytes, pause] of RAW)
    it(`${name}: ${answer.source.slice(-5, -1)}, and the connection is cut`, async () => {
      const text = await raw(port, bytes, pause);
      expect(text).to.match(answer);
      expect(text.split('\r\n\r\n')[1]).to.equal('');
      expect(added).to.deep.equal([]);
      expect((await post(port)).status).to.equal(202);
    });

  it('answers 503 when the event cannot be kept, so that Doppler tries again', async () => {
    broken = Object.assign(new Error('disk full'), { code: 'ENOSPC' });
    expect((await post(port)).status).to.equal(503);
    broken = undefined;
    expect((await post(port)).status).to.equal(202);
  });

  it('holds no more connections than it may, and takes new ones once slow ones are cut', async () => {
    const slow = Array.from({ length: 80 }, () => raw(port, head('content-length: 100\r\n')));
    await sleep(200);
    await Promise.all(slow);
    expect((await post(port)).status).to.equal(202);
    const answers = await Promise.all(slow);
    expect(answers.filter((text) => text.startsWith('HTTP/1.1 408')).length).to.equal(LIMITS.connections);
    expect(answers.filter((text) => text === '').length).to.equal(30);
  });

  it('tells health, readiness and counters, and no name', async () => {
    await post(port);
    await post(port, { headers: { 'x-doppler-signature': WRONG } });
    expect((await post(port, { method: 'GET', path: '/health' })).status).to.equal(200);
    expect((await post(port, { method: 'GET', path: '/ready' })).status).to.equal(200);
    const { text } = await post(port, { method: 'GET', path: '/metrics' });
    expect(text).to.contain('dcs_webhook_requests_total{status="202"} 1').and.to.contain('dcs_webhook_requests_total{status="401"} 1');
    for (const line of text.trimEnd().split('\n'))
      expect(line).to.match(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[a-z0-9 ]+"\})? [0-9.e+-]+)$/);
    expect(text).to.not.contain('staging').and.to.not.contain('shop');
    expect(logged.join('\n')).to.not.contain(KEY).and.to.not.contain('STRIPE_KEY');
  });
});
