import { expect } from 'chai';
import { type Client, code, start } from './client.ts';

const STORES = '/secrets_store/stores';
const draft = (name: string, value = 'v', comment = '') => ({ name, value, scopes: ['workers'], comment });

describe('cloudflare sandbox: secrets store', () => {
  let client: Client;
  let secrets: string;
  let store: string;
  beforeEach(async () => {
    client = await start();
    store = (await client.mine('GET', STORES)).body.result[0].id;
    secrets = `${STORES}/${store}/secrets`;
  });
  afterEach(() => client.close());

  const create = async (...drafts: unknown[]) => client.mine('POST', secrets, drafts);
  const names = async (query = '') =>
    (await client.mine('GET', `${secrets}${query}`)).body.result.map((item: { name: string }) => item.name);

  it('has one store an account', async () => {
    expect(code(await client.mine('POST', STORES, { name: 'second' }))).to.deep.equal([400, 1003]);
    await client.mine('DELETE', `${STORES}/${store}`);
    expect((await client.mine('POST', STORES, { name: 'second' })).body.result.name).to.equal('second');
    expect(code(await client.mine('GET', secrets))).to.deep.equal([404, 1004]);
  });

  it('creates a batch or nothing, and never tells a value', async () => {
    const { body } = await create(draft('A', 'hush-hush'), draft('B'));
    expect(JSON.stringify(body)).not.to.contain('hush-hush');
    expect(body.result[0]).to.deep.include({ name: 'A', status: 'active', store_id: store, scopes: ['workers'] });
    expect(body.result[0].created < body.result[1].created).to.equal(true);
    expect(code(await create(draft('C'), draft('A')))).to.deep.equal([409, 1002]);
    expect(code(await create(draft('C'), draft('D', 'x'.repeat(65_537))))).to.deep.equal([400, 1001]);
    expect(code(await create(draft('C'), { ...draft('D'), scopes: ['moon'] }))).to.deep.equal([400, 1001]);
    expect(await names()).to.deep.equal(['A', 'B']);
    expect(await client.peek({ store, name: 'A' })).to.equal('hush-hush');
  });

  it('pages, orders and searches names and comments', async () => {
    await create(draft('DB_URL'), draft('OTHER', 'v', 'next to db_url'), draft('Z'));
    expect(await names('?search=DB_URL')).to.deep.equal(['DB_URL', 'OTHER']);
    expect(await names('?page=2&per_page=2')).to.deep.equal(['Z']);
    expect(await names('?order=name&direction=desc')).to.deep.equal(['Z', 'OTHER', 'DB_URL']);
    expect(code(await client.mine('GET', `${secrets}?order=moon`))).to.deep.equal([400, 1001]);
  });

  it('patches what is named and moves the modified time on', async () => {
    const [before] = (await create(draft('A', 'old', 'why'))).body.result;
    const after = (await client.mine('PATCH', `${secrets}/${before.id}`, { value: 'new' })).body.result;
    expect(after).to.deep.include({ comment: 'why', created: before.created });
    expect(after.modified > before.modified).to.equal(true);
    expect(await client.peek({ store, name: 'A' })).to.equal('new');
    expect(code(await client.mine('PATCH', `${secrets}/nope`, { value: 'new' }))).to.deep.equal([404, 1005]);
  });

  it('duplicates a value under another name', async () => {
    const [first] = (await create(draft('A', 'same'))).body.result;
    expect(
      (await client.mine('POST', `${secrets}/${first.id}/duplicate`, { name: 'COPY', scopes: ['workers'] })).body.result.name,
    ).to.equal('COPY');
    expect(await client.peek({ store, name: 'COPY' })).to.equal('same');
  });

  it('deletes one, or all that a batch names, or none of them', async () => {
    const [a, b, c] = (await create(draft('A'), draft('B'), draft('C'))).body.result;
    await client.mine('DELETE', `${secrets}/${a.id}`);
    expect(code(await client.mine('DELETE', secrets, [{ id: b.id }, { id: a.id }]))).to.deep.equal([404, 1005]);
    expect(await names()).to.deep.equal(['B', 'C']);
    await client.mine('DELETE', secrets, [{ id: b.id }, { id: c.id }]);
    expect(await names()).to.deep.equal([]);
  });

  it('stops at 100 secrets and tells the quota', async () => {
    expect((await create(...Array.from({ length: 100 }, (_, n) => draft(`N${n}`)))).status).to.equal(200);
    expect((await client.mine('GET', '/secrets_store/quota')).body.result).to.deep.equal({ secrets: { quota: 100, usage: 100 } });
    expect(code(await create(draft('MORE')))).to.deep.equal([400, 1006]);
  });
});
