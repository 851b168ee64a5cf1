import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { DcsError as Failure, isDcsError, type DcsError } from '../src/error.ts';
import { createHttp, path } from '../src/http-client.ts';
import type { HttpOptions, HttpRequest } from '../src/http.ts';
import { oneByOne } from '../src/one-by-one.ts';
import { Secret } from '../src/secret.ts';

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
  const failure = async (promise: Promise<unknown>): Promise<DcsError> => {
    const error = await promise.then(
      () => undefined,
      (caught: unknown) => caught,
    );
    if (!isDcsError(error)) throw new Error(`no DcsError: ${String(error)}`);
    return error;
  };

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
      ['LOST', new Failure('NETWORK', 'lost', { applied: 'unknown' })],
      ['TAKEN', new Failure('CONFLICT', 'taken')],
      ['BAD', new Failure('TARGET', 'bad')],
      ['LOCKED', new Failure('AUTH', 'locked')],
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
