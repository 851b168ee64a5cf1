import { expect } from 'chai';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { world, YAML, type World } from './world.ts';

describe("credentials: the clouds' tokens from a Doppler config", () => {
  let w: World;
  const without = { CLOUDFLARE_API_TOKEN: undefined };
  const config = async (name: string): Promise<void> => {
    const answer = await fetch(`${w.origin}/v3/configs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${SEED.tokens.user}` },
      body: JSON.stringify({ project: 'shop', environment: 'dev', name }),
    });
    expect(answer.ok).to.equal(true);
  };
  beforeEach(async () => {
    w = await world();
    await w.yaml(`${YAML}credentials: {doppler: dev_clouds}\n`);
  });
  afterEach(() => w.close());

  it('sign in where no variable does, are read once a command, and are named by whoami', async () => {
    await config('dev_clouds');
    await w.doppler('dev_clouds', { CLOUDFLARE_API_TOKEN: w.env['CLOUDFLARE_API_TOKEN']! });
    await w.forget();
    const synced = await w.dcs(['sync', '-e', 'staging', '--yes'], { env: without });
    expect(synced.code, synced.err).to.equal(0);
    expect(await w.worker('STRIPE_KEY')).to.be.a('string');
    expect(await w.worker('CLOUDFLARE_API_TOKEN')).to.equal(undefined);
    const reads = (await w.journal()).filter(({ method, path }) => method === 'GET' && path.endsWith('/v3/configs/config/secrets'));
    expect(reads.length).to.be.lessThan(5);
    const who = await w.dcs(['whoami'], { env: without });
    expect(who.out).to.contain('CLOUDFLARE_API_TOKEN of Doppler shop/dev_clouds');
  });

  it('are beaten by a variable, and then not read at all', async () => {
    const synced = await w.dcs(['sync', '-e', 'staging', '--yes']);
    expect(synced.code, synced.err).to.equal(0);
  });

  it('that cannot be read are said so, with the place in dcs.yaml', async () => {
    const { code, out, err } = await w.dcs(['diff', '-e', 'staging'], { env: without });
    expect(code).to.be.oneOf([2, 3, 4]);
    expect(out + err)
      .to.contain('the tokens of clouds in Doppler shop/dev_clouds cannot be read')
      .and.to.contain('dcs.yaml:8:');
  });

  it('never lie in a config that is synced', async () => {
    await w.yaml(`${YAML}credentials: {doppler: prd}\n`);
    const { code, out, err } = await w.dcs(['diff', '-e', 'staging'], { env: without });
    expect(code).to.equal(2);
    expect(out + err).to.contain('prd is the config of prod, which is synced');
  });
});
