import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { SEED } from '../../src/seed.ts';
import { b64, type Client, failure, PROJECT, REGION, RUN_ACCOUNT, start } from './client.ts';

const { service, job } = SEED.google;
const PLACE = `projects/${PROJECT}/locations/${REGION}`;
const ref = (name: string, secret: string, version: string) => ({ name, valueSource: { secretKeyRef: { secret, version } } });

describe('google sandbox: Cloud Run', () => {
  let client: Client;
  beforeEach(async () => {
    client = await start();
    await client.secrets('POST', '/secrets?secretId=DB', { replication: { automatic: {} } });
    await client.secrets('POST', '/secrets/DB:addVersion', { payload: { data: b64('one') } });
  });
  afterEach(() => client.close());

  const run = (method: string, path: string, body?: unknown, token?: string) => client.api(method, `/run/v2/${path}`, body, token);
  const get = async () => (await run('GET', `${PLACE}/services/${service}`)).body;
  const grant = () =>
    client.sandbox('POST', 'grants', {
      project: PROJECT,
      member: `serviceAccount:${RUN_ACCOUNT}`,
      roles: ['roles/secretmanager.secretAccessor'],
    });
  const read = async (name: string, more: object = { service }) =>
    (await client.sandbox('GET', `peek?${new URLSearchParams({ project: PROJECT, name, ...more }).toString()}`)).body.value as
      | string
      | null;
  async function bind(env: object[], query = 'updateMask=template.containers') {
    const { template } = await get();
    return run('PATCH', `${PLACE}/services/${service}?${query}`, { template: { containers: [{ ...template.containers[0], env }] } });
  }

  it('lists and shows a service, at the root too', async () => {
    const { services } = (await run('GET', `${PLACE}/services`)).body;
    expect(services.map(({ name }: { name: string }) => name.split('/').at(-1))).to.deep.equal([SEED.google.fn, service]);
    const shown = await get();
    expect(shown).to.include({ name: `${PLACE}/services/${service}`, generation: '1' });
    expect(shown.terminalCondition.state).to.equal('CONDITION_SUCCEEDED');
    expect(shown.latestReadyRevision).to.equal(shown.latestCreatedRevision);
    const bare = await fetch(`${client.url}/v2/${PLACE}/services/${service}`, { headers: { authorization: 'Bearer owner' } });
    expect(bare.status).to.equal(200);
    expect(failure(await run('GET', `${PLACE}/services/none`))).to.deep.equal([404, 'NOT_FOUND']);
  });

  it('makes a revision that reads the pinned version, once the operation is done', async () => {
    await grant();
    const before = await get();
    await client.sandbox('POST', 'operations', { ms: 60 });
    const started = (await bind([{ name: 'LOG_LEVEL', value: 'debug' }, ref('DATABASE_URL', 'DB', '1')])).body;
    expect(started).not.to.include.keys('done');
    expect(await get()).to.include({ reconciling: true, latestReadyRevision: before.latestReadyRevision });
    expect(await read('DATABASE_URL')).to.equal(null);
    await sleep(80);
    const { body } = await run('GET', started.name as string);
    expect(body.done).to.equal(true);
    expect(body.response.latestReadyRevision).to.match(/revisions\/shop-api-00002-/);
    await client.secrets('POST', '/secrets/DB:addVersion', { payload: { data: b64('two') } });
    expect([await read('DATABASE_URL'), await read('LOG_LEVEL')]).to.deep.equal(['one', 'debug']);
    expect((await run('GET', `${PLACE}/services/${service}/revisions`)).body.revisions).to.have.length(2);
    expect((await get()).template.serviceAccount).to.equal(RUN_ACCOUNT);
  });

  it('does not become ready when its account may not read, and the old revision serves on', async () => {
    const started = (await bind([ref('DATABASE_URL', 'DB', '1')])).body;
    const { error } = (await run('GET', started.name as string)).body;
    expect(error.message).to.match(/Permission denied on secret: .*versions\/1 for Revision service account shop-run@/);
    const after = await get();
    expect(after.terminalCondition.state).to.equal('CONDITION_FAILED');
    expect([after.latestReadyRevision, after.latestCreatedRevision].map((name) => name.includes('00002'))).to.deep.equal([false, true]);
    expect(await read('LOG_LEVEL')).to.equal('info');
    await grant();
    for (const [secret, version] of [
      ['NONE', 'latest'],
      ['DB', '9'],
    ] as const) {
      const { name } = (await bind([ref('DATABASE_URL', secret, version)])).body;
      expect((await run('GET', name as string)).body.error.message).to.match(/was not found/);
    }
    await client.secrets('POST', '/secrets/DB/versions/1:disable');
    const { name } = (await bind([ref('DATABASE_URL', 'DB', 'latest')])).body;
    expect((await run('GET', name as string)).body.error.message).to.match(/versions\/1\] is in DISABLED state/);
  });

  it('refuses an old etag, a bad mask, a bad body and a foreign account', async () => {
    const shown = await get();
    await grant();
    await bind([ref('A', 'DB', 'latest')]);
    const { template, etag } = shown;
    const patch = (query: string, body: object, token?: string) => run('PATCH', `${PLACE}/services/${service}${query}`, body, token);
    expect(failure(await patch('', { template, etag }))).to.deep.equal([409, 'ABORTED']);
    expect(failure(await patch('?updateMask=uid', { template }))).to.deep.equal([400, 'INVALID_ARGUMENT']);
    expect(failure(await patch('', { template, colour: 'red' }))).to.deep.equal([400, 'INVALID_ARGUMENT']);
    expect(failure(await bind([ref('A', 'DB', '1'), { name: 'A', value: 'x' }]))).to.deep.equal([400, 'INVALID_ARGUMENT']);
    expect(failure(await bind([{ name: 'A', value: 'x'.repeat(32_769) }]))).to.deep.equal([400, 'INVALID_ARGUMENT']);
    const deployer = await client.holder('roles/run.developer');
    const denied = await patch('?updateMask=template', { template }, deployer);
    expect(denied.body.error.message).to.contain('iam.serviceAccounts.actAs');
  });

  it('keeps nothing of a dry run', async () => {
    await grant();
    const before = await get();
    const { body } = await bind([ref('A', 'DB', 'latest')], 'updateMask=template.containers&validateOnly=true');
    expect(body.response.template.containers[0].env).to.have.length(1);
    expect(await get()).to.deep.equal(before);
  });

  it('takes a revision of the same name only for the same template', async () => {
    const { template } = await get();
    const named = { ...template, revision: `${service}-mine` };
    const patch = (sent: object) => run('PATCH', `${PLACE}/services/${service}?updateMask=template`, { template: sent });
    expect((await patch(named)).status).to.equal(200);
    expect(failure(await patch({ ...named, timeout: '10s' }))).to.deep.equal([409, 'ALREADY_EXISTS']);
  });

  it('writes a job whole, without a mask', async () => {
    await grant();
    const path = `${PLACE}/jobs/${job}`;
    const { template, labels } = (await run('GET', path)).body;
    template.template.containers[0].env = [ref('DATABASE_URL', 'DB', 'latest')];
    expect(failure(await run('PATCH', `${path}?updateMask=template`, { template }))).to.deep.equal([400, 'INVALID_ARGUMENT']);
    expect((await run('PATCH', path, { template, labels })).status).to.equal(200);
    expect(await read('DATABASE_URL', { job })).to.equal('one');
    expect((await run('GET', path)).body).not.to.include.keys('latestReadyRevision');
  });

  it('creates where nothing was, and fails as ordered', async () => {
    const { template } = await get();
    expect((await run('POST', `${PLACE}/services?serviceId=new`, { template })).status).to.equal(200);
    expect(failure(await run('POST', `${PLACE}/services?serviceId=new`, { template }))).to.deep.equal([409, 'ALREADY_EXISTS']);
    await client.sandbox('POST', 'operations', { fail: 'The container did not start.' });
    const { name } = (await run('PATCH', `${PLACE}/services/new?updateMask=labels`, { labels: { a: 'b' } })).body;
    expect((await run('GET', name as string)).body.error).to.deep.equal({ code: 13, message: 'The container did not start.' });
  });
});
