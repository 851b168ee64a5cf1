import { expect } from 'chai';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Delivery } from '../../src/doppler/courier.ts';
import { SEED } from '../../src/seed.ts';
import { startSandbox, type Sandbox } from '../../src/server/server.ts';

const HOOKS = '/v3/webhooks?project=shop';
const KEY = 'signing-key';

interface Arrived {
  headers: IncomingHttpHeaders;
  raw: Buffer;
}

/** A real receiver; answers `statuses` in turn, then 200. */
async function receiver(statuses: number[] = []) {
  const arrived: Arrived[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      arrived.push({ headers: request.headers, raw: Buffer.concat(chunks) });
      response.writeHead(statuses.shift() ?? 200).end('taken');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return { arrived, url, close: () => new Promise((resolve) => server.close(resolve)) };
}

describe('sandbox Doppler: webhooks', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await startSandbox();
  });
  afterEach(() => sandbox.close());

  async function call(method: string, path: string, body?: unknown, token: string = SEED.tokens.user) {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(sandbox.origin + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, json: /^[[{]/.test(text) ? JSON.parse(text) : undefined };
  }
  const make = async (body: object) => (await call('POST', HOOKS, { secret: KEY, enableConfigs: ['dev'], ...body })).json.webhook;
  const set = (secrets: Record<string, string | null>, config = 'dev') =>
    call('POST', '/v3/configs/config/secrets', { project: 'shop', config, secrets });
  const weather = (body: object) => call('POST', '/_sandbox/doppler/deliveries/weather', body);
  const settled = async (): Promise<Delivery[]> => (await call('POST', '/_sandbox/doppler/deliveries/settled')).json;

  it('are made, listed, changed, switched and removed, and never tell their secrets', async () => {
    const made = await make({ url: 'https://hook.example/x', name: 'ci', authentication: { type: 'Bearer', token: 'bearer-token' } });
    expect(made).to.include({ name: 'ci', url: 'https://hook.example/x', enabled: true, hasSecret: true, payload: null });
    expect(made.authentication).to.deep.equal({ type: 'Bearer' });
    const one = `/v3/webhooks/webhook/${made.id}?project=shop`;
    expect((await call('GET', HOOKS)).json.webhooks).to.deep.equal([made]);
    expect((await call('POST', one.replace('?', '/disable?'))).json.webhook.enabled).to.equal(false);
    expect((await call('POST', one.replace('?', '/enable?'))).json.webhook.enabled).to.equal(true);
    const patched = await call('PATCH', one, { enableConfigs: ['stg'], disableConfigs: ['dev'], name: 'deploy' });
    expect(patched.json.webhook).to.deep.equal({ ...made, name: 'deploy', enabledConfigs: ['stg'] });
    expect(JSON.stringify((await call('GET', one)).json)).not.to.match(/signing-key|bearer-token/);
    expect((await call('DELETE', one)).status).to.equal(204);
    expect((await call('GET', one)).status).to.equal(404);
    expect((await call('GET', HOOKS, undefined, SEED.tokens.dev)).status).to.equal(403);
  });

  it('refuse what the description does not have, and then change nothing', async () => {
    const made = await make({ url: 'https://hook.example' });
    const one = `/v3/webhooks/webhook/${made.id}?project=shop`;
    for (const bad of [
      { url: 'http://plain.example' },
      { url: 'https://other.example', payload: '{not json' },
      { authentication: { type: 'Bearer' } },
      { authentication: { type: 'Digest', token: 'x' } },
      { enableConfigs: ['nowhere'] },
      { secret: 5 },
    ])
      expect((await call('PATCH', one, bad)).status, JSON.stringify(bad)).to.equal(400);
    expect((await call('GET', one)).json.webhook).to.deep.equal(made);
    expect((await call('POST', HOOKS, { secret: KEY })).status).to.equal(400);
  });

  it('deliver names of what changed, signed over the raw bytes, to the configs asked for', async () => {
    const to = await receiver();
    await make({ url: to.url, authentication: { type: 'Basic', username: 'you', password: 'pass' } });
    await set({ STRIPE_KEY: 'canary-value', ADDED: 'canary-value', JWT_SECRET: null });
    await set({ STRIPE_KEY: 'elsewhere' }, 'stg');
    await set({ ADDED: 'canary-value' });
    const log = await settled();
    expect(log.map(({ status, attempt, signed, config }) => [status, attempt, signed, config])).to.deep.equal([[200, 1, true, 'dev']]);
    const [{ headers, raw } = { headers: {}, raw: Buffer.from('') }] = to.arrived;
    expect(to.arrived).to.have.length(1);
    expect(headers['x-doppler-signature']).to.equal(`sha256=${createHmac('sha256', KEY).update(raw).digest('hex')}`);
    expect(headers.authorization).to.equal(`Basic ${Buffer.from('you:pass').toString('base64')}`);
    const body = JSON.parse(raw.toString());
    expect(body).to.have.all.keys('type', 'config', 'project', 'workplace', 'diff');
    expect(body.type).to.equal('config.secrets.update');
    expect(body.config).to.include({ name: 'dev', environment: 'dev', project: 'shop' });
    expect(body.diff).to.deep.equal({ added: ['ADDED'], removed: ['JWT_SECRET'], updated: ['STRIPE_KEY'] });
    expect(raw.toString()).not.to.contain('canary');
    await to.close();
  });

  it('deliver a payload of their own, unsigned without a key, and nothing while disabled', async () => {
    const to = await receiver();
    const made = await make({ url: to.url, secret: '', payload: '{"event_type":"sync"}' });
    await set({ A: '1' });
    await settled();
    expect(to.arrived[0]?.raw.toString()).to.equal('{"event_type":"sync"}');
    expect(to.arrived[0]?.headers).not.to.have.property('x-doppler-signature');
    await call('POST', `/v3/webhooks/webhook/${made.id}/disable?project=shop`);
    await set({ A: '2' });
    await settled();
    expect(to.arrived).to.have.length(1);
    await to.close();
  });

  it('try again until somebody takes it, and give up in the end', async () => {
    await weather({ backoff: 1 });
    const to = await receiver([500, 302]);
    await make({ url: to.url });
    await set({ A: '1' });
    expect((await settled()).map(({ status, attempt }) => [status, attempt])).to.deep.equal([
      [500, 1],
      [302, 2],
      [200, 3],
    ]);
    expect(new Set(to.arrived.map(({ raw }) => raw.toString())).size).to.equal(1);
    await to.close();
    await call('DELETE', '/_sandbox/doppler/deliveries');
    await set({ A: '2' });
    expect((await settled()).map(({ status }) => status)).to.deep.equal([0, 0, 0, 0, 0, 0]);
  });

  it('come twice, late, and out of order when told so, and can be replayed', async () => {
    const to = await receiver();
    await make({ url: to.url });
    await weather({ duplicates: 1, reorder: 2, delay: 5 });
    await set({ FIRST: '1' });
    await set({ SECOND: '1' });
    const log = await settled();
    const added = () => to.arrived.map(({ raw }) => JSON.parse(raw.toString()).diff.added[0]);
    expect(added()).to.deep.equal(['SECOND', 'SECOND', 'FIRST', 'FIRST']);
    await call('POST', '/_sandbox/doppler/deliveries/replay', { id: log[0]?.id, times: 3 });
    await settled();
    expect(added().slice(4)).to.deep.equal(['SECOND', 'SECOND', 'SECOND']);
    expect((await weather({ luck: 1 })).status).to.equal(400);
    await to.close();
  });

  it('never leave this machine', async () => {
    await make({ url: 'https://hook.example' });
    await set({ A: '1' });
    expect((await settled()).map(({ status }) => status)).to.deep.equal(['skipped']);
  });
});
