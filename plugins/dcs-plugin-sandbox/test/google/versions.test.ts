import { expect } from 'chai';
import { crc32c } from '../../src/google/crc32c.ts';
import { b64, type Client, failure, NUMBER, start } from './client.ts';

const NAME = `projects/${NUMBER}/secrets/A`;

describe('google sandbox: versions', () => {
  let client: Client;
  beforeEach(async () => {
    client = await start();
    await client.secrets('POST', '/secrets?secretId=A', { replication: { automatic: {} } });
  });
  afterEach(() => client.close());

  const add = (text: string, more: object = {}) =>
    client.secrets('POST', '/secrets/A:addVersion', { payload: { data: b64(text), ...more } });
  const access = async (version: string) => client.secrets('GET', `/secrets/A/versions/${version}:access`);
  const value = async (version: string) => Buffer.from((await access(version)).body.payload.data as string, 'base64').toString();
  const to = (version: number, verb: string, body: object = {}) => client.secrets('POST', `/secrets/A/versions/${version}:${verb}`, body);

  it('knows the right checksum', () => {
    expect(crc32c(Buffer.from('123456789'))).to.equal(0xe306_9283);
  });

  it('counts versions from 1 and checks what it is given', async () => {
    expect(failure(await access('latest'))).to.deep.equal([404, 'NOT_FOUND']);
    const { body } = await add('one', { dataCrc32c: String(crc32c(Buffer.from('one'))) });
    expect(body).to.deep.include({ name: `${NAME}/versions/1`, state: 'ENABLED', clientSpecifiedPayloadChecksum: true });
    expect((await add('two')).body).to.include({ name: `${NAME}/versions/2` });
    expect(failure(await add('three', { dataCrc32c: '1' }))).to.deep.equal([400, 'INVALID_ARGUMENT']);
    expect(failure(await add(''))).to.deep.equal([400, 'INVALID_ARGUMENT']);
    expect(failure(await add('x'.repeat(65_537)))).to.deep.equal([400, 'INVALID_ARGUMENT']);
    expect((await add('x'.repeat(65_536))).status).to.equal(200);
    expect([await value('1'), await value('2')]).to.deep.equal(['one', 'two']);
    const { name, payload } = (await access('latest')).body;
    expect([name, payload.dataCrc32c]).to.deep.equal([`${NAME}/versions/3`, String(crc32c(Buffer.from('x'.repeat(65_536))))]);
  });

  it('reads no disabled and no destroyed version, and latest is the newest whatever its state', async () => {
    await add('one');
    await add('two');
    expect((await to(2, 'disable')).body.state).to.equal('DISABLED');
    expect((await access('latest')).body.error).to.deep.include({
      status: 'FAILED_PRECONDITION',
      message: `Secret Version [${NAME}/versions/2] is in DISABLED state.`,
    });
    expect((await to(2, 'enable')).body.state).to.equal('ENABLED');
    expect(await value('latest')).to.equal('two');
    expect((await to(2, 'destroy')).body).to.include.keys('destroyTime');
    expect(await client.peek('A', { version: '2' })).to.equal('');
    expect(failure(await to(2, 'enable'))).to.deep.equal([400, 'FAILED_PRECONDITION']);
    expect(failure(await access('latest'))).to.deep.equal([400, 'FAILED_PRECONDITION']);
    expect(failure(await access('7'))).to.deep.equal([404, 'NOT_FOUND']);
  });

  it('gives a version another etag with every change, also of nothing', async () => {
    const { etag } = (await add('one')).body;
    expect((await to(1, 'enable', { etag })).status).to.equal(200);
    expect(failure(await to(1, 'disable', { etag }))).to.deep.equal([400, 'FAILED_PRECONDITION']);
  });

  it('disables first where a destruction waits', async () => {
    await client.secrets('PATCH', '/secrets/A?updateMask=versionDestroyTtl', { versionDestroyTtl: '86400s' });
    await add('one');
    const { body } = await to(1, 'destroy');
    expect(body.state).to.equal('DISABLED');
    expect(Date.parse(body.scheduledDestroyTime as string)).to.be.closeTo(Date.now() + 86_400_000, 60_000);
    expect((await to(1, 'enable')).body).not.to.include.keys('scheduledDestroyTime');
    expect(await value('1')).to.equal('one');
  });

  it('lists newest first and by state, without values, as words or as numbers', async () => {
    for (const text of ['one', 'two', 'three']) await add(text);
    await to(1, 'disable');
    const { body } = await client.secrets('GET', '/secrets/A/versions');
    expect(body.versions.map(({ state }: { state: string }) => state)).to.deep.equal(['ENABLED', 'ENABLED', 'DISABLED']);
    expect(JSON.stringify(body)).not.to.contain(b64('two'));
    const off = (await client.secrets('GET', '/secrets/A/versions?filter=state:DISABLED')).body;
    expect(off.versions.map(({ name }: { name: string }) => name)).to.deep.equal([`${NAME}/versions/1`]);
    const coded = await client.secrets('GET', `/secrets/A/versions/1?${encodeURIComponent('$alt')}=json%3Benum-encoding%3Dint`);
    expect(coded.body.state).to.equal(2);
  });

  it('resolves aliases', async () => {
    await add('one');
    await add('two');
    await client.secrets('PATCH', '/secrets/A?updateMask=versionAliases', { versionAliases: { stable: 1 } });
    expect(await value('stable')).to.equal('one');
    expect(failure(await access('unstable'))).to.deep.equal([404, 'NOT_FOUND']);
  });

  it('holds latest and lists back when told, but never a version by number', async () => {
    await add('one');
    await client.sandbox('POST', 'consistency', { held: true });
    await add('two');
    await client.secrets('POST', '/secrets?secretId=B', { replication: { automatic: {} } });
    const listed = async () => (await client.secrets('GET', '/secrets')).body.secrets.map(({ name }: { name: string }) => name.at(-1));
    expect([await value('latest'), await value('2'), await listed()]).to.deep.equal(['one', 'two', ['A']]);
    await to(1, 'disable');
    expect((await client.secrets('GET', '/secrets/A/versions')).body.versions[0].state).to.equal('ENABLED');
    await client.sandbox('POST', 'consistency', { held: false });
    expect([await value('latest'), await listed()]).to.deep.equal(['two', ['B', 'A']]);
    await client.sandbox('POST', 'consistency', { held: true });
    await client.secrets('DELETE', '/secrets/B');
    expect(await listed()).to.deep.equal(['B', 'A']);
  });

  it('enforces the quotas when told', async () => {
    await client.sandbox('POST', 'limits', { writes: 3 });
    const statuses = [await add('1'), await add('2'), await add('3')].map(failure);
    expect(statuses.at(-1)).to.deep.equal([429, 'RESOURCE_EXHAUSTED']);
    await client.sandbox('POST', 'limits', { perSecret: 100, writes: 1 });
    await client.secrets('POST', '/secrets?secretId=B', { replication: { automatic: {} } });
    const over = await add('4');
    expect(over.body.error.details[0].reason).to.equal('RATE_LIMIT_EXCEEDED');
    expect(await client.peek('A')).to.equal('2');
    await client.sandbox('POST', 'limits');
    expect((await add('5')).status).to.equal(200);
  });

  it('shows what a stranger did', async () => {
    await add('one');
    expect((await client.sandbox('POST', 'hand-edit', { project: 'demo-shop', name: 'A', value: 'theirs' })).body).to.deep.equal({
      version: 2,
    });
    expect(await value('latest')).to.equal('theirs');
    await client.sandbox('POST', 'hand-edit', { project: 'demo-shop', name: 'A', value: null });
    expect(await client.peek('A')).to.equal(null);
  });
});
