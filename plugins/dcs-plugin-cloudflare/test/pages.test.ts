import { expect } from 'chai';
import definition from '../src/pages.ts';
import { ACCOUNT, PROJECT, create, openCloud, remove, type Cloud } from './sandbox.ts';

const NONE = new Set<string>();

describe('Cloudflare Pages', () => {
  let cloud: Cloud;
  beforeEach(async () => {
    cloud = await openCloud();
  });
  afterEach(() => cloud.stop());
  const options = { account_id: ACCOUNT, project: PROJECT };
  const target = () => definition.connect(options, cloud.context());
  const names = async () => (await target().list(NONE)).entries.map((entry) => entry.name).toSorted();

  it('writes and deletes with one request each, in one environment only', async () => {
    await target().write([create('A', '1'), create('__proto__', '2')]);
    expect(await names()).to.include.members(['A', '__proto__']);
    expect(await cloud.peek({ pages: PROJECT, name: 'A' })).to.equal('1');
    expect(await cloud.peek({ pages: PROJECT, environment: 'preview', name: 'A' })).to.equal(null);
    await target().write([create('B', '3'), remove('A')]);
    expect(await names())
      .to.include('B')
      .and.not.include('A');
    expect(cloud.sent.filter((request) => request.method === 'PATCH')).to.have.length(2);
  });

  it('is live only after a redeploy, which it waits for', async () => {
    const one = target();
    await one.write([create('A', '1')]);
    const live = { pages: PROJECT, name: 'A', live: '1' };
    expect(await cloud.peek(live)).to.equal(null);
    expect((await one.redeploy?.())?.title).to.match(/^Pages deployment /);
    expect(await cloud.peek(live)).to.equal('1');
  });

  it('fails on a project that does not exist', async () => {
    const error = await definition
      .connect({ ...options, project: 'nope' }, cloud.context())
      .identify()
      .then(
        () => undefined,
        (problem: unknown) => problem,
      );
    expect(error).to.have.nested.property('details.vendorCode', 8000007);
    expect(error).to.have.property('code', 'TARGET');
  });
});
