import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { cloudflare } from '../../src/cloudflare/cloud.ts';
import { OTHER_ACCOUNT, OTHER_TOKEN, READ_TOKEN } from '../../src/cloudflare/seed.ts';
import { ACCOUNT, type Client, code, send, start } from './client.ts';

describe('cloudflare sandbox: who calls', () => {
  let client: Client;
  beforeEach(async () => {
    client = await start();
  });
  afterEach(() => client.close());

  it('answers in the vendor envelope with a ray and rate limit headers', async () => {
    const { body, headers, status } = await client.api('GET', '/accounts');
    expect(status).to.equal(200);
    expect(body).to.deep.include({ success: true, errors: [], messages: [] });
    expect(body.result.map((account: { id: string }) => account.id)).to.deep.equal([ACCOUNT]);
    expect(body.result_info).to.deep.equal({ page: 1, per_page: 20, count: 1, total_count: 1, total_pages: 1 });
    expect(headers.get('cf-ray')).to.match(/^[0-9a-f]{16}-[A-Z]{3}$/);
    expect(headers.get('ratelimit')).to.match(/^"default";r=1199;t=\d+$/);
    expect(headers.get('retry-after')).to.equal(null);
  });

  it('tells a missing, a malformed and an unknown token apart', async () => {
    expect(code(await client.mine('GET', '/workers/scripts', undefined, null))).to.deep.equal([401, 10000]);
    expect(code(await client.mine('GET', '/workers/scripts', undefined, 'no such token'))).to.deep.equal([400, 6003]);
    expect(code(await send(`${client.url}/client/v4/accounts`, 'GET', undefined, { authorization: 'Basic abc' }))).to.deep.equal([
      400, 6003,
    ]);
    expect(code(await client.mine('GET', '/workers/scripts', undefined, 'unknown-token'))).to.deep.equal([401, 10000]);
    expect(code(await client.api('GET', '/accounts', undefined, 'unknown-token'))).to.deep.equal([403, 9109]);
    expect(code(await client.api('GET', '/user/tokens/verify', undefined, 'unknown-token'))).to.deep.equal([401, 1000]);
  });

  it('verifies each kind of token only at its own address', async () => {
    await client.sandbox('POST', 'tokens', { value: 'account-token', name: 'ci', kind: 'account', accounts: [ACCOUNT], groups: [] });
    expect((await client.api('GET', '/user/tokens/verify')).body.result.status).to.equal('active');
    expect(code(await client.mine('GET', '/tokens/verify'))).to.deep.equal([401, 1000]);
    expect((await client.mine('GET', '/tokens/verify', undefined, 'account-token')).body.result.status).to.equal('active');
    expect(code(await client.api('GET', '/user/tokens/verify', undefined, 'account-token'))).to.deep.equal([401, 1000]);
  });

  it('refuses what a token has no right to, and writes nothing', async () => {
    const secret = { name: 'A', text: '1', type: 'secret_text' };
    expect(code(await client.mine('PUT', '/workers/scripts/shop-api/secrets', secret, READ_TOKEN))).to.deep.equal([403, 10000]);
    expect((await client.mine('GET', '/workers/scripts/shop-api/secrets', undefined, READ_TOKEN)).body.result).to.deep.equal([]);
    expect(code(await client.mine('GET', '/workers/scripts', undefined, OTHER_TOKEN))).to.deep.equal([403, 9109]);
    expect(code(await client.api('GET', `/accounts/${OTHER_ACCOUNT}`))).to.deep.equal([403, 9109]);
    expect(code(await client.api('GET', '/accounts/my-account/workers/scripts'))).to.deep.equal([404, 7003]);
  });

  it('names the caller and the memberships', async () => {
    expect((await client.api('GET', '/user')).body.result.email).to.equal('you@sandbox.example');
    expect((await client.api('GET', '/memberships')).body.result[0].account.id).to.equal(ACCOUNT);
    expect(code(await client.api('GET', '/nothing/here'))).to.deep.equal([404, 7000]);
  });

  it('says 429 with Retry-After once the window is used up', async () => {
    await client.sandbox('POST', 'limits', { quota: 1, seconds: 7 });
    expect((await client.api('GET', '/accounts')).headers.get('ratelimit')).to.equal('"default";r=0;t=7');
    const late = await client.api('GET', '/accounts');
    expect(code(late)).to.deep.equal([429, 971]);
    expect(late.headers.get('retry-after')).to.equal('7');
    await client.sandbox('POST', 'limits', {});
    expect((await client.api('GET', '/accounts')).status).to.equal(200);
  });

  it('remembers every name in a folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sandbox-cloudflare-'));
    const first = await start(folder);
    await first.mine('PUT', '/workers/scripts/shop-api/secrets', { name: '__proto__', text: 'kept', type: 'secret_text' });
    await first.close();
    const second = await start(folder);
    expect(await second.peek({ worker: 'shop-api', name: '__proto__' })).to.equal('kept');
    await second.close();
    await rm(folder, { recursive: true });
  });

  it('refuses a state that is none', () => {
    expect(() => cloudflare().restore({ accounts: [] })).to.throw('not readable');
  });
});
