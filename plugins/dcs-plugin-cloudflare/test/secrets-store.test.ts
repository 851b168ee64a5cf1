import { expect } from 'chai';
import { createApi, pages } from '../src/api.ts';
import definition from '../src/secrets-store.ts';
import { ACCOUNT, create, openCloud, remove, update, type Cloud } from './sandbox.ts';

const NONE = new Set<string>();

describe('Cloudflare Secrets Store', () => {
  let cloud: Cloud;
  beforeEach(async () => {
    cloud = await openCloud();
  });
  afterEach(() => cloud.stop());
  const target = () => definition.connect({ account_id: ACCOUNT }, cloud.context());
  const entries = async () => new Map((await target().list(NONE)).entries.map((entry) => [entry.name, entry]));
  const owned = (name: string) => ({ ...create(name), mark: { owner: 'abc', created: true } });

  it('creates in one request, marks its own and gives births and revisions', async () => {
    const outcomes = await target().write([owned('A'), owned('B')]);
    expect(outcomes.map((outcome) => outcome.result)).to.deep.equal(['done', 'done']);
    expect(cloud.sent.filter((request) => request.method === 'POST')).to.have.length(1);
    const a = (await entries()).get('A');
    expect(a?.mark).to.deep.equal({ owner: 'abc', created: true });
    expect(a?.birth).to.equal(outcomes[0]?.birth);
    expect(a?.trail?.[0]?.id).to.equal(outcomes[0]?.revision);
  });

  it('updates and deletes by id, keeps the mark, touches no other', async () => {
    await target().write([owned('A'), owned('B'), owned('C')]);
    const before = await entries();
    const outcomes = await target().write([remove('B'), update('A', 'two')]);
    expect(outcomes.map(({ name, result }) => `${name} ${result}`)).to.deep.equal(['A done', 'B done']);
    const after = await entries();
    expect([...after.keys()].toSorted()).to.deep.equal(['A', 'C']);
    expect(after.get('A')?.mark?.owner).to.equal('abc');
    expect(after.get('A')?.trail?.[0]?.id).to.equal(outcomes[0]?.revision).and.not.equal(before.get('A')?.trail?.[0]?.id);
    expect(after.get('C')).to.deep.equal(before.get('C'));
  });

  it('leaves a secret alone that was made again under the same name', async () => {
    await target().write([owned('A')]);
    const outcomes = await target().write([
      { ...update('A', 'two'), birth: 'another' },
      { ...remove('A'), birth: 'another' },
    ]);
    expect(outcomes.map((outcome) => outcome.result)).to.deep.equal(['conflict', 'conflict']);
  });

  it('lists every page', async () => {
    const all = Array.from({ length: 60 }, (_, index) => owned(`K${index}`));
    for (let at = 0; at < 60; at += 20) await target().write(all.slice(at, at + 20));
    expect((await entries()).size).to.equal(60);
    const { incarnation } = await target().list(NONE);
    const path = `/accounts/${ACCOUNT}/secrets_store/stores/${incarnation}/secrets`;
    const paged = await pages(createApi(cloud.context()), { method: 'GET', path, subject: 'the store' }, 25);
    expect(new Set(paged.map((item) => item['name'])).size).to.equal(60);
  });
});
