import { expect } from 'chai';
import { READ_TOKEN } from '../../src/google/seed.ts';
import { b64, type Client, failure, NUMBER, PROJECT, REGION, start } from './client.ts';

const automatic = { replication: { automatic: {} } };

describe('google sandbox: secrets', () => {
  let client: Client;
  beforeEach(async () => {
    client = await start();
  });
  afterEach(() => client.close());

  const create = (id: string, body: object = automatic, base = '') => client.secrets('POST', `${base}/secrets?secretId=${id}`, body);
  const names = async (query = '') =>
    ((await client.secrets('GET', `/secrets${query}`)).body.secrets ?? []).map(({ name }: { name: string }) => name.split('/').at(-1));

  it('creates once, answers with the project number, and says how a body is wrong', async () => {
    const { body } = await create('A', { ...automatic, labels: { 'managed-by': 'dcs' }, annotations: { 'dcs.source': 'shop/prd' } });
    expect(body).to.deep.include({ name: `projects/${NUMBER}/secrets/A`, labels: { 'managed-by': 'dcs' }, replication: { automatic: {} } });
    expect(body.etag).to.match(/^".+"$/);
    expect(failure(await create('A'))).to.deep.equal([409, 'ALREADY_EXISTS']);
    for (const [id, wrong] of [
      ['B', {}],
      ['B', { ...automatic, colour: 'red' }],
      ['B', { ...automatic, labels: { Upper: 'x' } }],
      ['B', { ...automatic, labels: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`l${n}`, ''])) }],
      ['B', { ...automatic, annotations: { big: 'x'.repeat(16_384) } }],
      ['has.dot', automatic],
      ['', automatic],
    ] as const)
      expect(failure(await create(id, wrong)), JSON.stringify(wrong).slice(0, 80)).to.deep.equal([400, 'INVALID_ARGUMENT']);
    expect(await names()).to.deep.equal(['A']);
  });

  it('lists newest first, in pages that new secrets do not move, and by filter', async () => {
    for (const id of ['A', 'B', 'C', '__proto__'])
      await create(id, { ...automatic, labels: { 'managed-by': id === 'B' ? 'else' : 'dcs' } });
    const first = (await client.secrets('GET', '/secrets?pageSize=2')).body;
    expect(first).to.include({ totalSize: 4 });
    expect(first.secrets.map((one: { name: string }) => one.name.split('/').at(-1))).to.deep.equal(['__proto__', 'C']);
    await create('LATE');
    expect(await names(`?pageSize=2&pageToken=${first.nextPageToken}`)).to.deep.equal(['B', 'A']);
    const filtered = async (filter: string) => names(`?filter=${encodeURIComponent(filter)}`);
    expect(await filtered('labels.managed-by=dcs')).to.deep.equal(['__proto__', 'C', 'A']);
    expect(await filtered('labels.managed-by=dcs AND NOT name:C')).to.deep.equal(['__proto__', 'A']);
    expect(await filtered('name:B OR name:C')).to.deep.equal(['C', 'B']);
    expect(await filtered('-labels.managed-by:*')).to.deep.equal(['LATE']);
    expect(failure(await client.secrets('GET', '/secrets?filter=%28'))).to.deep.equal([400, 'INVALID_ARGUMENT']);
    expect(failure(await client.secrets('GET', '/secrets?pageToken=nonsense'))).to.deep.equal([400, 'INVALID_ARGUMENT']);
  });

  it('patches only what the mask names, and refuses an old etag', async () => {
    const { etag } = (await create('A', { ...automatic, labels: { a: '1' }, annotations: { note: 'x' } })).body;
    const patch = (mask: string, body: object) => client.secrets('PATCH', `/secrets/A?updateMask=${mask}`, body);
    const changed = (await patch('labels', { labels: { b: '2' }, annotations: { note: 'y' }, etag })).body;
    expect(changed).to.deep.include({ labels: { b: '2' }, annotations: { note: 'x' } });
    expect(changed.etag).not.to.equal(etag);
    expect(failure(await patch('labels', { labels: {}, etag }))).to.deep.equal([400, 'FAILED_PRECONDITION']);
    expect(failure(await patch('replication', { ...automatic }))).to.deep.equal([400, 'INVALID_ARGUMENT']);
    expect(failure(await patch('', { labels: {} }))).to.deep.equal([400, 'INVALID_ARGUMENT']);
    await client.secrets('POST', '/secrets/A:addVersion', { payload: { data: b64('v') } });
    expect((await patch('version_aliases', { versionAliases: { current: '1' } })).body.versionAliases).to.deep.equal({ current: '1' });
    expect(failure(await patch('versionAliases', { versionAliases: { latest: '1' } }))).to.deep.equal([400, 'INVALID_ARGUMENT']);
    expect(failure(await patch('versionAliases', { versionAliases: { next: '2' } }))).to.deep.equal([400, 'INVALID_ARGUMENT']);
  });

  it('deletes with the right etag or none, and then there is nothing', async () => {
    await create('A');
    expect(failure(await client.secrets('DELETE', '/secrets/A?etag=%22old%22'))).to.deep.equal([400, 'FAILED_PRECONDITION']);
    expect(await client.secrets('DELETE', '/secrets/A')).to.deep.equal({ status: 200, body: {} });
    const gone = await client.secrets('GET', '/secrets/A');
    expect(failure(gone)).to.deep.equal([404, 'NOT_FOUND']);
    expect(gone.body.error.message).to.equal(`Secret [projects/${NUMBER}/secrets/A] not found.`);
  });

  it('keeps a region apart from the global ones', async () => {
    const base = `/locations/${REGION}`;
    expect(failure(await create('A', automatic, base))).to.deep.equal([400, 'INVALID_ARGUMENT']);
    const { body } = await create('A', {}, base);
    expect(body.name).to.equal(`projects/${NUMBER}/locations/${REGION}/secrets/A`);
    expect(await names()).to.deep.equal([]);
    const version = (await client.secrets('POST', `${base}/secrets/A:addVersion`, { payload: { data: b64('v') } })).body;
    expect(version.name).to.equal(`projects/${NUMBER}/locations/${REGION}/secrets/A/versions/1`);
    expect(await client.peek('A', { location: REGION })).to.equal('v');
    expect(await client.peek('A')).to.equal(null);
  });

  it('asks who calls, what they may, and whether the API is on', async () => {
    await create('A');
    const get = (token: string | null) => client.secrets('GET', '/secrets/A', undefined, token);
    expect((await get(null)).body.error.details[0].reason).to.equal('CREDENTIALS_MISSING');
    expect(failure(await get('nobody'))).to.deep.equal([401, 'UNAUTHENTICATED']);
    expect((await get(READ_TOKEN)).status).to.equal(200);
    const write = await client.secrets('DELETE', '/secrets/A', undefined, READ_TOKEN);
    expect(write.body.error.details[0]).to.deep.include({ reason: 'IAM_PERMISSION_DENIED', domain: 'iam.googleapis.com' });
    expect(failure(await client.api('GET', '/secretmanager/v1/projects/demo-other/secrets'))).to.deep.equal([403, 'PERMISSION_DENIED']);
    expect(failure(await client.api('GET', '/secretmanager/v1/projects/no-such/secrets'))).to.deep.equal([403, 'PERMISSION_DENIED']);
    expect((await client.api('GET', `/secretmanager/v1/projects/${NUMBER}/secrets/A`)).status).to.equal(200);
    await client.sandbox('POST', 'tokens', { value: 'old-token', member: 'user:you@sandbox.example', expires: -1 });
    expect(failure(await get('old-token'))).to.deep.equal([401, 'UNAUTHENTICATED']);
  });

  it('fails as told in the words of Google, and journals the name of what is created', async () => {
    const arm = (fault: object) => fetch(`${client.url}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(fault) });
    const route = 'POST /google/secretmanager/v1/projects/:project/secrets/:secret:addVersion';
    await arm({ route, kind: 'status', status: 429 });
    await create('A');
    const add = () => client.secrets('POST', '/secrets/A:addVersion', { payload: { data: b64('hush-hush') } });
    expect(failure(await add())).to.deep.equal([429, 'RESOURCE_EXHAUSTED']);
    expect((await add()).body.name).to.match(/versions\/1$/);
    const journal = await (await fetch(`${client.url}/_sandbox/journal`)).text();
    expect(JSON.parse(journal)[0].names).to.deep.equal(['A']);
    expect(journal).not.to.contain('hush-hush').and.not.to.contain(b64('hush-hush'));
  });

  it('answers at the root too, and as a web page where there is nothing', async () => {
    await create('A');
    const headers = { authorization: 'Bearer owner' };
    expect((await fetch(`${client.url}/v1/projects/${PROJECT}/secrets/A`, { headers })).status).to.equal(200);
    const nowhere = await client.api('GET', '/secretmanager/v9/nothing');
    expect(nowhere.status).to.equal(404);
    expect(nowhere.body).to.contain('<title>');
  });
});
