import { createServer as createTls } from 'node:https';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { createHttp } from 'dcs-sdk';
import { makeCertificate } from '../../plugins/dcs-plugin-sandbox/src/server/certificate.ts';
import { Arena } from './faults/arena.ts';
import { cleanRun } from './faults/battery.ts';
import { PLACES } from './faults/places.ts';
import { evidence, FULL, stopwatch } from './evidence.ts';

const STATUSES = [301, 302, 303, 307, 308];
const HURRY = fileURLToPath(new URL('faults/hurry.mjs', import.meta.url));

/** Somebody else's host: hears whatever is sent to it, and refuses. */
class Stranger {
  heard = '';
  connections = 0;
  readonly #server: Server = createServer((socket) => {
    this.connections++;
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.heard += text;
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
    });
    socket.on('error', () => socket.destroy());
  });
  async open(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  close(): void {
    this.#server.close();
  }
}

describe('a token goes to its own host alone', function () {
  this.timeout(7_200_000);
  const seconds = stopwatch();
  const sum = { redirects: 0, caught: 0 };
  let arena: Arena;
  let failed = 0;
  afterEach(function () {
    if (this.currentTest?.state === 'failed') failed++;
  });
  let stranger: Stranger;
  let elsewhere: string;
  before(async () => {
    arena = await Arena.open();
    stranger = new Stranger();
    elsewhere = await stranger.open();
  });
  after(async () => {
    stranger.close();
    await arena.close();
  });
  afterEach(() => {
    stranger.heard = '';
    stranger.connections = 0;
  });

  for (const place of PLACES)
    it(`${place.name}: no redirect is followed`, async () => {
      const clean = await cleanRun(arena, place);
      const all = clean.requests.flatMap((_, index) => STATUSES.map((status) => ({ status, nth: index + 1 })));
      const step = Math.ceil(all.length / 3);
      for (const { status, nth } of FULL ? all : all.filter((__, index) => index % step === place.name.length % step)) {
        await arena.back({ kind: 'redirect', status, nth, headers: { location: `${elsewhere}/x` } });
        await arena.run(place.sync, true);
        sum.redirects++;
      }
      expect([stranger.connections, stranger.heard]).to.deep.equal([0, '']);
    });

  it('dcs.yaml names no host, and a proxy of the environment is not asked', async () => {
    const { w } = arena;
    const yaml = (more: string): Promise<void> => w.yaml(`doppler: {project: shop, configs: {staging: stg}${more}}\n`);
    for (const key of ['host', 'api_host', 'base_url', 'endpoint', 'proxy']) {
      await yaml(`, ${key}: "${elsewhere}"`);
      expect((await w.dcs(['diff', '-e', 'staging'])).code, key).to.equal(2);
    }
    await PLACES[0]!.prepare(arena);
    const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'];
    const env = Object.fromEntries(names.map((name) => [name, elsewhere]));
    const run = await w.dcs(['diff', '-e', 'staging'], { env });
    expect(run.code, run.err).to.equal(0);
    expect(stranger.connections).to.equal(0);
  });

  it('a proxy that Node is told to use is asked for a tunnel and hears nothing else', async () => {
    const { w } = arena;
    const env = {
      DOPPLER_API_HOST: 'https://doppler.invalid',
      CLOUDFLARE_API_BASE_URL: 'https://cloudflare.invalid/client/v4',
      HTTPS_PROXY: elsewhere,
      NODE_USE_ENV_PROXY: '1',
      NODE_OPTIONS: `--import=${HURRY}`,
    };
    const run = await w.dcs(['diff', '-e', 'staging'], { env });
    expect(run.code, run.err + run.out).to.equal(8);
    expect(stranger.heard).to.contain('CONNECT doppler.invalid:443').and.not.contain(w.env['DOPPLER_TOKEN']);
    expect(stranger.heard.toLowerCase()).not.to.contain('\nauthorization');
  });

  it('another server under the name of the host, without its certificate, hears nothing', async () => {
    let requests = 0;
    const { key, cert } = makeCertificate();
    const impostor = createTls({ key, cert }, (_, response) => void response.end(String(++requests)));
    await new Promise<void>((done) => impostor.listen(0, '127.0.0.1', done));
    const host = `https://localhost:${(impostor.address() as AddressInfo).port}`;
    const run = await arena.w.dcs(['diff', '-e', 'staging'], { env: { DOPPLER_API_HOST: host } });
    impostor.close();
    expect(run.code, run.err).to.equal(8);
    expect(run.err).to.contain('certificate');
    expect(requests).to.equal(0);
  });

  it('notices a client that follows', async () => {
    const follows: typeof fetch = (input, init) => fetch(input, { ...init, redirect: 'follow' });
    const base = `${arena.w.origin}/client/v4`;
    const planted = [{ headers: { 'x-auth-key': 'sesame' } }, { body: 'sesame' }] as const;
    for (const sent of planted) {
      await arena.back({ kind: 'redirect', status: 307, headers: { location: `${elsewhere}/x` } });
      await createHttp({ base, name: 'Cloud', fetch: follows, attempts: 1 })
        .request({ method: 'PUT', path: '/x', ...sent })
        .catch(() => undefined);
      if (stranger.heard.includes('sesame')) sum.caught++;
      stranger.heard = '';
    }
    expect(sum.caught).to.equal(planted.length);
    const figure = `${sum.redirects} requests answered with ${STATUSES.join(', ')}, five keys of dcs.yaml, proxies, a false certificate: 0 bytes at another host; a proxy that Node is told to use hears CONNECT alone`;
    evidence(11, { figure, met: failed === 0, seconds: seconds(), planted: planted.length, caught: sum.caught });
  });
});
