import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createHttp, path } from '../src/http-client.ts';
import type { HttpOptions, HttpRequest } from '../src/http.ts';
import { failure } from './failure.ts';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;
const answered =
  (status: number, body = '{}', headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
const thrown = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

describe('what http sends, tells and does at the edges', () => {
  let server: Server;
  let base: string;
  let answer: Answer;
  let heard: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[];
  beforeEach(async () => {
    heard = [];
    answer = answered(200);
    server = createServer((request, response) => {
      void (async () => {
        const { method = '', url = '', headers } = request;
        heard.push({ method, url, headers, body: (await request.toArray()).join('') });
        answer(response, request);
      })();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const ask = (request: Partial<HttpRequest> = {}, options: Partial<HttpOptions> = {}) =>
    createHttp({ base, name: 'Cloud', random: () => 0, ...options }).request({ method: 'GET', path: '/x', ...request });
  /** Of an answer or an error that no server gives. */
  const given = (response: () => Response | Error, request: Partial<HttpRequest> = {}) =>
    failure(
      ask(request, {
        attempts: 1,
        fetch: async () => {
          const one = response();
          if (one instanceof Error) throw one;
          return one;
        },
      }),
    );

  it('speaks JSON in both directions, and calls itself dcs', async () => {
    await ask({ method: 'PUT', body: { a: ['ż'] } });
    expect(heard[0]).to.deep.include({ method: 'PUT', url: '/x', body: '{"a":["ż"]}' });
    expect(heard[0]!.headers).to.include({ accept: 'application/json', 'content-type': 'application/json', 'user-agent': 'dcs' });
    await ask({}, { userAgent: 'dcs/1.2.3' });
    expect(heard[1]).to.deep.include({ method: 'GET', body: '' });
    expect(heard[1]!.headers).to.include({ 'user-agent': 'dcs/1.2.3' }).and.not.have.any.keys('content-type', 'content-length');
  });

  it('sends a text, bytes and a form as they are, with headers of its own', async () => {
    await ask({ method: 'POST', body: '{"a":1}', contentType: 'text/x', headers: { authorization: 'Bearer x' } });
    expect(heard[0]!.headers).to.include({ 'content-type': 'text/x', authorization: 'Bearer x' });
    await ask({ method: 'POST', body: Buffer.from('bytes') });
    const form = new FormData();
    form.append('field', 'value');
    await ask({ method: 'POST', body: form, headers: { 'content-type': undefined! } });
    expect(heard.map(({ body }) => body).slice(0, 2)).to.deep.equal(['{"a":1}', 'bytes']);
    expect(heard[2]!.body).to.contain('name="field"\r\n\r\nvalue');
  });

  it('asks below its base, with what is defined of a query', async () => {
    await ask({ query: { a: 'x y', b: 0, c: false, d: undefined } }, { base: `${base}/v4//` });
    expect(heard[0]!.url).to.equal('/v4/x?a=x+y&b=0&c=false');
    expect(thrown(() => path`/${'..'}`)).to.include({ code: 'CONFIG' });
    for (const wrong of ['nowhere', 'http://example.com'])
      expect(thrown(() => createHttp({ base: wrong, name: 'Cloud' }))).to.include({ code: 'CONFIG' });
  });

  it('reads a text of any type below 400, and JSON from there on', async () => {
    answer = answered(200, 'plain 🔑', { 'content-type': 'multipart/mixed' });
    expect((await ask({ reads: 'text' })).body).to.equal('plain 🔑');
    answer = answered(400, '{"a":1}');
    expect((await ask({ reads: 'text' })).body).to.deep.equal({ a: 1 });
    answer = answered(404, '<p>', { 'content-type': 'text/html' });
    expect((await failure(ask({ reads: 'text' }))).message).to.equal('Cloud answered with text/html instead of JSON.');
    answer = (response) => void response.writeHead(200).end(Buffer.from([0x61, 0xff]));
    expect((await failure(ask({ reads: 'text' }, { attempts: 1 }))).message).to.equal('Cloud answered with damaged text.');
  });

  it('takes a body as long as it may be, of any type of JSON', async () => {
    for (const headers of [{}, { 'content-length': '7' }]) {
      answer = answered(200, '[1,2,3]', headers);
      expect((await ask({}, { maxBytes: 7 })).body).to.deep.equal([1, 2, 3]);
    }
    expect((await failure(ask({}, { maxBytes: 6, attempts: 1 }))).details).to.deep.equal({ status: 200, applied: 'no' });
    for (const type of ['application/json ; charset=utf-8', 'application/problem+json', 'text/JSON']) {
      answer = answered(200, '1', { 'content-type': type });
      expect((await ask()).body, type).to.equal(1);
    }
    for (const type of ['application/jsonp', 'application/json-seq', 'json']) {
      answer = answered(200, '1', { 'content-type': type });
      expect((await failure(ask())).message).to.equal(`Cloud answered with ${type} instead of JSON.`);
    }
    answer = (response) => void response.writeHead(200).end('1');
    expect((await failure(ask())).message).to.equal('Cloud answered with nothing said instead of JSON.');
  });

  it('tells of what it refuses its status, its reference where there is one, and what may have happened', async () => {
    const refused = async (status: number, headers: Record<string, string> = {}, method: 'GET' | 'PUT' = 'GET') => {
      answer = answered(status, '{}', headers);
      const { message, details } = await failure(ask({ method }, { attempts: 1 }));
      return [message, details];
    };
    const moved = (status: number, to = ''): string => `Cloud answered with a redirect (${status})${to}, which dcs does not follow.`;
    expect(await refused(300)).to.deep.equal([moved(300), { status: 300, applied: 'no' }]);
    expect(await refused(399, { location: 'http://[' }, 'PUT')).to.deep.equal([moved(399), { status: 399, applied: 'unknown' }]);
    expect(await refused(302, { location: '/other', 'x-request-id': 'r1' })).to.deep.equal([
      moved(302, ` to ${new URL(base).host}`),
      { status: 302, ref: 'r1', applied: 'no' },
    ]);
    expect(await refused(503, { 'cf-ray': 'ray', 'x-request-id': 'r1' }, 'PUT')).to.deep.equal([
      'Cloud is not available (503).',
      { status: 503, ref: 'ray', applied: 'unknown' },
    ]);
    expect(await refused(504, {}, 'PUT')).to.deep.equal(['Cloud is not available (504).', { status: 504, applied: 'unknown', late: true }]);
    expect(await refused(429, {}, 'PUT')).to.deep.equal([
      'Cloud limits the rate of requests (429) to the end.',
      { status: 429, applied: 'no' },
    ]);
    answer = answered(400, '{"error":1}');
    expect((await ask()).status).to.equal(400);
    for (const status of [302, 503])
      expect((await given(() => new Response(null, { status }))).details, 'without a body').to.deep.equal({ status, applied: 'no' });
  });

  it('tells of a connection that broke why, and throws what is no failure of the network', async () => {
    const cause = { code: 'ECONNRESET' };
    expect((await given(() => new TypeError('fetch failed', { cause }))).message).to.equal('The connection to Cloud broke (ECONNRESET).');
    expect((await given(() => new Error('other', { cause }))).message).to.equal('The connection to Cloud broke (ECONNRESET).');
    const broke = await given(() => new TypeError('terminated'), { method: 'PUT' });
    expect([broke.message, broke.details]).to.deep.equal(['The connection to Cloud broke (unknown).', { applied: 'unknown' }]);
    const bug = new RangeError('a bug');
    expect(await ask({}, { fetch: async () => Promise.reject(bug) }).catch((error: unknown) => error)).to.equal(bug);
    answer = () => undefined;
    const slow = await failure(ask({ method: 'PUT' }, { timeout: 50 }));
    expect(slow.details).to.deep.equal({ applied: 'unknown', late: true });
  });

  it('logs how long each attempt took', async () => {
    const lines: string[] = [];
    const log = (line: string): void => void lines.push(line);
    const now = (): number => 1_000_000 + lines.length * 7;
    let calls = 0;
    const ticking = (): number => now() + 3 * calls++;
    await ask({}, { log, now: ticking });
    await ask({}, { log, now: ticking, attempts: 1, fetch: async () => Promise.reject(new TypeError('x')) }).catch(() => undefined);
    expect(lines.map((line) => line.replace(/\d+/, 'N'))).to.deep.equal(['GET /x -> N (3 ms)', 'GET /x failed (N ms)']);
    expect(lines[1]).to.equal('GET /x failed (3 ms)');
  });

  it('is interrupted before and while it asks, and says whether that may have written', async () => {
    const stop = new AbortController();
    stop.abort();
    const early = await failure(ask({ method: 'PUT' }, { signal: stop.signal }));
    expect([early.code, early.details, heard.length]).to.deep.equal(['INTERRUPTED', { applied: 'no' }, 0]);
    const later = new AbortController();
    answer = () => later.abort();
    const late = await failure(ask({ method: 'PUT' }, { signal: later.signal, timeout: 5000 }));
    expect([late.code, late.details]).to.deep.equal(['INTERRUPTED', { applied: 'unknown' }]);
    answer = () => undefined;
    const { signal } = new AbortController();
    expect((await failure(ask({}, { signal, timeout: 50, attempts: 1 }))).message).to.equal('Cloud did not answer in time.');
  });

  it('waits until its deadline, and not at it', async () => {
    answer = answered(429, '{}', { 'retry-after': '5' });
    const waits: number[] = [];
    const options = { now: () => 1_000_000, attempts: 2, sleep: async (ms: number) => void waits.push(ms) };
    expect((await failure(ask({}, { ...options, deadline: 5000 }))).details.why).to.equal('It asks to wait 5 s, longer than dcs waits.');
    expect(waits).to.deep.equal([]);
    expect((await failure(ask({}, { ...options, deadline: 5001 }))).details).to.deep.equal({ status: 429, applied: 'no' });
    expect(waits).to.deep.equal([5000]);
  });

  it('passes on what its pauses and its turn fail with', async () => {
    answer = answered(503);
    const sleep = async (): Promise<never> => Promise.reject(new Error('no sleep'));
    expect(String(await ask({}, { sleep }).catch((error: unknown) => error))).to.equal('Error: no sleep');
    const pace = { enter: async () => Promise.reject(new Error('no turn')), leave: () => undefined };
    expect(String(await ask({}, { pace }).catch((error: unknown) => error))).to.equal('Error: no turn');
  });

  it('asks the others for quiet only where it was asked to wait, and can', async () => {
    const quiet = async (status: number, deadline = 5000): Promise<unknown> => {
      answer = answered(status, '{}', { 'retry-after': '2' });
      const told: unknown[] = [];
      const pace = { enter: async () => undefined, leave: (ms?: number) => void told.push(ms) };
      await ask({}, { pace, deadline, attempts: 1, now: () => 1_000_000 }).catch(() => undefined);
      expect(told).to.have.length(1);
      return told[0];
    };
    expect([await quiet(429), await quiet(503), await quiet(200), await quiet(429, 2000), await quiet(429, 2001)]).to.deep.equal([
      2000, 0, 0, 0, 2000,
    ]);
  });
});
