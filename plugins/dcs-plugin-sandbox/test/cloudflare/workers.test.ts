import { expect } from 'chai';
import { ACCOUNT, type Answer, type Client, code, start } from './client.ts';

const SHOP = '/workers/scripts/shop-api';
const secret = (name: string, text: string) => ({ name, text, type: 'secret_text' });

describe('cloudflare sandbox: worker secrets', () => {
  let client: Client;
  beforeEach(async () => {
    client = await start();
  });
  afterEach(() => client.close());

  const bulk = (secrets: Record<string, unknown>): Promise<Answer> => client.mine('PATCH', `${SHOP}/secrets-bulk`, { secrets });
  const names = async (): Promise<string[]> =>
    (await client.mine('GET', `${SHOP}/secrets`)).body.result.map((item: { name: string }) => item.name);
  const versions = async (): Promise<number> => (await client.mine('GET', `${SHOP}/versions`)).body.result_info.total_count as number;

  it('takes a merge patch as one version and one deployment', async () => {
    await bulk({ OLD: secret('OLD', 'o'), KEPT: secret('KEPT', 'k') });
    const { body } = await bulk({ NEW: secret('NEW', 'n'), OLD: null });
    expect(body.result).to.deep.equal({ NEW: { name: 'NEW', type: 'secret_text' } });
    expect(await names()).to.have.members(['KEPT', 'NEW']);
    expect(await versions()).to.equal(3);
    expect(await client.peek({ worker: 'shop-api', name: 'KEPT' })).to.equal('k');
    expect(await client.peek({ worker: 'shop-api', name: 'OLD' })).to.equal(null);
    const [newest] = (await client.mine('GET', `${SHOP}/deployments`)).body.result.deployments;
    expect(newest.annotations).to.deep.equal({ 'workers/triggered_by': 'secret' });
    expect(newest.author_email).to.equal('you@sandbox.example');
    expect(newest.versions[0].percentage).to.equal(100);
  });

  it('is all or nothing when one entry is refused', async () => {
    const refused: [Record<string, unknown>, [number, number]][] = [
      [{ A: secret('A', '1'), LOG_LEVEL: secret('LOG_LEVEL', 'debug') }, [400, 10053]],
      [{ A: secret('A', '1'), B: secret('B', 'x'.repeat(5121)) }, [400, 10054]],
      [{ A: secret('A', '1'), GONE: null }, [404, 10056]],
      [{ A: secret('A', '1'), LOG_LEVEL: null }, [404, 10056]],
      [{ A: secret('A', '1'), B: { name: 'B', type: 'secret_text' } }, [400, 10021]],
      [Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`N${n}`, secret(`N${n}`, '1')])), [400, 10021]],
    ];
    for (const [secrets, expected] of refused) expect(code(await bulk(secrets))).to.deep.equal(expected);
    expect(await names()).to.deep.equal([]);
    expect(await versions()).to.equal(1);
  });

  it('counts variables against the limit of 128', async () => {
    const many = (from: number, to: number) =>
      Object.fromEntries(Array.from({ length: to - from }, (_, n) => [`N${from + n}`, secret(`N${from + n}`, '1')]));
    expect((await bulk(many(0, 100))).status).to.equal(200);
    expect(code(await bulk(many(100, 128)))).to.deep.equal([400, 10055]);
    expect((await bulk(many(100, 127))).status).to.equal(200);
  });

  it('puts, reads and deletes one secret without ever telling its value', async () => {
    await client.mine('PUT', `${SHOP}/secrets`, secret('with/slash', 'hush-hush'));
    const answers = await Promise.all(
      ['/secrets', '/secrets/with%2Fslash?url_encoded=true', '/settings', '/versions'].map((path) => client.mine('GET', SHOP + path)),
    );
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200, 200]);
    expect(JSON.stringify(answers.map(({ body }) => body))).not.to.contain('hush-hush');
    expect(answers[2]?.body.result.bindings).to.deep.equal([
      { name: 'LOG_LEVEL', type: 'plain_text', text: 'info' },
      { name: 'with/slash', type: 'secret_text' },
    ]);
    expect((await client.mine('DELETE', `${SHOP}/secrets/with%2Fslash?url_encoded=true`)).body.result).to.equal(null);
    expect(code(await client.mine('GET', `${SHOP}/secrets/with%2Fslash`))).to.deep.equal([404, 10056]);
  });

  it('knows no other worker', async () => {
    for (const path of ['secrets', 'settings', 'deployments', 'versions'])
      expect(code(await client.mine('GET', `/workers/scripts/nope/${path}`))).to.deep.equal([404, 10007]);
    expect(code(await client.mine('PATCH', '/workers/scripts/nope/secrets-bulk', { secrets: {} }))).to.deep.equal([404, 10007]);
  });

  it('refuses secret edits while the newest version is not the deployed one', async () => {
    const { body } = await client.sandbox('POST', 'upload-version', { account: ACCOUNT, worker: 'shop-api' });
    expect(code(await bulk({ A: secret('A', '1') }))).to.deep.equal([400, 10215]);
    const old = (await client.mine('GET', `${SHOP}/deployments`)).body.result.deployments[0].versions[0].version_id;
    const split = [
      { version_id: old, percentage: 90 },
      { version_id: body.version, percentage: 10 },
    ];
    expect((await client.mine('POST', `${SHOP}/deployments`, { strategy: 'percentage', versions: split })).status).to.equal(200);
    expect(code(await bulk({ A: secret('A', '1') }))).to.deep.equal([400, 10214]);
    await client.mine('POST', `${SHOP}/deployments`, { strategy: 'percentage', versions: [{ version_id: body.version, percentage: 100 }] });
    expect((await bulk({ A: secret('A', '1') })).status).to.equal(200);
    await client.sandbox('POST', 'rollback', { account: ACCOUNT, worker: 'shop-api' });
    expect(code(await bulk({ A: secret('A', '2') }))).to.deep.equal([400, 10215]);
  });

  it('lets a stranger edit by hand, and tells who it was', async () => {
    await bulk({ A: secret('A', 'mine') });
    await client.sandbox('POST', 'hand-edit', { account: ACCOUNT, worker: 'shop-api', name: 'A', value: 'theirs' });
    expect(await client.peek({ worker: 'shop-api', name: 'A' })).to.equal('theirs');
    const [newest] = (await client.mine('GET', `${SHOP}/versions`)).body.result.items;
    expect(newest).to.deep.include({ number: 3, annotations: { 'workers/triggered_by': 'secret' } });
    expect(newest.metadata.author_email).to.equal('stranger@sandbox.example');
    await client.sandbox('POST', 'deploy-code', { account: ACCOUNT, worker: 'shop-api' });
    expect(await client.peek({ worker: 'shop-api', name: 'A' })).to.equal('theirs');
    await client.sandbox('POST', 'hand-edit', { account: ACCOUNT, worker: 'shop-api', name: 'A', value: null });
    expect(await names()).to.deep.equal([]);
  });
});
