import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { clearSecretsCache, getSecrets, refreshSecretsBackground, type SecretsOptions } from '../src/index.ts';
import { failure, OTHER_TOKEN, SESSION, sleep, STRIPE, TOKEN, until, world, type World } from './world.ts';

describe('dcs-runtime: getSecrets', () => {
  let w: World;
  const servers: Server[] = [];
  beforeEach(async () => {
    w = await world();
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) server.close();
    await w.close();
  });
  const ask = <const K extends string = string>(options: SecretsOptions<K> = {}) =>
    getSecrets({ host: w.origin, token: TOKEN, ...options });
  const serving = async (listener: RequestListener): Promise<string> => {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const KEYS = ['STRIPE_KEY'] as const;

  it('gives exactly the keys it was asked for, typed, frozen, without a prototype', async () => {
    const secrets = await ask({ keys: ['STRIPE_KEY', 'SESSION_KEY'] });
    const typed: { readonly STRIPE_KEY: string; readonly SESSION_KEY: string } = secrets;
    expect({ ...typed }).to.deep.equal({ STRIPE_KEY: STRIPE, SESSION_KEY: SESSION });
    // @ts-expect-error: not among the keys
    expect(secrets.JWT_SECRET).to.equal(undefined);
    expect(Object.isFrozen(secrets)).to.equal(true);
    expect(Object.getPrototypeOf(secrets)).to.equal(null);
  });

  it('gives the whole config without keys', async () => {
    expect((await ask())['REDIS_URL']).to.equal('redis://redis.dev.shop.example:6379/0');
  });

  it('asks once while a value is fresh, and with a condition afterwards', async () => {
    await ask({ keys: KEYS, ttl: 60 });
    await ask({ keys: KEYS, ttl: 60 });
    expect(w.asked()).to.deep.equal([200]);
    await ask({ keys: KEYS, ttl: 0 });
    expect(w.asked()).to.deep.equal([200, 304]);
  });

  it('asks once for 1,000 concurrent cold calls', async () => {
    const all = await Promise.all(Array.from({ length: 1000 }, () => ask({ keys: KEYS })));
    expect(new Set(all.map(({ STRIPE_KEY }) => STRIPE_KEY))).to.deep.equal(new Set([STRIPE]));
    expect(w.asked()).to.deep.equal([200]);
  });

  it('knows the same keys in any order, and mixes neither key sets nor tokens nor configs', async () => {
    await ask({ keys: ['STRIPE_KEY', 'SESSION_KEY'] });
    await ask({ keys: ['SESSION_KEY', 'STRIPE_KEY', 'SESSION_KEY'] });
    expect(w.asked()).to.have.length(1);
    expect({ ...(await ask({ keys: ['SESSION_KEY'] })) }).to.deep.equal({ SESSION_KEY: SESSION });
    const other = await getSecrets({ host: w.origin, token: OTHER_TOKEN, keys: KEYS });
    expect(other.STRIPE_KEY).to.equal('sandbox-stripe-key-of-stg');
    expect((await ask({ keys: KEYS })).STRIPE_KEY).to.equal(STRIPE);
    expect((await failure(ask({ keys: KEYS, config: 'prd' }))).message).to.equal('Doppler refused: 400');
  });

  it('serves the old value at once and refreshes behind it', async () => {
    await ask({ keys: KEYS, ttl: 0.2 });
    await w.set({ STRIPE_KEY: 'rotated' });
    await sleep(210);
    await w.fault({ kind: 'delay', ms: 100, times: 1 });
    expect((await ask({ keys: KEYS, ttl: 0.2 })).STRIPE_KEY).to.equal(STRIPE);
    await until('the refresh', async () => (await ask({ keys: KEYS, ttl: 60 })).STRIPE_KEY === 'rotated');
    expect(w.asked()).to.deep.equal([200, 200]);
  });

  it('waits for the new value once the old one is twice as old as it may be', async () => {
    await ask({ keys: KEYS, ttl: 0.05 });
    await w.set({ STRIPE_KEY: 'rotated' });
    await sleep(110);
    expect((await ask({ keys: KEYS, ttl: 0.05 })).STRIPE_KEY).to.equal('rotated');
  });

  for (const fault of [
    { kind: 'reset' },
    { kind: 'status', status: 503 },
    { kind: 'status', status: 429 },
    { kind: 'html' },
    { kind: 'truncate' },
    { kind: 'redirect' },
  ])
    it(`serves the old value during an outage (${fault.status ?? fault.kind}), until it is too old`, async () => {
      const options = { keys: KEYS, ttl: 0, maxStale: 0.6 };
      await ask(options);
      await w.fault(fault);
      expect((await ask(options)).STRIPE_KEY).to.equal(STRIPE);
      const asked = w.asked().length;
      expect((await ask(options)).STRIPE_KEY).to.equal(STRIPE);
      expect(w.asked(), 'asked again at once').to.have.length(asked);
      await sleep(610);
      const error = await failure(ask(options));
      expect(error.code).to.equal('UNREACHABLE');
      await w.mend();
      expect((await ask(options)).STRIPE_KEY).to.equal(STRIPE);
    });

  it('does not wait longer than its timeout', async () => {
    await w.fault({ kind: 'delay', ms: 5000 });
    const started = Date.now();
    expect((await failure(ask({ keys: KEYS, timeout: 0.1 }))).code).to.equal('UNREACHABLE');
    expect(Date.now() - started).to.be.below(2000);
  });

  for (const status of [401, 403, 404])
    it(`serves nothing old after ${status}, whatever the key set, and no environment either`, async () => {
      await ask({ keys: KEYS, ttl: 60 });
      await ask({ keys: ['SESSION_KEY'], ttl: 60 });
      await w.fault({ kind: 'status', status });
      process.env['STRIPE_KEY'] = 'from-the-environment';
      try {
        expect((await failure(ask({ keys: KEYS, ttl: 0, fallback: 'env' }))).code).to.equal('REFUSED');
      } finally {
        delete process.env['STRIPE_KEY'];
      }
      expect((await failure(ask({ keys: ['SESSION_KEY'], ttl: 60 }))).code).to.equal('REFUSED');
    });

  it('serves nothing old when an outage follows a refusal', async () => {
    await ask({ keys: KEYS, ttl: 0 });
    await w.fault({ kind: 'status', status: 401, times: 1 });
    await failure(ask({ keys: KEYS, ttl: 0 }));
    await w.fault({ kind: 'reset' });
    expect((await failure(ask({ keys: KEYS, ttl: 0 }))).code).to.equal('UNREACHABLE');
  });

  it('keeps no failure: the next call asks again', async () => {
    await w.fault({ kind: 'reset', times: 1 });
    await failure(ask({ keys: KEYS }));
    expect((await ask({ keys: KEYS })).STRIPE_KEY).to.equal(STRIPE);
  });

  it('fails for a name that has no value, and serves its old value to nobody', async () => {
    expect((await failure(ask({ keys: ['STRIPE_KEY', 'NOPE', 'constructor'] }))).message).to.equal('No value for NOPE,constructor');
    await ask({ keys: KEYS, ttl: 0 });
    await w.set({ STRIPE_KEY: null });
    expect((await failure(ask({ keys: KEYS, ttl: 0 }))).code).to.equal('MISSING');
    await w.fault({ kind: 'reset' });
    expect((await failure(ask({ keys: KEYS, ttl: 0 }))).code).to.equal('UNREACHABLE');
  });

  it('takes __proto__ for a name like any other', async () => {
    const host = await serving((_, response) => response.end('{"__proto__": "odd", "toString": "odder"}'));
    const secrets: Record<string, string> = await getSecrets({ host, token: TOKEN });
    expect(secrets['__proto__']).to.equal('odd');
    expect(Object.keys(secrets)).to.deep.equal(['__proto__', 'toString']);
    expect((await failure(getSecrets({ host, token: TOKEN, keys: ['hasOwnProperty'] }))).code).to.equal('MISSING');
    Object.assign(Object.prototype, { inherited: 'no secret' });
    try {
      expect((await failure(getSecrets({ host, token: TOKEN, keys: ['inherited'] }))).code).to.equal('MISSING');
    } finally {
      delete (Object.prototype as { inherited?: string }).inherited;
    }
    expect(({} as Record<string, unknown>)['odd']).to.equal(undefined);
  });

  for (const body of ['["x"]', 'null', '7', '"x"', '{"A": 1}', '{"A": null}'])
    it(`takes ${body} for no answer`, async () => {
      const host = await serving((_, response) => response.end(body));
      expect((await failure(getSecrets({ host, token: TOKEN }))).code).to.be.oneOf(['UNREACHABLE', 'MISSING']);
    });

  it('follows no redirect with its token', async () => {
    let seen = 0;
    const elsewhere = await serving((_, response) => {
      seen++;
      response.end('{"STRIPE_KEY": "evil"}');
    });
    const host = await serving((_, response) => response.writeHead(302, { location: elsewhere }).end());
    expect((await failure(getSecrets({ host, token: TOKEN, keys: KEYS }))).code).to.equal('UNREACHABLE');
    expect(seen).to.equal(0);
  });

  it('falls back to the environment only when told, only for its keys, only during an outage', async () => {
    await w.fault({ kind: 'reset' });
    process.env['STRIPE_KEY'] = 'from-the-environment';
    try {
      expect((await failure(ask({ keys: KEYS }))).code).to.equal('UNREACHABLE');
      expect({ ...(await ask({ keys: KEYS, fallback: 'env' })) }).to.deep.equal({ STRIPE_KEY: 'from-the-environment' });
      expect((await failure(ask({ fallback: 'env' }))).code).to.equal('UNREACHABLE');
      await w.mend();
      expect((await ask({ keys: KEYS, fallback: 'env' })).STRIPE_KEY).to.equal(STRIPE);
    } finally {
      delete process.env['STRIPE_KEY'];
    }
  });

  it('refreshes by hand as the first version did, and says nothing when that fails', async () => {
    Object.assign(process.env, { DOPPLER_TOKEN: TOKEN, DOPPLER_API_HOST: w.origin });
    try {
      await ask({ keys: KEYS });
      await w.set({ STRIPE_KEY: 'rotated' });
      refreshSecretsBackground({ keys: KEYS });
      await until('the refresh', async () => (await ask({ keys: KEYS })).STRIPE_KEY === 'rotated');
      delete process.env['DOPPLER_TOKEN'];
      refreshSecretsBackground();
    } finally {
      delete process.env['DOPPLER_TOKEN'];
      delete process.env['DOPPLER_API_HOST'];
    }
  });

  it('keeps nothing that was under way when the cache was cleared', async () => {
    await w.fault({ kind: 'delay', ms: 100, times: 1 });
    const before = ask({ keys: KEYS });
    await sleep(20);
    clearSecretsCache();
    await before;
    await ask({ keys: KEYS });
    expect(w.asked()).to.have.length(2);
  });

  it('asks over https, or this machine', async () => {
    for (const host of ['http://api.doppler.com', 'http://127.0.0.1.example.org', 'http://localhost.example.org', 'ftp://api.doppler.com'])
      expect((await failure(getSecrets({ host, token: TOKEN }))).code, host).to.equal('CONFIG');
    expect((await failure(getSecrets({ host: w.origin }))).message).to.equal('DOPPLER_TOKEN is not set');
  });

  it('says nothing of values and tokens when it fails', async () => {
    const host = await serving((request, response) => response.writeHead(400).end(`${request.headers.authorization} ${STRIPE}`));
    const error = await failure(getSecrets({ host, token: TOKEN, keys: KEYS }));
    expect(`${error.stack}${JSON.stringify(error)}${String(error.cause)}`)
      .to.not.contain(TOKEN)
      .and.not.contain(STRIPE);
  });

  it('asks dcs serve in development, at every call, and never another machine', async () => {
    const served: Record<string, string> = { STRIPE_KEY: 'local' };
    let authorization: string | undefined;
    const url = await serving((request, response) => {
      ({ authorization } = request.headers);
      response.end(JSON.stringify(served));
    });
    const local = { DCS_SERVE_URL: url, DCS_SERVE_TOKEN: 'serve-token' };
    Object.assign(process.env, local);
    try {
      expect((await ask({ keys: KEYS, ttl: 60 })).STRIPE_KEY).to.equal('local');
      served['STRIPE_KEY'] = 'changed';
      expect((await ask({ keys: KEYS, ttl: 60 })).STRIPE_KEY).to.equal('changed');
      expect(authorization).to.equal('Bearer serve-token');
      process.env['DCS_SERVE_URL'] = 'https://example.org';
      expect((await failure(ask({ keys: KEYS }))).message).to.contain('neither this machine');
    } finally {
      for (const name of Object.keys(local)) delete process.env[name];
    }
    expect(w.asked()).to.deep.equal([]);
  });
});
