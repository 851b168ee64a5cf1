import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Secret } from 'dcs-sdk';
import { build, transform } from 'esbuild';
import { Miniflare, type MiniflareOptions } from 'miniflare';
import { program } from '../../../runtime/test/program.ts';
import { blueprint, PLATFORMS, WAYS, type Platform, type Way } from '../src/webhook/blueprints.ts';
import { hangUp, listen } from '../src/webhook/listen.ts';
import { Metrics } from '../src/webhook/metrics.ts';
import { createReceiver } from '../src/webhook/receiver.ts';
import { event, KEY, sign } from './post.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const FRAMEWORK = join(dirname(createRequire(join(ROOT, 'runtime', 'x.js')).resolve('@google-cloud/functions-framework')), 'main.js');
const CONFIGS = { 'shop/stg': 'staging' };

/** Of a deployed receiver: what it answers to a request. */
type Send = (path: string, init: RequestInit) => Promise<number>;

describe('receivers that dcs webhook handler writes, in their runtimes', function () {
  this.timeout(60_000);
  let folder: string;
  let upstream: Server;
  let port: number;
  let heard: { path: string; authorization: string | undefined; body: Record<string, unknown> }[];
  let status: number;
  let stops: (() => Promise<unknown>)[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dcs-blueprint-'));
    heard = [];
    stops = [];
    status = 200;
    upstream = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
        heard.push({ path: request.url ?? '', authorization: request.headers.authorization, body });
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      });
    });
    upstream.listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    ({ port } = upstream.address() as AddressInfo);
    await mkdir(join(folder, 'node_modules', 'firebase-functions'), { recursive: true });
    await symlink(join(ROOT, 'runtime'), join(folder, 'node_modules', 'dcs-runtime'));
    await symlink(join(ROOT, 'node_modules', 'express'), join(folder, 'node_modules', 'express'));
    // What its onRequest does with a function of express' shape: options aside, nothing.
    const firebase = { name: 'firebase-functions', type: 'module', exports: { './https': './https.js' } };
    await writeFile(join(folder, 'node_modules', 'firebase-functions', 'package.json'), JSON.stringify(firebase));
    await writeFile(join(folder, 'node_modules', 'firebase-functions', 'https.js'), 'export const onRequest = (_options, run) => run;\n');
    await writeFile(join(folder, 'package.json'), '{"type": "module", "main": "index.js"}');
  });
  afterEach(async () => {
    for (const stop of stops) await stop();
    upstream.close();
    upstream.closeAllConnections();
    await rm(folder, { recursive: true });
  });

  const variables = (way: Way, receiver: string): Record<string, string> => ({
    DOPPLER_WEBHOOK_SECRET: KEY,
    ...(way === 'github'
      ? { GITHUB_REPOSITORY: 'acme/shop', GITHUB_TOKEN: 'a-github-token', GITHUB_API_URL: `http://127.0.0.1:${port}` }
      : way === 'queue'
        ? { PUBSUB_TOPIC: 'projects/demo-shop/topics/dcs', PUBSUB_EMULATOR_HOST: `127.0.0.1:${port}` }
        : { DCS_WEBHOOK_URL: receiver }),
  });

  const deployed = async (platform: Platform, way: Way, env: Record<string, string>): Promise<Send> => {
    const code = await blueprint(platform, way, CONFIGS);
    const file = join(folder, 'app.ts');
    await writeFile(file, code);
    if (platform === 'cloudflare') {
      const built = await build({ entryPoints: [file], bundle: true, format: 'esm', platform: 'neutral', target: 'es2022', write: false });
      const worker = new Miniflare({
        modules: true,
        compatibilityDate: '2026-06-01',
        script: built.outputFiles[0]!.text,
        bindings: env,
        ...(way === 'queue' ? { queueProducers: { QUEUE: 'dcs' }, queueConsumers: { dcs: { maxBatchTimeout: 0 } } } : {}),
      } as MiniflareOptions);
      await worker.ready;
      stops.push(() => worker.dispose());
      return async (path, init) => (await worker.dispatchFetch(`http://app.example${path}`, init as never)).status;
    }
    if (platform === 'firebase') await writeFile(join(folder, 'index.js'), (await transform(code, { loader: 'ts', format: 'esm' })).code);
    const argv = platform === 'firebase' ? [FRAMEWORK, '--target=dopplerWebhook', '--host=127.0.0.1'] : ['app.ts'];
    const app = await program(argv, folder, env);
    stops.push(() => app.stop());
    return async (path, init) => (await fetch(app.url + path, init)).status;
  };

  for (const platform of PLATFORMS)
    for (const way of WAYS)
      it(`${platform}, to ${way}`, async () => {
        const added: string[] = [];
        const receiver = createReceiver({
          keys: () => [new Secret(KEY)],
          allowed: new Map([['shop/stg', { environment: 'staging', project: 'shop', config: 'stg' }]]),
          queue: {
            add: async (environment) => (added.push(environment), 'queued'),
            counts: async () => ({ queued: 0, running: 0, dead: 0 }),
          },
          metrics: new Metrics(),
          log: () => undefined,
          ready: () => true,
        });
        const url = `http://127.0.0.1:${await listen(receiver, 0, '127.0.0.1')}/webhook`;
        stops.push(() => hangUp(receiver));
        const send = await deployed(platform, way, variables(way, url));
        const body = event('stg', 'shop', { note: 'schön 🔑' });
        const post = (given: string, headers: Record<string, string> = {}): Promise<number> =>
          send('/webhook', {
            method: 'POST',
            body: given,
            headers: { 'content-type': 'application/json', 'x-doppler-signature': sign(given), ...headers },
          });
        expect(await post(body, { 'x-doppler-signature': sign(body, 'another-key') })).to.equal(401);
        expect(await post(body, { 'x-doppler-signature': '' })).to.equal(401);
        expect(await post(event('stg', 'shop', { pad: 'x'.repeat(65_537) }))).to.equal(413);
        expect(await post('{')).to.equal(400);
        expect(await send('/webhook', { method: 'GET' })).to.equal(405);
        expect(await post(event('prd'))).to.equal(202);
        expect([heard, added]).to.deep.equal([[], []]);
        expect(await post(body)).to.equal(202);
        if (way === 'receiver') expect(added).to.deep.equal(['staging']);
        else if (way === 'github')
          expect(heard).to.deep.equal([
            {
              path: '/repos/acme/shop/dispatches',
              authorization: 'Bearer a-github-token',
              body: { event_type: 'dcs-sync', client_payload: { environment: 'staging', project: 'shop', config: 'stg' } },
            },
          ]);
        else if (platform !== 'cloudflare') {
          expect(heard.map(({ path }) => path)).to.deep.equal(['/v1/projects/demo-shop/topics/dcs:publish']);
          const [{ data }] = heard[0]!.body['messages'] as [{ data: string }];
          expect(JSON.parse(Buffer.from(data, 'base64').toString())).to.deep.include({
            environment: 'staging',
            project: 'shop',
            config: 'stg',
          });
        }
        if (way === 'github') {
          status = 502;
          expect(await post(body)).to.equal(503);
        }
      });

  it('are TypeScript, and whole', async () => {
    for (const platform of PLATFORMS)
      for (const way of WAYS) {
        const code = await blueprint(platform, way, CONFIGS);
        expect(code, `${platform} ${way}`).to.not.match(/\{\{|undefined\n/);
        await transform(code, { loader: 'ts' });
      }
  });
});
