import { expect } from 'chai';
import { SEED } from '../../src/seed.ts';
import { startSandbox, type Sandbox } from '../../src/server/server.ts';

describe('sandbox Doppler', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox.close());
  beforeEach(() => fetch(`${sandbox.origin}/_sandbox/reset`, { method: 'POST' }));

  async function call(path: string, init: { method?: string; body?: unknown; token?: string; headers?: Record<string, string> } = {}) {
    const response = await fetch(sandbox.origin + path, {
      method: init.method ?? 'GET',
      headers: { authorization: `Bearer ${init.token ?? SEED.tokens.user}`, ...init.headers },
      ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    });
    const text = await response.text();
    const json = text.startsWith('{') ? JSON.parse(text) : undefined;
    return { status: response.status, headers: response.headers, text, json };
  }
  const SECRETS = '/v3/configs/config/secrets';
  const at = (config: string, project = 'shop') => `project=${project}&config=${config}`;
  const write = (body: unknown, token?: string, config = 'prd') =>
    call(`${SECRETS}?${at(config)}`, { method: 'POST', body, ...(token === undefined ? {} : { token }) });
  const read = async (name: string, config = 'prd', token?: string) =>
    (await call(`/v3/configs/config/secret?${at(config)}&name=${name}`, token === undefined ? {} : { token })).json.value;

  it('lists raw and computed values with the managed keys', async () => {
    const { json, headers } = await call(`${SECRETS}?${at('stg')}`);
    expect(json.secrets.REDIS_URL).to.include({ raw: 'redis://${REDIS_HOST}:6379/0', computed: 'redis://redis.stg.shop.example:6379/0' });
    expect(json.secrets.DOPPLER_CONFIG.computed).to.equal('stg');
    expect(headers.get('x-request-id')).to.be.a('string');
    const filtered = await call(`${SECRETS}?${at('stg')}&secrets=JWT_SECRET&include_managed_secrets=false`);
    expect(Object.keys(filtered.json.secrets)).to.deep.equal(['JWT_SECRET']);
  });

  it('merges, deletes by null, and is all or nothing', async () => {
    expect((await write({ secrets: { NEW: 'x', STRIPE_KEY: null } })).status).to.equal(200);
    expect((await read('NEW')).raw).to.equal('x');
    expect((await read('STRIPE_KEY')).rawVisibility).to.equal(null);
    const refused = await write({ secrets: { OTHER: 'y', BAD: '${NOWHERE}' } });
    expect([refused.status, refused.json]).to.deep.equal([
      400,
      { messages: ['The secret "BAD" cannot resolve the reference ${NOWHERE}.'], success: false },
    ]);
    expect((await read('OTHER')).raw).to.equal(null);
    expect((await write({ secrets: { DOPPLER_CONFIG: 'x' } })).json.messages[0]).to.match(/reserved name/);
    expect((await write({ secrets: { a: 'x' } })).status).to.equal(400);
    expect((await write({ secrets: {}, change_requests: [] })).status).to.equal(400);
    expect((await write({ secrets: { BIG: 'x'.repeat(51_201) } })).status).to.equal(400);
  });

  it('compares before it sets', async () => {
    const change = (originalValue: string) => ({
      change_requests: [{ name: 'JWT_SECRET', originalName: 'JWT_SECRET', value: 'new', originalValue }],
    });
    expect((await write(change('wrong'))).status).to.equal(400);
    expect((await write(change('sandbox-jwt-secret-of-prd'))).status).to.equal(200);
    expect((await read('JWT_SECRET')).raw).to.equal('new');
  });

  it('tags lists and downloads, across references', async () => {
    await call('/v3/projects', { method: 'POST', body: { name: 'other' } });
    await call(`${SECRETS}?${at('dev', 'other')}`, { method: 'POST', body: { secrets: { A: '${shop.prd.JWT_SECRET}' } } });
    for (const path of [`${SECRETS}?${at('dev', 'other')}`, `${SECRETS}/download?${at('dev', 'other')}&format=json`]) {
      const etag = (await call(path)).headers.get('etag') ?? '';
      expect((await call(path, { headers: { 'if-none-match': etag } })).status).to.equal(304);
      await write({ secrets: { JWT_SECRET: `moved ${path}` } });
      expect((await call(path, { headers: { 'if-none-match': etag } })).status).to.equal(200);
    }
    await call(`/v3/configs/config/secret?${at('prd')}&name=JWT_SECRET`, { method: 'DELETE' });
    const gone = await call(`${SECRETS}/download?${at('dev', 'other')}`);
    expect(gone.json.A).to.equal('${shop.prd.JWT_SECRET}');
  });

  it('keeps restricted values from people, not from machines', async () => {
    await write({ change_requests: [{ name: 'HIDDEN', originalName: null, value: 'v', visibility: 'restricted' }] });
    expect(await read('HIDDEN')).to.include({ raw: null, computed: null, rawVisibility: 'restricted' });
    expect((await read('HIDDEN', 'prd', SEED.tokens.prd)).computed).to.equal('v');
    expect((await read('HIDDEN', 'prd', SEED.tokens.account)).computed).to.equal('v');
  });

  it('holds tokens to what they may', async () => {
    const bad = await call('/v3/me', { token: 'nonsense' });
    expect([bad.status, bad.json]).to.deep.equal([401, { messages: ['Invalid Auth token'], success: false }]);
    expect((await call('/v3/nowhere', { token: 'nonsense' })).status).to.equal(401);
    expect((await call('/v3/nowhere')).status).to.equal(404);
    const other = await call(`${SECRETS}?${at('prd')}`, { token: SEED.tokens.stg });
    expect([other.status, other.json.messages[0]]).to.deep.equal([400, "This token does not have access to requested config 'prd'"]);
    expect((await write({ secrets: { A: 'x' } }, SEED.tokens.prd)).status).to.equal(403);
    expect((await write({ secrets: { A: 'x' } }, SEED.tokens.prdWrite)).status).to.equal(200);
    expect((await call(`${SECRETS}?${at('prd')}`, { token: SEED.tokens.scim })).status).to.equal(403);
    const basic = { authorization: `Basic ${Buffer.from(`${SEED.tokens.user}:`).toString('base64')}` };
    expect((await call('/v3/me', { headers: basic })).json.workplace.slug).to.equal('acme');
    const login = await call('/v3/auth/oidc', {
      method: 'POST',
      body: { identity: SEED.identity, token: `e30.${Buffer.from('{}').toString('base64url')}.` },
    });
    expect((await call(`${SECRETS}?${at('prd')}`, { token: login.json.token })).status).to.equal(200);
    const made = await call('/v3/configs/config/tokens', {
      method: 'POST',
      body: { project: 'shop', config: 'dev', name: 'old', expire_at: 1 },
    });
    expect((await call(`${SECRETS}?${at('dev')}`, { token: made.json.token.key })).status).to.equal(401);
  });

  it('logs names and values, and rolls back', async () => {
    await write({ secrets: { JWT_SECRET: 'wrong' } });
    const { json } = await call(`/v3/configs/config/logs?${at('prd')}`);
    const log = `${at('prd')}&log=${json.logs[0].id}`;
    expect((await call(`/v3/configs/config/logs/log?${log}`)).json.log.diff).to.deep.equal([
      { name: 'JWT_SECRET', added: 'wrong', removed: 'sandbox-jwt-secret-of-prd' },
    ]);
    expect((await call(`/v3/configs/config/logs/log/rollback?${log}`, { method: 'POST' })).json.log.rollback).to.equal(true);
    expect((await read('JWT_SECRET')).raw).to.equal('sandbox-jwt-secret-of-prd');
  });

  it('enforces limits when asked', async () => {
    await call('/_sandbox/doppler/limits', { method: 'POST', body: { secretReads: 1 } });
    expect((await call(`${SECRETS}?${at('prd')}`)).status).to.equal(200);
    const over = await call(`${SECRETS}?${at('prd')}`);
    expect([over.status, over.headers.has('retry-after')]).to.deep.equal([429, true]);
  });
});
