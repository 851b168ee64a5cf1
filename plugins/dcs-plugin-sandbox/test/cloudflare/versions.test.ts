import { expect } from 'chai';
import { ACCOUNT, type Client, code, start } from './client.ts';

const SHOP = '/workers/scripts/shop-api';
const secret = (name: string, text: string) => ({ name, text, type: 'secret_text' });

function upload(metadata: unknown): FormData {
  const form = new FormData();
  form.set('metadata', new Blob([JSON.stringify(metadata)], { type: 'application/json' }));
  form.set('index.js', new File(['export default {}'], 'index.js', { type: 'application/javascript+module' }));
  return form;
}

describe('cloudflare sandbox: versions and deployments', () => {
  let client: Client;
  beforeEach(async () => {
    client = await start();
  });
  afterEach(() => client.close());

  it('keeps secrets and drops variables when code is uploaded', async () => {
    await client.mine('PUT', `${SHOP}/secrets`, secret('A', 'kept'));
    const { body } = await client.mine(
      'PUT',
      SHOP,
      upload({ main_module: 'index.js', bindings: [{ name: 'MODE', type: 'plain_text', text: 'fast' }] }),
    );
    expect(body.result.id).to.equal('shop-api');
    expect((await client.mine('GET', `${SHOP}/settings`)).body.result.bindings).to.deep.equal([
      { name: 'A', type: 'secret_text' },
      { name: 'MODE', type: 'plain_text', text: 'fast' },
    ]);
    expect(await client.peek({ worker: 'shop-api', name: 'A' })).to.equal('kept');
    const [newest] = (await client.mine('GET', `${SHOP}/deployments`)).body.result.deployments;
    expect(newest.annotations['workers/triggered_by']).to.equal('deployment');
  });

  it('creates a worker by upload, lists it and deletes it', async () => {
    expect((await client.mine('PUT', '/workers/scripts/fresh', upload({ main_module: 'index.js' }))).status).to.equal(200);
    const ids = async () => (await client.mine('GET', '/workers/scripts')).body.result.map((item: { id: string }) => item.id);
    expect(await ids()).to.deep.equal(['shop-api', 'shop-api-staging', 'fresh']);
    await client.mine('DELETE', '/workers/scripts/fresh');
    expect(await ids()).to.deep.equal(['shop-api', 'shop-api-staging']);
    const broken = upload({ bindings: [{ name: 'X', type: 'inherit' }] });
    expect(code(await client.mine('PUT', '/workers/scripts/broken', broken))).to.deep.equal([400, 10057]);
    expect(await ids()).not.to.include('broken');
  });

  it('patches the latest version without deploying it', async () => {
    await client.mine('PUT', `${SHOP}/secrets`, secret('A', 'old'));
    const patch = {
      env: { A: { type: 'secret_text', text: 'new' } },
      annotations: { 'workers/message': 'from dcs', 'workers/other': 'x' },
    };
    const { body } = await client.mine('PATCH', '/workers/workers/shop-api/versions/latest', patch);
    expect(await client.peek({ worker: 'shop-api', name: 'A' })).to.equal('old');
    const detail = (await client.mine('GET', `${SHOP}/versions/${body.result.id}`)).body.result;
    expect(detail.resources.bindings).to.deep.include({ name: 'A', type: 'secret_text' });
    expect(detail.annotations).to.deep.equal({ 'workers/message': 'from dcs', 'workers/triggered_by': 'secret' });
    await client.mine('POST', `${SHOP}/deployments`, {
      strategy: 'percentage',
      versions: [{ version_id: body.result.id, percentage: 100 }],
    });
    expect(await client.peek({ worker: 'shop-api', name: 'A' })).to.equal('new');
  });

  it('pages versions, newest first, and lists at most ten deployments', async () => {
    for (let n = 0; n < 12; n += 1)
      await client.sandbox('POST', 'hand-edit', { account: ACCOUNT, worker: 'shop-api', name: 'A', value: `v${n}` });
    const second = (await client.mine('GET', `${SHOP}/versions?page=2&per_page=5`)).body;
    expect(second.result.items.map((item: { number: number }) => item.number)).to.deep.equal([8, 7, 6, 5, 4]);
    expect(second.result_info).to.deep.include({ page: 2, per_page: 5, count: 5, total_count: 13 });
    const { deployments } = (await client.mine('GET', `${SHOP}/deployments`)).body.result;
    expect(deployments).to.have.length(10);
    const times = deployments.map((item: { created_on: string }) => item.created_on);
    expect(times).to.deep.equal(times.toSorted().toReversed());
    expect(new Set(times).size).to.equal(10);
  });

  it('refuses deployments that do not add up', async () => {
    const [version] = (await client.mine('GET', `${SHOP}/versions`)).body.result.items;
    const post = (versions: unknown[]) => client.mine('POST', `${SHOP}/deployments`, { strategy: 'percentage', versions });
    expect(code(await post([{ version_id: version.id, percentage: 99 }]))).to.deep.equal([400, 10021]);
    expect(code(await post([{ version_id: 'nope', percentage: 100 }]))).to.deep.equal([404, 10222]);
    expect((await client.mine('GET', `${SHOP}/deployments`)).body.result.deployments).to.have.length(1);
  });
});
