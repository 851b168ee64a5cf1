import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { build } from 'esbuild';
import { Miniflare, type MiniflareOptions } from 'miniflare';
import { withSecrets } from '../src/cloudflare.ts';
import { SESSION, sleep, STRIPE, TOKEN, until, world, type World } from './world.ts';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** Every event tells what it was given; `/count` how often. */
const WORKER = `
  import { withSecrets, createFetchHandler, loadSecretsFromEnv } from './cloudflare.ts';
  const options = { keys: ['STRIPE_KEY', 'SESSION_KEY'], ttl: TTL, maxStale: 60, timeout: 2 };
  const seen = [];
  const plain = createFetchHandler({ keys: ['STRIPE_KEY'], ttl: TTL }, (request, env, secrets) => Response.json(secrets));
  const more = withSecrets({ ttl: TTL }, { fetch: (request, env, secrets) => Response.json(Object.keys(secrets)) });
  const app = withSecrets(options, {
    email(message, env, secrets) {
      seen.push(['email', message.from, secrets.STRIPE_KEY]);
    },
    async fetch(request, env, secrets, ctx) {
      const { pathname } = new URL(request.url);
      if (pathname === '/seen') return Response.json(seen);
      if (pathname === '/plain') return plain(request, env, ctx);
      if (pathname === '/all') return more.fetch(request, env, ctx);
      return Response.json({ ...secrets, own: typeof env.OWN, ctx: typeof ctx.waitUntil });
    },
    scheduled(controller, env, secrets, ctx) {
      seen.push(['scheduled', controller.cron, secrets.STRIPE_KEY, typeof ctx.waitUntil]);
    },
    async queue(batch, env, secrets) {
      seen.push(['queue', batch.queue, batch.messages.length, secrets.STRIPE_KEY]);
    },
  });
  export default {
    ...app,
    fetch(request, env, ctx) {
      if (!request.url.endsWith('/early')) return request.url.endsWith('/hand') ? hand(env, ctx) : app.fetch(request, env, ctx);
      loadSecretsFromEnv(env, { keys: ['SESSION_KEY'], ttl: TTL }, ctx).catch(() => {});
      return Response.json({ early: true });
    },
  };
  const hand = async (env, ctx) => Response.json(await loadSecretsFromEnv(env, { keys: ['SESSION_KEY'], ttl: TTL }, ctx));
`;

