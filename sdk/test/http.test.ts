import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { DcsError } from '../src/error.ts';
import { createHttp, path } from '../src/http-client.ts';
import type { HttpOptions, HttpRequest } from '../src/http.ts';
import { oneByOne } from '../src/one-by-one.ts';
import { Secret } from '../src/secret.ts';
import { failure } from './failure.ts';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;
const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

describe('http', () => {
  let server: Server;
  let answers: Answer[];
  let seen: number;
  beforeEach(async () => {
    seen = 0;
    server = createServer((request, response) => answers[Math.min(seen++, answers.length - 1)]!(response, request));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const ask = (request: Partial<HttpRequest> = {}, options: Partial<HttpOptions> = {}) =>
    createHttp({ base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, name: 'Cloud', random: () => 0, ...options }).request({
      method: 'GET',
      path: '/x',
      ...request,
    });

  it('gives back JSON of any status, 500 too', async () => {
    answers = [json(500, { a: 'ż' })];
    expect(await ask()).to.deep.include({ status: 500, body: { a: 'ż' } });
  });
  it('names only the host of a redirect and does not follow it', async () => {
    answers = [(response) => void response.writeHead(307, { location: 'https://evil.example/?token=abc' }).end()];
    const error = await failure(ask());
    expect(error.message).to.contain('evil.example').and.not.contain('abc');
    expect(seen).to.equal(1);
  });
  it('refuses HTML without quoting it', async () => {
    answers = [(response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>sesame')];
    expect((await failure(ask({ method: 'POST' }))).message).to.equal('Cloud answered with text/html instead of JSON.');
  });
  it('refuses truncated and oversized bodies', async () => {
    answers = [
      (response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json', 'content-length': '99' })
          .write('{"a":', () => response.destroy()),
    ];
    expect(await failure(ask({ method: 'POST' }))).to.deep.include({ code: 'NETWORK' });
    answers = [json(200, 'x'.repeat(99))];
    expect((await failure(ask({ method: 'POST' }, { maxBytes: 50 }))).message).to.contain('more than 50 bytes');
  });
  it('retries a GET on 503, a POST only on 429', async () => {
    answers = [json(503, {}), json(200, 1)];
    expect((await ask()).body).to.equal(1);
    seen = 0;
    expect((await failure(ask({ method: 'POST' }))).details).to.deep.include({ status: 503, applied: 'unknown' });
    expect(seen).to.equal(1);
    seen = 0;
    answers = [json(429, {}), json(200, 2)];
    expect((await ask({ method: 'POST' })).body).to.equal(2);
  });
  it('gives up at once, saying so, when asked to wait beyond the deadline', async () => {
    answers = [json(429, {}, { 'retry-after': '30' })];
    const error = await failure(ask({}, { deadline: 5000 }));
    expect(error.details).to.deep.include({ status: 429, applied: 'no', why: 'It asks to wait 30 s, longer than dcs waits.' });
    expect(seen).to.equal(1);
  });
  it('remembers that an earlier attempt may have been applied', async () => {
    answers = [json(503, {}), json(429, {})];
    expect((await failure(ask({ method: 'PUT', idempotent: true }, { attempts: 2 }))).details.applied).to.equal('unknown');
  });
  it('is interrupted promptly, also between two attempts', async () => {
    answers = [json(503, {}, { 'retry-after': '20' })];
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    const error = await failure(ask({ method: 'PUT', idempotent: true }, { signal: stop.signal }));
    expect([error.code, error.details.applied]).to.deep.equal(['INTERRUPTED', 'unknown']);
  });
  it('wants https beyond loopback and whole path segments', () => {
    expect(() => createHttp({ base: 'http://example.com', name: 'Cloud' })).to.throw('without encryption');
    expect(path`/a/${'b/c'}`).to.equal('/a/b%2Fc');
    for (const bad of ['', '.', '..']) expect(() => path`/a/${bad}`).to.throw('cannot be part');
  });
  it('takes loopback only for what is loopback, and a URL only for a URL', () => {
    for (const base of ['http://localhost:1', 'http://[::1]:1', 'http://127.0.0.1:1', 'http://127.1:1', 'https://api.example/v4'])
      expect(createHttp({ base, name: 'Cloud' }).origin).to.equal(new URL(base).origin);
    for (const base of ['http://127.evil.example', 'http://localhost.evil.example', 'http://127.0.0.1@evil.example', 'http://[::2]'])
      expect(() => createHttp({ base, name: 'Cloud' }), base).to.throw('without encryption');
    for (const base of ['ftp://127.0.0.1', 'file:///etc/passwd']) expect(() => createHttp({ base, name: 'Cloud' }), base).to.throw();
    for (const base of ['', 'sesame', '//host', 'http://'])
      expect(() => createHttp({ base, name: 'Cloud' }))
        .to.throw('not a URL')
        .and.not.match(/sesame/);
  });
  it('never leaves its origin by way of a path', async () => {
    answers = [json(200, 1)];
    const error = await ask({ path: '@evil.example/x' }).catch((caught: unknown) => caught);
    expect(String(error)).to.equal('Error: a request left its origin');
    expect(seen).to.equal(0);
  });
  it('limits one attempt in time: a GET goes again, a POST stays unknown', async () => {
    answers = [() => undefined, json(200, 1)];
    expect((await ask({}, { timeout: 80 })).body).to.equal(1);
    answers = [() => undefined];
    seen = 0;
    const error = await failure(ask({ method: 'POST' }, { timeout: 80 }));
    expect([error.message, error.details.applied, seen]).to.deep.equal(['Cloud did not answer in time.', 'unknown', 1]);
  });
  it('limits an answer that stops half way in time too', async () => {
    answers = [(response) => void response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': 'r1' }).write('{"a":')];
    const { message, details } = await failure(ask({}, { timeout: 80, attempts: 1 }));
    expect([message, details.applied, details.ref]).to.deep.equal(['Cloud did not answer in time.', 'no', 'r1']);
  });
  it('tries again where nobody listens, a POST too: it cannot have been applied', async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const base = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    await new Promise((done) => other.close(done));
    let waits = 0;
    const error = await failure(ask({ method: 'POST' }, { base, attempts: 3, sleep: async () => void waits++ }));
    expect([error.message, error.details.applied, waits]).to.deep.equal(['Cloud cannot be reached (ECONNREFUSED).', 'no', 2]);
  });
  it('says once that a certificate cannot be trusted', async () => {
    for (const code of [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'CERT_HAS_EXPIRED',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ]) {
      let tries = 0;
      const refuse = async (): Promise<Response> => {
        tries++;
        throw new TypeError('fetch failed', { cause: { code } });
      };
      const error = await failure(ask({ method: 'PUT', idempotent: true }, { fetch: refuse }));
      expect([error.message, error.details.applied, tries]).to.deep.equal([
        `The certificate of Cloud cannot be trusted (${code}).`,
        'no',
        1,
      ]);
    }
  });
  it('waits as long as it is asked, seconds or a date, and never goes earlier', async () => {
    const start = Date.parse('2026-11-21T12:00:00Z');
    const waited = async (asked: string): Promise<number[]> => {
      const waits: number[] = [];
      answers = [json(429, {}, { 'retry-after': asked }), json(200, 1)];
      seen = 0;
      await ask({ method: 'POST' }, { deadline: 7_200_000, now: () => start, sleep: async (ms) => void waits.push(ms) });
      return waits;
    };
    expect(await waited('7')).to.deep.equal([7000]);
    expect(await waited('Sat, 21 Nov 2026 12:00:25 GMT')).to.deep.equal([25_000]);
    expect(await waited('Sat, 21 Nov 2026 11:00:00 GMT')).to.deep.equal([0]);
    expect(await waited('61')).to.deep.equal([61_000]);
    expect(await waited('Sat, 21 Nov 2026 13:00:00 GMT')).to.deep.equal([3_600_000]);
    expect(await waited('soon')).to.deep.equal([0]); // the backoff, with a random() of 0
  });
  it('gives back 204 and 304 without a body', async () => {
    for (const status of [204, 304]) {
      answers = [(response) => void response.writeHead(status).end()];
      expect(await ask()).to.deep.include({ status, body: undefined });
    }
  });
  it('keeps a character together that is cut between two chunks', async () => {
    const bytes = Buffer.from('"zażółć 🔐"');
    answers = [
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const next = (at: number): void =>
          void (at === bytes.length ? response.end() : response.write(bytes.subarray(at, at + 1), () => setImmediate(next, at + 1)));
        next(0);
      },
    ];
    expect((await ask()).body).to.equal('zażółć 🔐');
  });
  it('refuses bytes that are not UTF-8, and damaged JSON, naming the request and nothing else', async () => {
    for (const [header, body] of [
      ['cf-ray', Buffer.from([0x22, 0xff, 0x22])],
      ['x-request-id', '{"sesame"'],
    ] as const) {
      answers = [(response) => void response.writeHead(200, { 'content-type': 'application/json', [header]: 'ray-1' }).end(body)];
      seen = 0;
      const { message, details } = await failure(ask());
      expect([message, details.ref, details.status]).to.deep.equal(['Cloud answered with damaged JSON.', 'ray-1', 200]);
      expect(seen).to.equal(1);
    }
  });
  it('asks again after HTML from a server in trouble, not after HTML from one that is well', async () => {
    const html =
      (status: number): Answer =>
      (response) =>
        void response.writeHead(status, { 'content-type': 'text/html' }).end('<p>');
    answers = [html(500), json(200, 1)];
    expect((await ask()).body).to.equal(1);
    for (const status of [200, 403, 404]) {
      answers = [html(status), json(200, 1)];
      seen = 0;
      expect((await failure(ask())).details.status).to.equal(status);
      expect(seen).to.equal(1);
    }
  });
  it('after a reset sends an idempotent PATCH again, a POST not', async () => {
    answers = [(response) => void response.destroy(), json(200, 1)];
    expect((await ask({ method: 'PATCH', idempotent: true, body: {} })).body).to.equal(1);
    expect(seen).to.equal(2);
    for (const method of ['POST', 'PATCH', 'PUT', 'DELETE'] as const) {
      seen = 0;
      expect((await failure(ask({ method }))).details.applied, method).to.equal('unknown');
      expect(seen, method).to.equal(1);
    }
  });
  it('shows no credential to the server a redirect points at', async () => {
    const heard: unknown[] = [];
    const other = createServer((request, response) => void response.end(String(heard.push(request.headers))));
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
    try {
      for (const status of [301, 302, 303, 307, 308]) {
        answers = [(response) => void response.writeHead(status, { location }).end()];
        const request = ask({ method: 'PUT', body: 'sesame', headers: { authorization: 'Bearer sesame' }, idempotent: true });
        expect((await failure(request)).details).to.deep.include({ status, applied: 'unknown' });
      }
    } finally {
      other.close();
    }
    expect(heard).to.deep.equal([]);
    expect(seen).to.equal(5);
  });
  it('stops reading a body without an end', async () => {
    let sent = 0;
    let closed: () => void;
    const gone = new Promise<void>((done) => (closed = done));
    answers = [
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).on('close', () => closed());
        const more = (): void => void (response.destroyed || response.write('x'.repeat(1024), () => ((sent += 1024), setImmediate(more))));
        more();
      },
    ];
    expect((await failure(ask({}, { maxBytes: 10_000 }))).message).to.equal('Cloud answered with more than 10000 bytes.');
    await gone;
    expect(sent).to.be.below(16 * 1024 * 1024);
    expect(seen).to.equal(1);
  });
  it('logs the path only', async () => {
    answers = [json(200, {})];
    const lines: string[] = [];
    await ask({ query: { token: 'sesame' } }, { log: (line) => lines.push(line) });
    expect(lines.join()).to.match(/^GET \/x -> 200 \(\d+ ms\)$/);
  });
});

describe('oneByOne', () => {
  it('reports each outcome and skips the rest after AUTH', async () => {
    const errors = new Map([
      ['LOST', new DcsError('NETWORK', 'lost', { applied: 'unknown' })],
      ['TAKEN', new DcsError('CONFLICT', 'taken')],
      ['BAD', new DcsError('TARGET', 'bad')],
      ['LOCKED', new DcsError('AUTH', 'locked')],
    ]);
    const put = async ({ name }: { name: string }): Promise<void> => {
      const error = errors.get(name);
      if (error) throw error;
    };
    const changes = ['OK', 'LOST', 'TAKEN', 'BAD', 'LOCKED', 'LATE'].map((name) => ({
      action: 'create' as const,
      name,
      secret: new Secret('v'),
    }));
    const outcomes = await oneByOne(put, put)(changes);
    expect(outcomes.map(({ name, result }) => [name, result])).to.deep.equal([
      ['OK', 'done'],
      ['LOST', 'unknown'],
      ['TAKEN', 'conflict'],
      ['BAD', 'failed'],
      ['LOCKED', 'failed'],
      ['LATE', 'skipped'],
    ]);
  });
});
