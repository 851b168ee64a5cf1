import { expect } from 'chai';
import { type Client, code, start } from './client.ts';

const SITE = '/pages/projects/shop-web';
const secret = (value: string) => ({ type: 'secret_text', value });

describe('cloudflare sandbox: pages', () => {
  let client: Client;
  beforeEach(async () => {
    client = await start();
  });
  afterEach(() => client.close());

  const patch = (production: unknown) => client.mine('PATCH', SITE, { deployment_configs: { production } });
  const peek = (extra: Record<string, string> = {}) => client.peek({ pages: 'shop-web', environment: 'production', name: 'A', ...extra });

  it('merges variables and blanks secrets on reading', async () => {
    await patch({
      env_vars: { A: secret('hush'), B: secret('gone'), MODE: { type: 'plain_text', value: 'fast' } },
      wrangler_config_hash: 'h1',
    });
    await patch({ env_vars: { B: null, NEVER: null } });
    const { body } = await client.mine('GET', SITE);
    expect(body.result.deployment_configs.production).to.deep.include({
      env_vars: { A: { type: 'secret_text', value: '' }, MODE: { type: 'plain_text', value: 'fast' } },
      wrangler_config_hash: 'h1',
    });
    expect(body.result.deployment_configs.preview.env_vars).to.equal(null);
    expect(await peek()).to.equal('hush');
  });

  it('changes nothing when one variable is not valid', async () => {
    expect(code(await patch({ env_vars: { A: secret('1'), B: { type: 'secret_text' } } }))).to.deep.equal([400, 8000022]);
    expect(await peek()).to.equal(null);
  });

  it('brings values live only with a deployment that is done', async () => {
    await patch({ env_vars: { A: secret('new') } });
    expect(await peek({ live: '1' })).to.equal(null);
    const [last] = (await client.mine('GET', `${SITE}/deployments?env=production`)).body.result;
    const retried = (await client.mine('POST', `${SITE}/deployments/${last.id}/retry`)).body.result;
    expect(retried.id).not.to.equal(last.id);
    await patch({ env_vars: { A: secret('newer') } });
    const seen: string[] = [];
    for (let poll = 0; poll < 3; poll += 1)
      seen.push((await client.mine('GET', `${SITE}/deployments/${retried.id}`)).body.result.latest_stage.status as string);
    expect(seen).to.deep.equal(['active', 'active', 'success']);
    expect(await peek({ live: '1' })).to.equal('new');
    expect(await client.peek({ pages: 'shop-web', environment: 'preview', name: 'A', live: '1' })).to.equal(null);
  });

  it('creates projects and uploads deployments for the branch they name', async () => {
    expect((await client.mine('POST', '/pages/projects', { name: 'blog', production_branch: 'trunk' })).status).to.equal(200);
    expect(code(await client.mine('POST', '/pages/projects', { name: 'blog', production_branch: 'trunk' }))).to.deep.equal([409, 8000002]);
    const form = new FormData();
    form.set('branch', 'feature');
    expect((await client.mine('POST', '/pages/projects/blog/deployments', form)).body.result.environment).to.equal('preview');
    expect((await client.mine('GET', '/pages/projects/blog/deployments?env=production')).body.result).to.deep.equal([]);
    expect((await client.mine('GET', '/pages/projects?per_page=1&page=2')).body.result[0].name).to.equal('blog');
  });

  it('knows no other project and no other deployment', async () => {
    expect(code(await client.mine('GET', '/pages/projects/nope'))).to.deep.equal([404, 8000007]);
    expect(code(await client.mine('POST', `${SITE}/deployments/nope/retry`))).to.deep.equal([404, 8000009]);
  });
});
