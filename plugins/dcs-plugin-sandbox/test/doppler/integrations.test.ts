import { expect } from 'chai';
import { SEED } from '../../src/seed.ts';
import { startSandbox, type Sandbox } from '../../src/server/server.ts';

const SYNCS = '/v3/configs/config/syncs';

describe("sandbox Doppler: integrations and Doppler's own syncs", () => {
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

  it('are made, told with the config and without the destination, and removed', async () => {
    const { integration } = (await call('POST', '/v3/integrations', { type: 'gcp_secret_manager', name: 'Acme', data: { gcp_key: 'k' } }))
      .json;
    const made = await call('POST', `${SYNCS}?project=shop&config=stg`, { integration: integration.slug, data: { region: 'automatic' } });
    expect(made.json.sync).to.include({ integration: integration.slug, project: 'shop', config: 'stg', enabled: true });
    const [listed] = (await call('GET', '/v3/integrations')).json.integrations;
    expect(listed).to.include({ name: 'Acme', type: 'gcp_secret_manager', kind: 'sync', enabled: true });
    expect(listed.syncs).to.deep.equal([made.json.sync]);
    expect(JSON.stringify(listed)).to.not.contain('gcp_key').and.not.contain('region');
    const one = `${SYNCS}/sync?project=shop&config=stg&sync=${made.json.sync.slug}`;
    expect((await call('GET', one)).json.sync).to.deep.equal(made.json.sync);
    expect((await call('GET', one.replace('stg', 'dev'))).status).to.equal(404);
    expect((await call('DELETE', `${one}&delete_from_target=false`)).status).to.equal(204);
    expect((await call('DELETE', `/v3/integrations/integration?integration=${integration.slug}`)).status).to.equal(204);
    expect((await call('GET', '/v3/integrations')).json.integrations).to.deep.equal([]);
  });

  it('are no business of a token for one config', async () => {
    expect((await call('GET', '/v3/integrations', undefined, SEED.tokens.stg)).status).to.equal(403);
    expect((await call('POST', '/v3/integrations', { type: 'x', name: 'x' }, SEED.tokens.prdWrite)).status).to.equal(403);
    expect((await call('POST', '/v3/integrations', { type: 'x' })).status).to.equal(400);
  });
});
