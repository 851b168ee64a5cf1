import { expect } from 'chai';
import { SEED } from '../../src/seed.ts';
import { startSandbox, type Sandbox } from '../../src/server/server.ts';

describe('sandbox Doppler: places and login', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox.close());

  async function call(method: string, path: string, body?: unknown, token: string = SEED.tokens.user) {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(sandbox.origin + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, json: text.startsWith('{') ? JSON.parse(text) : undefined };
  }
  const names = async (query: string, token?: string): Promise<string[]> =>
    (await call('GET', `/v3/configs?project=shop&${query}`, undefined, token)).json.configs.map(({ name }: { name: string }) => name);

  it('pages configs, and shows personal ones to their owner only', async () => {
    expect(await names('')).to.deep.equal(['dev', 'dev_personal', 'stg', 'prd']);
    expect(await names('per_page=3&page=2')).to.deep.equal(['prd']);
    expect(await names('environment=dev', SEED.tokens.account)).to.deep.equal(['dev']);
  });

  it('makes branch configs below their environment and keeps locked ones', async () => {
    const create = (name: string) => call('POST', '/v3/configs', { project: 'shop', environment: 'stg', name });
    expect((await create('branch')).status).to.equal(400);
    expect((await create('stg_branch')).status).to.equal(200);
    const inherited = await call('GET', '/v3/configs/config/secret?project=shop&config=stg_branch&name=JWT_SECRET');
    expect(inherited.json.value.raw).to.equal('sandbox-jwt-secret-of-stg');
    const one = { project: 'shop', config: 'stg_branch' };
    await call('POST', '/v3/configs/config/lock', one);
    expect((await call('DELETE', '/v3/configs/config', one)).status).to.equal(400);
    await call('POST', '/v3/configs/config/unlock', one);
    expect((await call('DELETE', '/v3/configs/config', one)).status).to.equal(204);
    expect((await call('GET', '/v3/configs/config?project=shop&config=stg_branch')).status).to.equal(404);
  });

  it('creates and deletes environments and projects', async () => {
    expect((await call('POST', '/v3/environments?project=shop', { name: 'Quality', slug: 'qa', personal_configs: true })).status).to.equal(
      200,
    );
    expect(await names('environment=qa')).to.deep.equal(['qa', 'qa_personal']);
    expect((await call('DELETE', '/v3/environments/environment?project=shop&environment=qa')).status).to.equal(204);
    expect(await names('environment=qa')).to.deep.equal([]);
    await call('POST', '/v3/projects', { name: 'other' });
    expect((await call('GET', '/v3/projects/project?project=other', undefined, SEED.tokens.account)).status).to.equal(404);
    expect((await call('DELETE', '/v3/projects/project', { project: 'other' })).status).to.equal(204);
    expect((await call('GET', '/v3/projects')).json.projects).to.have.lengthOf(1);
  });

  it('waits for the login to be confirmed, and revokes', async () => {
    const { json } = await call('GET', '/v3/auth/cli/generate/2?hostname=here');
    const authorize = () => call('POST', '/v3/auth/cli/authorize', { code: json.polling_code });
    expect((await authorize()).status).to.equal(409);
    await fetch(json.auth_url);
    const { token } = (await authorize()).json;
    expect((await call('GET', '/v3/me', undefined, token)).json.type).to.equal('cli');
    await call('POST', '/v3/auth/revoke', { token });
    expect((await call('GET', '/v3/me', undefined, token)).status).to.equal(401);
  });
});
