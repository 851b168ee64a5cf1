import { expect } from 'chai';
import { SEED } from '../../src/seed.ts';
import { b64, type Client, failure, PROJECT, REGION, RUN_ACCOUNT, start } from './client.ts';

const { fn, legacyFunction } = SEED.google;
const PLACE = `projects/${PROJECT}/locations/${REGION}`;
const ref = (version: string) => ({ key: 'DB', projectId: PROJECT, secret: 'DB', version });

describe('google sandbox: Cloud Functions', () => {
  let client: Client;
  beforeEach(async () => {
    client = await start();
    await client.secrets('POST', '/secrets?secretId=DB', { replication: { automatic: {} } });
    await client.secrets('POST', '/secrets/DB:addVersion', { payload: { data: b64('one') } });
    const member = `serviceAccount:${RUN_ACCOUNT}`;
    await client.sandbox('POST', 'grants', { project: PROJECT, member, roles: ['roles/secretmanager.secretAccessor'] });
  });
  afterEach(() => client.close());

  const call = (method: string, path: string, body?: unknown, token?: string) => client.api(method, `/cloudfunctions/${path}`, body, token);
  const mask = 'updateMask=serviceConfig.secretEnvironmentVariables';
  const bind = (refs: unknown) =>
    call('PATCH', `v2/${PLACE}/functions/${fn}?${mask}`, { serviceConfig: { secretEnvironmentVariables: refs } });
  const read = async (name: string) =>
    (await client.sandbox('GET', `peek?${new URLSearchParams({ project: PROJECT, name, function: fn }).toString()}`)).body.value as
      | string
      | null;

  it('lists both generations in every region, by environment, and the first by v1 only', async () => {
    const ids = async (path: string) =>
      ((await call('GET', path)).body.functions as { name: string }[]).map(({ name }) => name.split('/').at(-1));
    const all = `projects/${PROJECT}/locations/-/functions`;
    expect(await ids(`v2/${all}`)).to.deep.equal([legacyFunction, fn]);
    expect(await ids(`v2/${all}?filter=${encodeURIComponent('environment="GEN_2"')}`)).to.deep.equal([fn]);
    expect(await ids(`v1/${all}`)).to.deep.equal([legacyFunction]);
    const shown = (await call('GET', `v2/${PLACE}/functions/${fn}`)).body;
    expect(shown).to.include({ state: 'ACTIVE', environment: 'GEN_2' });
    expect(shown.serviceConfig.service).to.equal(`${PLACE}/services/${fn}`);
  });

  it('binds a secret and leaves the rest, in a new revision of the service behind it', async () => {
    const revision = async () => (await client.api('GET', `/run/v2/${PLACE}/services/${fn}`)).body.latestReadyRevision as string;
    const before = await revision();
    const { body } = await bind([ref('1')]);
    const done = (await call('GET', `v2/${body.name}`)).body;
    expect(done.response.serviceConfig).to.deep.include({
      secretEnvironmentVariables: [ref('1')],
      environmentVariables: { LOG_LEVEL: 'info' },
    });
    expect([await read('DB'), await read('LOG_LEVEL')]).to.deep.equal(['one', 'info']);
    expect(await revision()).not.to.equal(before);
    await client.secrets('POST', '/secrets/DB:addVersion', { payload: { data: b64('two') } });
    expect(await read('DB')).to.equal('one');
    await bind([ref('latest')]);
    expect(await read('DB')).to.equal('two');
  });

  it('refuses a clash of names and half a reference, and serves on when a secret cannot be read', async () => {
    expect(failure(await bind([{ ...ref('1'), key: 'LOG_LEVEL' }]))).to.deep.equal([400, 'INVALID_ARGUMENT']);
    expect(failure(await bind([{ key: 'DB', secret: 'DB' }]))).to.deep.equal([400, 'INVALID_ARGUMENT']);
    await bind([ref('1')]);
    const { name } = (await bind([ref('7')])).body;
    expect((await call('GET', `v2/${name}`)).body.error.message).to.match(/versions\/7 was not found/);
    expect(await read('DB')).to.equal('one');
    expect((await call('GET', `v2/${PLACE}/functions/${fn}`)).body.stateMessages[0].severity).to.equal('ERROR');
  });

  it('updates the first generation by v1', async () => {
    const path = `v1/${PLACE}/functions/${legacyFunction}`;
    const { body } = await call('PATCH', `${path}?updateMask=secretEnvironmentVariables`, { secretEnvironmentVariables: [ref('1')] });
    expect(body.name).to.match(/^operations\//);
    expect((await call('GET', `v1/${body.name}`)).body.response.secretEnvironmentVariables).to.deep.equal([ref('1')]);
    expect((await call('GET', path)).body).to.deep.include({ environmentVariables: { LOG_LEVEL: 'info' }, versionId: '2' });
    expect(failure(await call('GET', `v1/${PLACE}/functions/${fn}`))).to.deep.equal([404, 'NOT_FOUND']);
    expect(failure(await call('PATCH', `v2/${PLACE}/functions/${legacyFunction}?${mask}`, {}))).to.deep.equal([400, 'INVALID_ARGUMENT']);
  });

  it('creates and tells service accounts', async () => {
    const accounts = `/iam/v1/projects/${PROJECT}/serviceAccounts`;
    const made = (await client.api('POST', accounts, { accountId: 'dcs-writer', serviceAccount: { displayName: 'dcs' } })).body;
    expect(made.email).to.equal(`dcs-writer@${PROJECT}.iam.gserviceaccount.com`);
    expect((await client.api('GET', `${accounts}/${made.email}`)).body).to.include({ displayName: 'dcs' });
    expect(failure(await client.api('POST', accounts, { accountId: 'dcs-writer' }))).to.deep.equal([409, 'ALREADY_EXISTS']);
    expect(failure(await client.api('GET', `${accounts}/none@x.iam.gserviceaccount.com`))).to.deep.equal([404, 'NOT_FOUND']);
  });
});
