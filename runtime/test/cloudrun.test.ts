import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as cloudrun from '../src/cloudrun.ts';
import { loadSecrets } from '../src/node.ts';
import { program, type Program } from './program.ts';
import { failure, SESSION, sleep, STRIPE, TOKEN, until, world, type World } from './world.ts';

const { initSecrets, getSecret, requireSecret, getAllSecrets, isInitialized, refreshSecrets, reset, secretsMiddleware } = cloudrun;
const SRC = new URL('../src/cloudrun.ts', import.meta.url).href;
const require = createRequire(import.meta.url);
const of = (name: string): string => `file://${require.resolve(name)}`;

describe('dcs-runtime/cloudrun', function () {
  this.timeout(60_000);
  let w: World;
  const KEYS = ['STRIPE_KEY'] as const;
  beforeEach(async () => {
    w = await world();
    Object.assign(process.env, { DOPPLER_TOKEN: TOKEN, DOPPLER_API_HOST: w.origin });
  });
  afterEach(async () => {
    reset();
    delete process.env['DOPPLER_TOKEN'];
    delete process.env['DOPPLER_API_HOST'];
    await w.close();
  });

  it('answers at once after initSecrets, and not before', async () => {
    expect(() => getSecret('STRIPE_KEY')).to.throw('initSecrets() has not finished');
    expect(isInitialized()).to.equal(false);
    const { STRIPE_KEY }: { readonly STRIPE_KEY: string } = await initSecrets({ keys: KEYS });
    expect(STRIPE_KEY).to.equal(STRIPE);
    expect(isInitialized()).to.equal(true);
    expect(getSecret('STRIPE_KEY')).to.equal(STRIPE);
    expect([getSecret('constructor'), getSecret('SESSION_KEY')]).to.deep.equal([undefined, undefined]);
    expect(() => requireSecret('SESSION_KEY')).to.throw('No value for SESSION_KEY');
    await initSecrets({ keys: KEYS });
    await initSecrets({ keys: ['SESSION_KEY'] });
    expect({ ...getAllSecrets() }).to.deep.equal({ STRIPE_KEY: STRIPE, SESSION_KEY: SESSION });
    expect(requireSecret('SESSION_KEY')).to.equal(SESSION);
    expect(w.asked()).to.deep.equal([200, 200]);
  });

  it('may be tried again after a failed start', async () => {
    await w.fault({ kind: 'reset', times: 1 });
    expect((await failure(initSecrets({ keys: KEYS }))).message).to.contain('gave no answer');
    expect(isInitialized()).to.equal(false);
    await initSecrets({ keys: KEYS });
    expect(getSecret('STRIPE_KEY')).to.equal(STRIPE);
  });

  it('brings a rotated value behind a call, by a timer and by hand', async () => {
    await initSecrets({ keys: KEYS, ttl: 0.05 });
    await w.set({ STRIPE_KEY: 'rotated' });
    await sleep(150);
    expect(getSecret('STRIPE_KEY')).to.equal(STRIPE);
    await until('the rotated value', () => getSecret('STRIPE_KEY') === 'rotated');
    const told: string[] = [];
    await initSecrets({ keys: ['SESSION_KEY'], refreshInterval: 0.05, onRefresh: ({ SESSION_KEY }) => told.push(SESSION_KEY) });
    await w.set({ SESSION_KEY: 'rotated too' });
    await until('the timer', () => told.includes('rotated too'));
    await w.set({ SESSION_KEY: 'by hand', STRIPE_KEY: 'by hand' });
    cloudrun.stopAutoRefresh();
    expect({ ...(await refreshSecrets()) }).to.deep.equal({ STRIPE_KEY: 'by hand', SESSION_KEY: 'by hand' });
  });

  it('keeps the last good values when a refresh fails, and none after a refusal', async () => {
    const errors: Error[] = [];
    process.env['STRIPE_KEY'] = 'from-the-environment';
    try {
      await initSecrets({ keys: KEYS, ttl: 0, refreshInterval: 0.05, onRefreshError: (error) => errors.push(error), fallback: 'env' });
      await w.fault({ kind: 'status', status: 500 });
      await until('failures', () => errors.length > 1);
      expect(getSecret('STRIPE_KEY')).to.equal(STRIPE);
      await w.mend();
      await w.fault({ kind: 'status', status: 403 });
      await until('the refusal', () => errors.some(({ message }) => message.includes('403')));
      expect(() => getSecret('STRIPE_KEY')).to.throw('no answer that may serve');
      await w.mend();
      await until('a new token', () => {
        try {
          return getSecret('STRIPE_KEY') === STRIPE;
        } catch {
          return false;
        }
      });
    } finally {
      delete process.env['STRIPE_KEY'];
    }
  });

  it('hands a failure of the middleware on to the server', async () => {
    await w.fault({ kind: 'reset', times: 1 });
    const middleware = secretsMiddleware({ keys: KEYS });
    const given: unknown[] = [];
    for (let n = 0; n < 2; n++) await middleware({}, {}, (error) => given.push(error instanceof Error ? error.name : error));
    expect(given).to.deep.equal(['SecretsError', undefined]);
  });

  it('/node puts values into the environment, and leaves what is there', async () => {
    process.env['SESSION_KEY'] = 'set already';
    try {
      const secrets = await loadSecrets({ keys: ['STRIPE_KEY', 'SESSION_KEY'] });
      expect(secrets.SESSION_KEY).to.equal(SESSION);
      expect([process.env['STRIPE_KEY'], process.env['SESSION_KEY'], process.env['JWT_SECRET']]).to.deep.equal([
        STRIPE,
        'set already',
        undefined,
      ]);
    } finally {
      delete process.env['STRIPE_KEY'];
      delete process.env['SESSION_KEY'];
    }
  });

  it('/node puts names in that every object inherits', async () => {
    const keys = ['constructor', 'toString', '__proto__'] as const;
    await w.fault({ kind: 'status', status: 200, body: Object.fromEntries(keys.map((key) => [key, `value of ${key}`])) });
    try {
      await loadSecrets({ keys });
      expect(keys.map((key) => Object.hasOwn(process.env, key) && process.env[key])).to.deep.equal(keys.map((key) => `value of ${key}`));
    } finally {
      for (const key of keys) delete process.env[key];
    }
  });

  describe('in real servers', () => {
    let folder: string;
    let running: Program | undefined;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'dcs-cloudrun-'));
    });
    afterEach(async () => {
      await running?.stop();
      running = undefined;
      await rm(folder, { recursive: true });
    });
    const start = async (code: string): Promise<Program> => {
      await writeFile(join(folder, 'app.mjs'), `import { initSecrets, getSecret, secretsMiddleware } from '${SRC}';\n${code}`);
      running = await program(['app.mjs'], folder, { DOPPLER_TOKEN: TOKEN, DOPPLER_API_HOST: w.origin });
      return running;
    };
    const INIT = "await initSecrets({ keys: ['STRIPE_KEY'], refreshInterval: 60 });";
    const servers: Readonly<Record<string, string>> = {
      express: `import express from '${of('express')}'; const app = express(); ${INIT}
        app.get('/', (req, res) => res.json({ key: getSecret('STRIPE_KEY') })); app.listen(process.env.PORT);`,
      'express, by middleware': `import express from '${of('express')}'; const app = express(); app.use(secretsMiddleware({ keys: ['STRIPE_KEY'] }));
        app.get('/', (req, res) => res.json({ key: getSecret('STRIPE_KEY') })); app.listen(process.env.PORT);`,
      fastify: `import fastify from '${of('fastify')}'; const app = fastify(); ${INIT}
        app.get('/', async () => ({ key: getSecret('STRIPE_KEY') })); await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });`,
      'node:http': `import { createServer } from 'node:http'; ${INIT}
        createServer((req, res) => res.end(JSON.stringify({ key: getSecret('STRIPE_KEY') }))).listen(process.env.PORT);`,
      'a fetch handler': `import { createServer } from 'node:http'; ${INIT}
        const handle = async (request) => Response.json({ key: getSecret('STRIPE_KEY'), path: undefined });
        createServer(async (req, res) => { const answer = await handle(new Request('http://x' + req.url)); res.end(await answer.text()); }).listen(process.env.PORT);`,
    };
    for (const [name, code] of Object.entries(servers))
      it(name, async () => {
        const app = await start(code);
        expect(await app.get('/')).to.deep.equal({ status: 200, body: { key: STRIPE } });
        expect(w.asked()).to.deep.equal([200]);
        expect(app.output()).to.not.contain(STRIPE);
      });

    it('its timer does not keep a process alive', async () => {
      const app = await start(INIT);
      expect(await app.ended).to.equal(0);
    });
  });
});
