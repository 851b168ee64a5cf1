import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ROOT, world, YAML, type World } from './world.ts';

type Running = ReturnType<typeof spawn>;
const TOKEN = 'e2e-token-of-thirty-two-characters-or-more';

describe('dcs serve', function () {
  this.timeout(60_000);
  let w: World;
  const children: Running[] = [];
  const seen = { out: '', err: '' };
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
    Object.assign(seen, { out: '', err: '' });
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await w.close();
  });
  const start = (words: readonly string[], env: Record<string, string> = {}): Running => {
    const child = spawn(process.execPath, [join(ROOT, 'bin', 'run.js'), 'serve', ...words], { cwd: w.project, env: { ...w.env, ...env } });
    child.stdout!.on('data', (chunk: Buffer) => (seen.out += chunk.toString()));
    child.stderr!.on('data', (chunk: Buffer) => (seen.err += chunk.toString()));
    children.push(child);
    return child;
  };
  const until = async (met: () => boolean): Promise<void> => {
    for (let tries = 0; !met(); tries++) {
      if (tries === 400) throw new Error(`never happened; out: ${seen.out} err: ${seen.err}`);
      // oxlint-disable-next-line no-await-in-loop -- waiting is the point
      await sleep(50);
    }
  };
  const ended = (running: Running): Promise<number | null> => new Promise((resolve) => running.on('close', resolve));
  const url = (): string => /http:\/\/127\.0\.0\.1:\d+/.exec(seen.err)![0];
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
    const running = start(['--no-restart', '--no-mask', '--', process.execPath, 'app.mjs']);
    const end = ended(running);
    await until(() => seen.out.includes('token undefined ab'));
    await w.doppler('dev', { FLAVOUR: 'cd' });
    expect(await end).to.equal(4);
    expect(seen.out).to.contain('now cd');
  });

  it('starts the program anew on a change', async () => {
    await w.doppler('dev', { FLAVOUR: 'ab' });
    start(['--no-mask', '--', process.execPath, '-e', 'console.log(process.env.FLAVOUR); setInterval(() => {}, 1000)']);
    await until(() => seen.out.includes('ab'));
    await w.doppler('dev', { FLAVOUR: 'cd' });
    await until(() => seen.out.includes('cd'));
  });

  it('answers who knows the token, with 304 when nothing changed, and nobody else', async () => {
    const running = start([], { DCS_SERVE_TOKEN: TOKEN });
    await until(() => seen.err.includes('Serving'));
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
    const end = ended(running);
    running.kill('SIGTERM');
    expect(await end).to.equal(0);
    expect(seen.err + seen.out)
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
