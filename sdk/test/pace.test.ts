import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createHttp } from '../src/http-client.ts';
import { createPace } from '../src/pace.ts';

describe('the pace of all requests to one API', () => {
  let server: Server;
  let base: string;
  let open: number;
  let most: number;
  let arrivals: number[];
  /** Status of the request with this number, from 1; the rest are 200. */
  let refused: ReadonlyMap<number, Record<string, string>>;
  beforeEach(async () => {
    [open, most, arrivals, refused] = [0, 0, [], new Map()];
    server = createServer((_, response) => {
      most = Math.max(most, ++open);
      arrivals.push(Date.now());
      const headers = refused.get(arrivals.length);
      setTimeout(() => {
        open--;
        response.writeHead(headers ? 429 : 200, { 'content-type': 'application/json', ...headers }).end('{}');
      }, 20);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const GET = { method: 'GET', path: '/' } as const;

  it('lets so many out at once, over several clients, and each in the end', async () => {
    const pace = createPace(3);
    const clients = [1, 2].map(() => createHttp({ base, name: 'Cloud', pace }));
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => clients[index % 2]!.request(GET)));
    expect(answers.every(({ status }) => status === 200)).to.equal(true);
    expect(most).to.equal(3);
  });

  it('keeps all of them quiet for as long as one was asked to wait', async () => {
    refused = new Map([[1, { 'retry-after': '1' }]]);
    const http = createHttp({ base, name: 'Cloud', pace: createPace(1) });
    await Promise.all([1, 2, 3].map(() => http.request(GET)));
    expect(arrivals.length).to.equal(4);
    expect(arrivals[1]! - arrivals[0]!).to.be.at.least(950);
  });

  it('holds nobody up for a wait that is longer than a request takes', async () => {
    refused = new Map([[1, { 'retry-after': '30' }]]);
    const http = createHttp({ base, name: 'Cloud', deadline: 2000, pace: createPace(1) });
    const [first, second] = await Promise.allSettled([http.request(GET), http.request(GET)]);
    expect([first?.status, second?.status]).to.deep.equal(['rejected', 'fulfilled']);
  });

  it('counts no waiting for a turn against the deadline', async () => {
    const http = createHttp({ base, name: 'Cloud', deadline: 100, timeout: 100, pace: createPace(1) });
    const answers = await Promise.all(Array.from({ length: 12 }, () => http.request(GET)));
    expect(answers.length).to.equal(12);
  });

  it('ends the wait when interrupted, and the others go on', async () => {
    const pace = createPace(1);
    const stop = new AbortController();
    const stopped = createHttp({ base, name: 'Cloud', pace, signal: stop.signal });
    const other = createHttp({ base, name: 'Cloud', pace });
    const first = other.request(GET);
    const waiting = stopped.request(GET);
    const last = other.request(GET);
    stop.abort();
    const [interrupted] = await Promise.allSettled([waiting]);
    expect(interrupted.status === 'rejected' && interrupted.reason).to.include({ code: 'INTERRUPTED' });
    await Promise.all([first, last]);
    expect(arrivals.length).to.equal(2);
  });
});
