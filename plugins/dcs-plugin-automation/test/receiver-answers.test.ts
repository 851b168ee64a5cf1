import { once } from 'node:events';
import { request as ask, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Secret } from 'dcs-sdk';
import { hangUp, listen } from '../src/webhook/listen.ts';
import { Metrics } from '../src/webhook/metrics.ts';
import { createReceiver, type ReceiverOptions } from '../src/webhook/receiver.ts';
import { head, LIMITS, WRONG } from './bad-requests.ts';
import { event, KEY, post, raw, sign } from './post.ts';

describe('what the webhook receiver answers, logs and counts', function () {
  this.timeout(60_000);
  let logged: unknown[];
  let server: Server;
  let port: number;
  const options = (more: Partial<ReceiverOptions>): ReceiverOptions => ({
    keys: () => [new Secret(KEY)],
    allowed: new Map([['shop/stg', { environment: 'staging', project: 'shop', config: 'stg' }]]),
    queue: { add: async () => 'queued', counts: async () => ({ queued: 1, running: 2, dead: 3 }) },
    metrics: new Metrics(),
    log: (name, fields) => void logged.push([name, fields]),
    ready: () => true,
    limits: LIMITS,
    ...more,
  });
  const start = async (more: Partial<ReceiverOptions> = {}): Promise<void> => {
    logged = [];
    server = createReceiver(options(more));
    port = await listen(server, 0, '127.0.0.1');
  };
  afterEach(() => hangUp(server));
  const answer = (method: string, path: string, headers = {}): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const call = ask({ host: '127.0.0.1', port, method, path, headers }, (message) => resolve(message.resume()));
      call.on('error', reject).end();
    });
  const isAliveButNotReady = async (): Promise<void> => {
    for (const [path, status] of [
      ['/ready', 503],
      ['/metrics', 503],
      ['/health', 200],
    ] as const)
      expect((await post(port, { method: 'GET', path })).status, path).to.equal(status);
  };
  /** What was counted, by label. */
  const counted = async (counter: 'requests' | 'events'): Promise<Record<string, number>> => {
    const { text } = await post(port, { method: 'GET', path: '/metrics' });
    const lines = text.matchAll(new RegExp(`^dcs_webhook_${counter}_total\\{[a-z]+="(.*)"\\} (\\d+)$`, 'gm'));
    return Object.fromEntries([...lines].map(([, label, count]) => [label, Number(count)]));
  };

  it('has limits of its own, and takes those that it is given', async () => {
    await start();
    const { limits: _, ...without } = options({});
    expect(createReceiver(without)).to.include({
      headersTimeout: 5000,
      requestTimeout: 10_000,
      keepAliveTimeout: 5000,
      maxConnections: 512,
      maxHeaderSize: 8192,
      connectionsCheckingInterval: 1000,
    });
    expect(server).to.include({ headersTimeout: 400, requestTimeout: 800, keepAliveTimeout: 300, connectionsCheckingInterval: 400 });
  });

  it('says by a status, its headers and nothing else what became of a request', async () => {
    await start();
    for (const [method, path, status, allow] of [
      ['GET', '/webhook', 405, 'POST'],
      ['POST', '/health', 405, 'GET'],
      ['PUT', '/metrics', 405, 'GET'],
      ['GET', '/health', 200, undefined],
      ['HEAD', '/health', 200, undefined],
      ['HEAD', '/ready?verbose', 200, undefined],
      ['POST', '/webhook?from=doppler', 401, undefined],
      ['GET', '/other', 404, undefined],
    ] as const) {
      const { statusCode, headers } = await answer(method, path);
      expect([statusCode, headers.allow, headers['content-length'], headers['cache-control']], `${method} ${path}`).to.deep.equal([
        status,
        allow,
        '0',
        'no-store',
      ]);
    }
    expect((await answer('GET', '/metrics')).headers['content-type']).to.equal('text/plain; version=0.0.4');
    expect(await counted('requests')).to.deep.equal({ 401: 1, 404: 1, 405: 1 });
  });

  it('logs and counts what it takes, ignores and knows already', async () => {
    let result: 'queued' | 'coalesced' = 'queued';
    await start({ queue: { add: async () => result, counts: async () => ({ queued: 0, running: 0, dead: 0 }) } });
    const quiet = JSON.stringify({ type: 'config.renamed' });
    await post(port);
    result = 'coalesced';
    await post(port);
    await post(port, { body: event('prd') });
    await post(port, { body: quiet });
    expect(logged).to.deep.equal([
      ['queued', { environment: 'staging' }],
      ['ignored', { project: 'shop', config: 'prd' }],
      ['ignored', undefined],
    ]);
    expect(await counted('events')).to.deep.equal({ queued: 1, coalesced: 1, ignored: 2 });
    expect(await counted('requests')).to.deep.equal({ 202: 4 });
  });

  it('answers 503 where the queue fails, and logs by which code', async () => {
    const errors = [Object.assign(new Error('no'), { code: 'ENOSPC' }), new Error('no')];
    await start({ queue: { add: async () => Promise.reject(errors.shift()!), counts: async () => Promise.reject(new Error('no')) } });
    expect([(await post(port)).status, (await post(port)).status]).to.deep.equal([503, 503]);
    expect(logged).to.deep.equal([
      ['queue', { environment: 'staging', code: 'ENOSPC' }],
      ['queue', { environment: 'staging', code: 'unknown' }],
    ]);
    await isAliveButNotReady();
  });

  it('is not ready while it ends, and healthy to the end', async () => {
    await start({ ready: () => false });
    await isAliveButNotReady();
  });

  it('answers 500 to a fault of its own, with its name alone in the log, and goes on', async () => {
    const faults: unknown[] = [new RangeError('sesame'), 'sesame'];
    const metrics = new Metrics();
    const keys: ReceiverOptions['keys'] = () => {
      if (faults.length > 0) throw faults.shift();
      return [new Secret(KEY)];
    };
    await start({ keys, metrics });
    expect([await post(port), await post(port)].map(({ status }) => status)).to.deep.equal([500, 500]);
    expect(logged).to.deep.equal([
      ['bug', { name: 'RangeError' }],
      ['bug', { name: 'unknown' }],
    ]);
    expect((await post(port)).status).to.equal(202);
    expect(await counted('requests')).to.deep.equal({ 202: 1, 500: 2 });
    metrics.text = () => {
      throw new TypeError('sesame');
    };
    expect((await post(port, { method: 'GET', path: '/metrics' })).status).to.equal(500);
  });

  it('counts no answer that nobody got', async () => {
    await start();
    const socket = connect(port, '127.0.0.1');
    socket.write(head('content-length: 100\r\n'));
    await sleep(50);
    socket.resetAndDestroy();
    const other = connect(port, '127.0.0.1');
    other.write('POST /webhook HT');
    await sleep(50);
    other.resetAndDestroy();
    await sleep(50);
    expect(await counted('requests')).to.deep.equal({});
    expect(logged).to.deep.equal([]);
  });

  it('outlives whoever leaves before the answer', async () => {
    let go = (): void => undefined;
    const gone = new Promise<void>((resolve) => (go = resolve));
    const add = async (): Promise<'queued'> => (await gone, 'queued');
    await start({ queue: { add, counts: async () => ({ queued: 0, running: 0, dead: 0 }) } });
    const body = event();
    const socket = connect(port, '127.0.0.1');
    socket.write(head(`content-length: ${body.length}\r\n`).replace(WRONG, sign(body)) + body);
    await sleep(50);
    socket.destroy();
    await once(socket, 'close');
    go();
    expect((await post(port)).status).to.equal(202);
    expect(logged).to.have.length(2);
  });

  it('answers what is no request whole, counts it, and hangs up', async () => {
    await start();
    for (const [bytes, line] of [
      ['hello\r\n\r\n', '400 Bad Request'],
      [head(`x-pad: ${'x'.repeat(10_000)}\r\n`), '431 Request Header Fields Too Large'],
      [head('').slice(0, 60), '408 Request Timeout'],
    ] as const)
      expect(await raw(port, bytes)).to.equal(`HTTP/1.1 ${line}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    expect(await counted('requests')).to.deep.equal({ 400: 1, 408: 1, 431: 1 });
  });

  it('waits for no body that it would refuse', async () => {
    await start();
    expect(await raw(port, head('content-length: 65537\r\n'))).to.match(/^HTTP\/1\.1 413 /);
    expect(await raw(port, head('content-length: 100\r\n').replace(WRONG, 'none'))).to.match(/^HTTP\/1\.1 401 /);
  });

  it('keeps no connection of what is no request, whether its other end closes or not', async () => {
    await start();
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).resume();
    socket.write('hello\r\n\r\n');
    await once(socket, 'end');
    await sleep(20);
    const open = await new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
    socket.destroy();
    expect(open).to.equal(0);
  });

  it('lets who sends too much read the answer, and hangs up on whoever goes on', async () => {
    await start();
    const began = performance.now();
    let text = '';
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1').setEncoding('latin1').pause();
      socket.write(head('content-length: 8000000\r\n'));
      socket.write('x'.repeat(4_000_000), () => socket.on('data', (chunk: string) => (text += chunk)).resume());
      const sending = setInterval(() => socket.write('x'.repeat(100)), 10);
      socket.on('error', () => undefined).on('close', () => resolve(clearInterval(sending)));
    });
    expect(text).to.match(/^HTTP\/1\.1 413 Payload Too Large\r\n/);
    expect(performance.now() - began).to.be.within(400, 2000);
    expect(await counted('requests')).to.deep.equal({ 413: 1 });
  });
});
