import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { world, YAML, type World } from './world.ts';

const { accountId, workers, pages } = SEED.cloudflare;

describe('the commands of dcs-plugin-cloudflare: the built CLI on the sandbox', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(() => w.close());

  const lists = async (words: readonly string[], names: readonly string[]): Promise<void> => {
    const text = await w.dcs(words);
    expect(text.code, text.err).to.equal(0);
    for (const name of names) expect(text.out).to.contain(name);
    const json = await w.dcs([...words, '--json']);
    expect(json.json()).to.have.property('schema', 1);
    for (const name of names) expect(JSON.stringify(json.json())).to.contain(name);
  };

  it('lists Workers and Pages projects of the account in dcs.yaml', async () => {
    await w.yaml(YAML);
    await lists(['cloudflare', 'workers', 'list'], workers);
    await lists(['cloudflare', 'pages', 'list'], [pages]);
  });

  it('takes the account that is said, and refuses one out of reach', async () => {
    await w.yaml('doppler: shop\n');
    await lists(['cloudflare', 'workers', 'list', '--account', accountId], workers);
    const run = await w.dcs(['cloudflare', 'workers', 'list', '--account', '0'.repeat(32)]);
    expect(run.code, run.out).to.be.oneOf([3, 4]);
  });

  it('provision links what the wrangler file names, once', async () => {
    await w.yaml('doppler: shop\n');
    await writeFile(join(w.project, 'wrangler.jsonc'), JSON.stringify({ name: 'shop-api', account_id: accountId, env: { staging: {} } }));
    const first = await w.dcs(['provision', 'cloudflare', '--yes', '--json']);
    expect(first.code, first.err + first.out).to.equal(0);
    expect(JSON.stringify(first.json())).to.contain('shop-api-staging');
    const validate = await w.dcs(['config', 'validate']);
    expect(validate.code, validate.err).to.equal(0);
    const again = await w.dcs(['provision', 'cloudflare', '--yes']);
    expect(again.code, again.err).to.equal(0);
    expect((await w.journal()).filter(({ cloud, method }) => cloud === 'cloudflare' && method !== 'GET')).to.deep.equal([]);
  });

  it('provision without a wrangler file says what to do', async () => {
    await w.yaml('doppler: shop\n');
    const run = await w.dcs(['provision', 'cloudflare']);
    expect(run.code).to.equal(2);
    expect(run.err).to.contain('no wrangler file');
  });
});
