import { expect } from 'chai';
import { SEED } from '../../src/seed.ts';
import { type Client, query, refused, start } from './client.ts';

describe('neon sandbox: projects', () => {
  let client: Client;
  before(async () => {
    client = await start();
  });
  after(() => client.close());

  it('makes a project that a stock client can use at once, direct and pooled', async () => {
    const { body, uri, path, branch } = await client.project({
      name: 'shop',
      pg_version: 17,
      branch: { database_name: 'shop', role_name: 'owner' },
    });
    expect(body.operations.map(({ action, status }: { action: string; status: string }) => [action, status])).to.deep.equal([
      ['create_timeline', 'running'],
      ['start_compute', 'scheduling'],
    ]);
    expect(body.branch).to.include({ name: 'main', default: true, current_state: 'init' });
    expect(await query(uri, 'SELECT current_user, current_database()')).to.deep.equal([
      { current_user: 'owner', current_database: 'shop' },
    ]);
    const asked = `${path}/connection_uri?database_name=shop&role_name=owner`;
    const pooled = (await client.api('GET', `${asked}&pooled=true`)).body.uri as string;
    expect((await client.api('GET', asked)).body.uri).to.equal(uri);
    expect(pooled).not.to.equal(uri);
    expect(await query(pooled, 'SELECT 1 AS one')).to.deep.equal([{ one: 1 }]);
    expect((await client.api('GET', `${path}/branches/${branch}`)).body.branch).to.include({ current_state: 'ready' });
  });

  it('names who calls, and what a key reaches', async () => {
    const { id, path } = await client.project();
    const other = await client.project();
    expect((await client.api('GET', '/auth')).body.auth_method).to.equal('api_key_user');
    expect(refused(await client.api('GET', '/projects'))).to.deep.equal([
      400,
      'org_id is required, you can find it on your organization settings page',
    ]);
    expect(refused(await client.api('GET', path, undefined, null))[0]).to.equal(401);
    expect(refused(await client.api('GET', path, undefined, 'napi_wrong'))).to.deep.equal([
      401,
      'supplied credentials do not pass authentication',
    ]);
    const { body } = await client.api('POST', `/organizations/${SEED.neon.org}/api_keys`, { key_name: 'ci', project_id: id });
    const seen = await client.api('GET', '/projects', undefined, body.key);
    expect(seen.body.projects.map((project: { id: string }) => project.id)).to.deep.equal([id]);
    expect((await client.api('GET', other.path, undefined, body.key)).status).to.equal(404);
    expect((await client.api('POST', '/projects', { project: {} }, body.key)).status).to.equal(403);
    await client.api('DELETE', `/organizations/${SEED.neon.org}/api_keys/${body.id}`);
    expect((await client.api('GET', path, undefined, body.key)).status).to.equal(401);
  });
});