async function bundle(ttl: number): Promise<string> {
  const built = await build({
    stdin: { contents: WORKER, resolveDir: SRC, loader: 'ts' },
    define: { TTL: String(ttl) },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  return built.outputFiles[0]!.text;
}

describe('dcs-runtime/cloudflare in workerd', function () {
  this.timeout(60_000);
  let w: World;
  let worker: Miniflare | undefined;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(async () => {
    await worker?.dispose();
    worker = undefined;
    await w.close();
  });
  const start = async (
    bindings: Readonly<Record<string, string>> = {},
    ttl = 60,
    more: Partial<MiniflareOptions> = {},
  ): Promise<Miniflare> => {
    worker = new Miniflare({
      modules: true,
      compatibilityDate: '2026-06-01',
      script: await bundle(ttl),
      bindings: { DOPPLER_TOKEN: TOKEN, DOPPLER_API_HOST: w.origin, OWN: 'own', ...bindings },
      ...more,
    } as MiniflareOptions);
    await worker.ready;
    return worker;
  };
  const get = async (path = '/'): Promise<Record<string, unknown>> => {
    const answer = await worker!.dispatchFetch(`http://app.example${path}`);
    const text = await answer.text();
    expect(answer.status, text).to.equal(200);
    return JSON.parse(text) as Record<string, unknown>;
  };

  it('hands the secrets over after env, from one request', async () => {
    await start();
    for (let n = 0; n < 3; n++)
      expect(await get()).to.deep.equal({ STRIPE_KEY: STRIPE, SESSION_KEY: SESSION, own: 'string', ctx: 'function' });
    expect(w.asked()).to.deep.equal([200]);
  });

  it('asks once for many cold requests at the same time', async () => {
    await w.fault({ kind: 'delay', ms: 300, times: 1 });
    await start();
    const all = await Promise.all(Array.from({ length: 100 }, () => get()));
    expect(all.every(({ STRIPE_KEY }) => STRIPE_KEY === STRIPE)).to.equal(true);
    expect(w.asked()).to.deep.equal([200]);
  });

  it('answers the others when the request that asked is over', async () => {
    await w.fault({ kind: 'delay', ms: 600, times: 1 });
    await start();
    expect(await get('/early')).to.deep.equal({ early: true });
    expect(await get('/hand')).to.deep.equal({ SESSION_KEY: SESSION });
    expect(w.asked()).to.deep.equal([200]);
  });

  it('serves the old value at once and brings the rotated one in waitUntil', async () => {
    await start({}, 0.3);
    await get();
    await w.set({ STRIPE_KEY: 'rotated' });
    await sleep(320);
    expect((await get())['STRIPE_KEY']).to.equal(STRIPE);
    await until('the rotated value', async () => (await get())['STRIPE_KEY'] === 'rotated');
  });

  it('outlives an outage, and not a revoked token', async () => {
    await start({}, 0.05);
    await get();
    await w.fault({ kind: 'reset' });
    await sleep(150);
    expect((await get())['STRIPE_KEY']).to.equal(STRIPE);
    await worker!.dispose();
    await w.mend();
    await start({}, 0.05);
    await get();
    await w.fault({ kind: 'status', status: 401 });
    await sleep(150);
    const answer = await worker!.dispatchFetch('http://app.example/');
    expect(answer.status).to.equal(500);
    expect(await answer.text())
      .to.contain('Doppler refused: 401')
      .and.not.contain(STRIPE);
  });

  it('takes what is bound to the Worker first, and asks for the rest only', async () => {
    await start({ STRIPE_KEY: 'bound' });
    expect(await get()).to.include({ STRIPE_KEY: 'bound', SESSION_KEY: SESSION });
    await worker!.dispose();
    await w.fault({ kind: 'reset' });
    await start({ STRIPE_KEY: 'bound', SESSION_KEY: 'bound too', DOPPLER_TOKEN: '' });
    expect(await get()).to.include({ STRIPE_KEY: 'bound', SESSION_KEY: 'bound too' });
    expect(w.asked()).to.deep.equal([200]);
  });

  it('reads bindings of the Secrets Store', async () => {
    await start({}, 60, { secretsStoreSecrets: { STRIPE_KEY: { store_id: 'store', secret_name: 'stripe' } } } as Partial<MiniflareOptions>);
    const before = await worker!.dispatchFetch('http://app.example/');
    expect(await before.text()).to.contain('No value for STRIPE_KEY in the Secrets Store');
    const secret = (await worker!.getSecretsStoreSecretAPI('STRIPE_KEY'))();
    await secret.create('of the store');
    expect(await get()).to.include({ STRIPE_KEY: 'of the store', SESSION_KEY: SESSION });
  });

  it('serves other events, fetch alone, the whole config and handlers of a framework', async () => {
    await start({}, 60, { queueConsumers: { jobs: {} }, queueProducers: { JOBS: 'jobs' } } as Partial<MiniflareOptions>);
    const runtime = (await worker!.getWorker()) as unknown as {
      scheduled(options: { cron: string }): Promise<{ outcome: string }>;
      queue(name: string, messages: readonly unknown[]): Promise<{ outcome: string }>;
    };
    expect((await runtime.scheduled({ cron: '5 * * * *' })).outcome).to.equal('ok');
    expect((await runtime.queue('jobs', [{ id: '1', timestamp: new Date(), body: 'x', attempts: 1 }])).outcome).to.equal('ok');
    expect(await get('/seen')).to.deep.equal([
      ['scheduled', '5 * * * *', STRIPE, 'function'],
      ['queue', 'jobs', 1, STRIPE],
    ]);
    expect(await get('/plain')).to.deep.equal({ STRIPE_KEY: STRIPE });
    expect(await get('/all')).to.include('REDIS_URL');
    expect(await get('/hand')).to.deep.equal({ SESSION_KEY: SESSION });
    expect(await get('/hand')).to.deep.equal({ SESSION_KEY: SESSION });
    expect(w.asked()).to.deep.equal([200, 200, 200, 200]);
  });

  it('serves e-mail', async () => {
    await start({}, 60, { unsafeTriggerHandlers: true } as Partial<MiniflareOptions>);
    const { port } = await worker!.ready;
    const raw = 'From: a@x.example\r\nTo: b@x.example\r\nMessage-ID: <1@x.example>\r\n\r\nHello';
    const sent = await fetch(`http://127.0.0.1:${port}/cdn-cgi/handler/email?from=a@x.example&to=b@x.example`, {
      method: 'POST',
      body: raw,
    });
    expect(sent.status, await sent.text()).to.equal(200);
    expect(await get('/seen')).to.deep.equal([['email', 'a@x.example', STRIPE]]);
  });

  it('keeps the bindings of two environments apart', async () => {
    const app = withSecrets({ keys: ['A'] }, { fetch: (_request, _env, secrets) => new Response(secrets.A) });
    const ctx = { waitUntil: () => {}, passThroughOnException: () => {} };
    const tell = async (env: object): Promise<string> => (await app.fetch!(new Request('http://app.example/'), env as never, ctx)).text();
    expect([await tell({ A: 'one' }), await tell({ A: 'two' })]).to.deep.equal(['one', 'two']);
  });
});
