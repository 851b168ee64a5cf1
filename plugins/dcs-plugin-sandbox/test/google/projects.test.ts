import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { SEED } from '../../src/seed.ts';
import { type Client, failure, NUMBER, PROJECT, start } from './client.ts';

describe('google sandbox: projects and their APIs', () => {
  let client: Client;
  beforeEach(async () => {
    client = await start();
  });
  afterEach(() => client.close());

  const usage = (method: string, path: string, body?: unknown, token?: string) =>
    client.api(method, `/serviceusage/v1/projects/${PROJECT}/services${path}`, body, token);
  const manager = (method: string, path: string, body?: unknown, token?: string) =>
    client.api(method, `/cloudresourcemanager/${path}`, body, token);

  it('has an API answer only when the operation that enables it is done', async () => {
    expect((await usage('GET', '/secretmanager.googleapis.com')).body.state).to.equal('ENABLED');
    await usage('POST', '/secretmanager.googleapis.com:disable');
    const off = await client.secrets('GET', '/secrets');
    expect(off.body.error.details[0]).to.deep.include({ reason: 'SERVICE_DISABLED' });
    await client.sandbox('POST', 'operations', { ms: 60 });
    const { body } = await usage('POST', ':batchEnable', { serviceIds: ['secretmanager.googleapis.com', 'pubsub.googleapis.com'] });
    expect(failure(await client.secrets('GET', '/secrets'))).to.deep.equal([403, 'PERMISSION_DENIED']);
    await sleep(80);
    expect((await client.api('GET', `/serviceusage/v1/${body.name}`)).body).to.include({ done: true });
    expect((await client.secrets('GET', '/secrets')).status).to.equal(200);
    const listed = (await usage('GET', '?filter=state:ENABLED&pageSize=200')).body.services as { config: { name: string } }[];
    expect(listed.map(({ config }) => config.name)).to.include('pubsub.googleapis.com');
  });

  it('enables nothing for those who may not, and nothing unknown', async () => {
    const viewer = await client.holder('roles/serviceusage.serviceUsageViewer');
    expect((await usage('GET', '/run.googleapis.com', undefined, viewer)).status).to.equal(200);
    expect(failure(await usage('POST', '/run.googleapis.com:enable', {}, viewer))).to.deep.equal([403, 'PERMISSION_DENIED']);
    expect(failure(await usage('POST', '/made-up:enable'))).to.deep.equal([403, 'PERMISSION_DENIED']);
    expect(failure(await usage('POST', ':batchEnable', { serviceIds: [] }))).to.deep.equal([400, 'INVALID_ARGUMENT']);
  });

  it('shows the projects one may see, by either version and by Firebase', async () => {
    expect((await manager('GET', `v1/projects/${PROJECT}`)).body).to.include({ projectNumber: NUMBER, lifecycleState: 'ACTIVE' });
    expect((await manager('GET', `v3/projects/${NUMBER}`)).body).to.include({ name: `projects/${NUMBER}`, projectId: PROJECT });
    expect(failure(await manager('GET', 'v3/projects/demo-other'))).to.deep.equal([403, 'PERMISSION_DENIED']);
    const found = (await manager('GET', 'v3/projects:search')).body.projects as { projectId: string }[];
    expect(found.map(({ projectId }) => projectId)).to.deep.equal([PROJECT]);
    const { results } = (await client.api('GET', '/firebase/v1beta1/projects')).body;
    expect(results.map(({ projectId }: { projectId: string }) => projectId)).to.deep.equal([PROJECT]);
    expect((await manager('GET', 'v1/projects', undefined, await client.holder())).body).to.deep.equal({});
  });

  it("keeps a project's policy under its etag, one binding a role", async () => {
    const path = `v3/projects/${PROJECT}`;
    const policy = (await manager('POST', `${path}:getIamPolicy`)).body;
    const role = 'roles/secretmanager.viewer';
    const members = (name: string) => [`user:${name}@sandbox.example`];
    policy.bindings.push({ role, members: members('a') }, { role, members: members('b') });
    const { bindings } = (await manager('POST', `${path}:setIamPolicy`, { policy })).body;
    expect(bindings.find((one: { role: string }) => one.role === role).members).to.deep.equal([...members('a'), ...members('b')]);
    expect(failure(await manager('POST', `${path}:setIamPolicy`, { policy }))).to.deep.equal([409, 'ABORTED']);
    const permissions = ['secretmanager.secrets.create', 'made.up.thing'];
    const viewer = await client.holder('roles/secretmanager.viewer');
    expect((await manager('POST', `${path}:testIamPermissions`, { permissions }, viewer)).body).to.deep.equal({});
  });

  it('has a backend of App Hosting, and legacy variables to read', async () => {
    const hosting = `/firebaseapphosting/v1beta/projects/${PROJECT}/locations`;
    const { backends } = (await client.api('GET', `${hosting}/-/backends`)).body;
    expect(backends[0].name).to.equal(`projects/${PROJECT}/locations/${SEED.google.backendRegion}/backends/${SEED.google.backend}`);
    expect(failure(await client.api('GET', `${hosting}/-/backends/none`))).to.deep.equal([404, 'NOT_FOUND']);
    const configs = `/runtimeconfig/v1beta1/projects/${PROJECT}/configs`;
    expect((await client.api('GET', configs)).body.configs).to.have.length(2);
    const { variables } = (await client.api('GET', `${configs}/stripe/variables`)).body;
    expect(variables.map(({ name }: { name: string }) => name.split('/variables/')[1])).to.deep.equal(['key', 'webhook/secret']);
    expect(JSON.stringify(variables)).not.to.contain('sandbox-legacy');
    const one = await client.api('GET', `${configs}/stripe/variables/webhook/secret`);
    expect(one.body).to.include({ text: 'sandbox-legacy-webhook' });
    await client.sandbox('POST', 'runtime-config', { project: PROJECT, config: 'stripe', variable: 'key', text: null });
    expect(failure(await client.api('GET', `${configs}/stripe/variables/key`))).to.deep.equal([404, 'NOT_FOUND']);
  });
});
