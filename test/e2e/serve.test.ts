import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { running, type Running } from './running.ts';
import { world, YAML, type World } from './world.ts';

const TOKEN = 'e2e-token-of-thirty-two-characters-or-more';

describe('dcs serve', function () {
  this.timeout(60_000);
  let w: World;
  const started: Running[] = [];
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  afterEach(async () => {
    for (const one of started.splice(0)) one.kill('SIGKILL');
    await w.close();
  });
  const start = (words: readonly string[], env: Record<string, string> = {}): Running => {
    const one = running(w, ['serve', ...words], env);
    started.push(one);
    return one;
  };
  const url = (): string => /http:\/\/127\.0\.0\.1:\d+/.exec(started[0]!.seen.err)![0];
  const DOWNLOAD = '/v3/configs/config/secrets/download?format=json';
  const ask = (path: string, headers: Record<string, string>): Promise<Response> => fetch(url() + path, { headers });

  it('lets an app read and reload without a Doppler token', async () => {
    await writeFile(
      join(w.project, 'app.mjs'),
      `const headers = { authorization: 'Bearer ' + process.env.DCS_SERVE_TOKEN };
       const read = async () => (await (await fetch(process.env.DCS_SERVE_URL + '${DOWNLOAD}', { headers })).json()).FLAVOUR;
       console.log('token', process.env.DOPPLER_TOKEN, await read());
       const events = await fetch(process.env.DCS_SERVE_URL + '/v3/configs/config/secrets/watch', { headers });
       for await (const chunk of events.body) if (String(Buffer.from(chunk)).includes('update')) { console.log('now', await read()); process.exit(4); }`,
    );
    await w.doppler('dev', { FLAVOUR: 'ab' });
    const dcs = start(['--no-restart', '--no-mask', '--', process.execPath, 'app.mjs']);
    await dcs.until('the first read', () => dcs.seen.out.includes('token undefined ab'));
    await w.doppler('dev', { FLAVOUR: 'cd' });
    expect(await dcs.ended).to.equal(4);
    expect(dcs.seen.out).to.contain('now cd');
  });

  it('is what an adapter of dcs-runtime asks, at every call', async () => {
    await writeFile(
      join(w.project, 'app.mjs'),
      `const { getSecrets } = await import('${import.meta.resolve('dcs-runtime')}');
       for (let last; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
         const { FLAVOUR } = await getSecrets({ keys: ['FLAVOUR'] });
         if (FLAVOUR !== last) console.log('read', (last = FLAVOUR));
         if (FLAVOUR === 'cd') process.exit(4);
       }`,
    );
    await w.doppler('dev', { FLAVOUR: 'ab' });
    const dcs = start(['--no-restart', '--no-mask', '--', process.execPath, 'app.mjs']);
    await dcs.until('the first read', () => dcs.seen.out.includes('read ab'));
    await w.doppler('dev', { FLAVOUR: 'cd' });
    expect(await dcs.ended).to.equal(4);
    expect(dcs.seen.out).to.contain('read cd');
  });

  it('starts the program anew on a change', async () => {
    await w.doppler('dev', { FLAVOUR: 'ab' });
    const dcs = start(['--no-mask', '--', process.execPath, '-e', 'console.log(process.env.FLAVOUR); setInterval(() => {}, 1000)']);
    await dcs.until('the first start', () => dcs.seen.out.includes('ab'));
    await w.doppler('dev', { FLAVOUR: 'cd' });
    await dcs.until('the second start', () => dcs.seen.out.includes('cd'));
  });

  it('answers who knows the token, with 304 when nothing changed, and nobody else', async () => {
    const dcs = start([], { DCS_SERVE_TOKEN: TOKEN });
    await dcs.until('the server', () => dcs.seen.err.includes('Serving'));
    const authorization = `Bearer ${TOKEN}`;
    const first = await ask(DOWNLOAD, { authorization });
    expect(((await first.json()) as Record<string, string>)['STRIPE_KEY']).to.equal('sandbox-stripe-key-of-dev');
    expect((await ask(DOWNLOAD, { authorization, 'if-none-match': first.headers.get('etag')! })).status).to.equal(304);
    for (const [headers, status] of [
      [{}, 401],
      [{ authorization: 'Bearer nope' }, 401],
      [{ authorization, origin: 'https://evil.example' }, 403],
    ] as const) {
      const answer = await ask(DOWNLOAD, headers);
      expect(answer.status).to.equal(status);
      expect(await answer.text()).to.not.contain('sandbox-stripe');
    }
    const rebound = await new Promise<number>((resolve) => {
      request(url() + DOWNLOAD, { headers: { authorization, host: 'evil.example' } }, (response) => resolve(response.statusCode!)).end();
    });
    expect(rebound).to.equal(403);
    expect((await fetch(url() + DOWNLOAD, { method: 'POST', headers: { authorization } })).status).to.equal(405);
    expect((await ask('/v3/configs/config/secrets/download?format=env', { authorization })).status).to.equal(404);
    dcs.kill('SIGTERM');
    expect(await dcs.ended).to.equal(0);
    expect(dcs.seen.err + dcs.seen.out)
      .to.not.contain(TOKEN)
      .and.not.contain('sandbox-stripe');
  });

  it('refuses a short token, a port in use and a strange line', async () => {
    const short = await w.dcs(['serve'], { env: { DCS_SERVE_TOKEN: 'short' } });
    expect(short.code).to.equal(125);
    expect(short.err).to.contain('at least 32 characters').and.contain('openssl rand');
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const ran = await w.dcs(['serve', '--port', String(port), '--', 'true']);
    taken.close();
    expect(ran.code).to.equal(125);
    expect(ran.err).to.contain(`Port ${port}`);
    expect((await w.dcs(['serve', 'npm', 'start'])).err).to.contain('dcs serve -- npm start');
  });
});
