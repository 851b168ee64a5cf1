import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import {
  clearSecretsCache,
  getPrefetchedSecrets,
  prefetchSecrets,
  waitForSecrets,
  withSecrets,
  withSecretsCallable,
  withSecretsEvent,
} from '../src/firebase.ts';
import { program, type Program } from './program.ts';
import { failure, SESSION, STRIPE, TOKEN, until, world, type World } from './world.ts';

const SRC = new URL('../src/firebase.ts', import.meta.url).href;
const FRAMEWORK = join(dirname(createRequire(import.meta.url).resolve('@google-cloud/functions-framework')), 'main.js');

describe('dcs-runtime/firebase', function () {
  this.timeout(60_000);
  let w: World;
  beforeEach(async () => {
    w = await world();
    Object.assign(process.env, { DOPPLER_TOKEN: TOKEN, DOPPLER_API_HOST: w.origin });
  });
  afterEach(async () => {
    delete process.env['DOPPLER_TOKEN'];
    delete process.env['DOPPLER_API_HOST'];
    await w.close();
  });

  it('hands secrets to each function under its own keys', async () => {
    const one = withSecretsCallable({ keys: ['STRIPE_KEY'] }, (_request: string, secrets) => Object.keys(secrets));
    const two = withSecretsCallable({ keys: ['SESSION_KEY'] }, (_request: string, secrets) => Object.keys(secrets));
    expect([await one('x'), await two('x')]).to.deep.equal([['STRIPE_KEY'], ['SESSION_KEY']]);
  });

  it('keeps what else a callable and an event are given, and what they return', async () => {
    const callable = withSecretsCallable({ keys: ['STRIPE_KEY'] }, async (request: { data: number }, secrets, context: string) => [
      request.data,
      secrets.STRIPE_KEY,
      context,
    ]);
    expect(await callable({ data: 7 }, 'context')).to.deep.equal([7, STRIPE, 'context']);
    const event = withSecretsEvent({ keys: ['SESSION_KEY'] }, (given: { id: string }, secrets) => `${given.id} ${secrets.SESSION_KEY}`);
    expect(await event({ id: 'event' })).to.equal(`event ${SESSION}`);
  });

  it('fails the call, not the process, when Doppler is away, and then recovers', async () => {
    await w.fault({ kind: 'reset', times: 1 });
    const api = withSecrets(
      { keys: ['STRIPE_KEY'], prefetch: true },
      (_req: unknown, res: string[], secrets) => void res.push(secrets.STRIPE_KEY),
    );
    await until('the prefetch', () => w.asked().length === 1);
    const told: string[] = [];
    await api(undefined, told);
    expect(told).to.deep.equal([STRIPE]);
  });

  it('prefetches, and says when there is nothing', async () => {
    expect((await failure(Promise.resolve().then(getPrefetchedSecrets))).message).to.equal('Nothing was prefetched yet');
    await failure(waitForSecrets());
    prefetchSecrets({ keys: ['STRIPE_KEY'] });
    expect({ ...(await waitForSecrets()) }).to.deep.equal({ STRIPE_KEY: STRIPE });
    expect({ ...getPrefetchedSecrets() }).to.deep.equal({ STRIPE_KEY: STRIPE });
    clearSecretsCache();
    await withSecrets({ keys: ['STRIPE_KEY'] }, () => undefined)({} as never, {} as never);
    expect(w.asked()).to.deep.equal([200, 200]);
    delete process.env['DOPPLER_TOKEN'];
    prefetchSecrets({ keys: ['STRIPE_KEY'] });
    expect((await failure(waitForSecrets())).message).to.equal('DOPPLER_TOKEN is not set');
  });

  describe('in @google-cloud/functions-framework', () => {
    let folder: string;
    let running: Program | undefined;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'dcs-functions-'));
    });
    afterEach(async () => {
      await running?.stop();
      running = undefined;
      await rm(folder, { recursive: true });
    });
    const start = async (code: string, signature = 'http', env: Record<string, string> = {}): Promise<Program> => {
      await writeFile(join(folder, 'package.json'), '{"type": "module", "main": "index.js"}');
      await writeFile(join(folder, 'index.js'), `import * as dcs from '${SRC}';\n${code}`);
      running = await program([FRAMEWORK, '--target=api', `--signature-type=${signature}`, '--host=127.0.0.1'], folder, {
        DOPPLER_TOKEN: TOKEN,
        DOPPLER_API_HOST: w.origin,
        ...env,
      });
      return running;
    };
    const API = (options: string): string =>
      `export const api = dcs.withSecrets({ keys: ['STRIPE_KEY'], ${options} }, (req, res, secrets) => res.json({ path: req.path, ...secrets }));`;

    it('answers HTTP', async () => {
      const api = await start(API('ttl: 60'));
      expect(await api.get('/pay')).to.deep.equal({ status: 200, body: { path: '/pay', STRIPE_KEY: STRIPE } });
      await api.get('/pay');
      expect(w.asked()).to.deep.equal([200]);
      expect(api.output()).to.not.contain(STRIPE);
    });

    it('outlives an outage', async () => {
      const api = await start(API('ttl: 0'));
      await api.get('/');
      await w.fault({ kind: 'status', status: 503 });
      expect((await api.get('/')).body).to.deep.include({ STRIPE_KEY: STRIPE });
    });

    it('does not outlive a revoked token', async () => {
      const api = await start(API('ttl: 0'));
      await api.get('/');
      await w.fault({ kind: 'status', status: 401 });
      expect((await api.get('/')).status).to.equal(500);
      expect(api.output()).to.contain('Doppler refused: 401').and.not.contain(STRIPE).and.not.contain(TOKEN);
    });

    it('asks before the first call when told to prefetch, and starts when that fails', async () => {
      await w.fault({ kind: 'status', status: 500, times: 1 });
      const api = await start(API('prefetch: true'));
      await until('the prefetch', () => w.asked()[0] === 500);
      expect((await api.get('/')).body).to.deep.include({ STRIPE_KEY: STRIPE });
    });

    it('takes cloud events', async () => {
      const api = await start(
        "import { writeFileSync } from 'node:fs'; export const api = dcs.withSecretsEvent({ keys: ['STRIPE_KEY'] }, (event, secrets) => writeFileSync('seen', event.type + ' ' + secrets.STRIPE_KEY.length));",
        'cloudevent',
      );
      const headers = {
        'ce-id': '1',
        'ce-source': 'test',
        'ce-specversion': '1.0',
        'ce-type': 'an.event',
        'content-type': 'application/json',
      };
      expect((await api.get('/', { method: 'POST', headers, body: '{}' })).status).to.equal(204);
      expect(await readFile(join(folder, 'seen'), 'utf8')).to.equal(`an.event ${STRIPE.length}`);
    });
  });
});
