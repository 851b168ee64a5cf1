import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { world, YAML, type World } from './world.ts';

const URL = 'https://hooks.example.com/webhook';

describe('what dcs webhook leaves at Doppler', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(`${YAML}triggers: [{type: webhook, environment: staging}]\n`);
  });
  afterEach(() => w.close());

  const key = (): string => join(w.home, 'webhook.key');
  const setUp = (url = URL): ReturnType<World['dcs']> => w.dcs(['webhook', 'setup', url, '--key-file', key(), '--yes']);
  const remove = (...more: string[]): ReturnType<World['dcs']> => w.dcs(['webhook', 'remove', URL, '--yes', '--json', ...more]);
  /** By hand, as in the dashboard. */
  const byHand = async (method: string, path: string, body?: object): Promise<void> => {
    const answer = await fetch(`${w.origin}/v3/webhooks${path}?project=shop`, {
      method,
      headers: { authorization: `Bearer ${SEED.tokens.user}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(answer.status).to.equal(200);
  };
  interface Webhook {
    readonly id: string;
    readonly enabled: boolean;
    readonly configs: readonly string[];
  }
  const listed = async (): Promise<readonly Webhook[]> => (await w.dcs(['webhook', 'list', '--json'])).json()['webhooks'] as Webhook[];

  it('is none without https', async () => {
    const refused = await setUp('http://hooks.example.com/webhook');
    expect([refused.code, refused.err]).to.satisfy(([code, err]: [number, string]) => code === 64 && err.includes('https'), refused.err);
    expect(existsSync(key())).to.equal(false);
  });

  it('is on after a setup, whoever turned it off', async () => {
    await setUp();
    const [first] = await listed();
    await byHand('POST', `/webhook/${first!.id}/disable`);
    expect((await setUp()).code).to.equal(0);
    expect(await listed()).to.deep.equal([{ ...first, enabled: true }]);
  });

  it('goes on telling of configs that are none of this dcs.yaml', async () => {
    await setUp();
    const [first] = await listed();
    await byHand('PATCH', `/webhook/${first!.id}`, { enableConfigs: ['prd'] });
    expect((await remove()).json()['removed']).to.deep.equal([{ project: 'shop', configs: ['stg'], deleted: false }]);
    expect(await listed()).to.deep.equal([{ ...first, configs: ['prd'] }]);
    expect((await remove()).code).to.equal(2);
  });

  it('is signed with a key that the receiver knows, however often a rotation fails', async () => {
    await setUp();
    const [first] = (await readFile(key(), 'utf8')).trim().split('\n');
    const rotate = (): ReturnType<World['dcs']> => w.dcs(['webhook', 'setup', URL, '--key-file', key(), '--rotate', '--yes']);
    await w.post('/_sandbox/faults', {
      cloud: 'doppler',
      kind: 'status',
      status: 400,
      route: 'PATCH /v3/webhooks/webhook/:slug',
      times: 2,
    });
    for (const count of [2, 3]) {
      expect((await rotate()).code).to.not.equal(0);
      expect((await readFile(key(), 'utf8')).trim().split('\n'))
        .to.have.length(count)
        .and.include(first);
    }
    expect((await rotate()).code).to.equal(0);
    expect((await readFile(key(), 'utf8')).trim().split('\n'))
      .to.have.length(2)
      .and.not.include(first);
  });

  it('of two setups at once is one, with the key that stays in the file', async () => {
    const { promise, resolve } = Promise.withResolvers<readonly [signature: string, body: string]>();
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        response.end();
        resolve([String(request.headers['x-doppler-signature']), body]);
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`;
    try {
      const both = await Promise.all([setUp(url), setUp(url)]);
      expect(['0 0', '0 6', '6 0']).to.include(both.map(({ code }) => code).join(' '));
      expect(await listed()).to.have.length(1);
      await w.doppler('stg', { STRIPE_KEY: 'moved' });
      const [signature, body] = await promise;
      const [newest = ''] = (await readFile(key(), 'utf8')).split('\n');
      expect(signature).to.equal(`sha256=${createHmac('sha256', newest).update(body).digest('hex')}`);
    } finally {
      server.close();
    }
  });
});
