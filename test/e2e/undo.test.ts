import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { SHARED_KEY } from './machines.ts';
import { world, YAML, type World } from './world.ts';

describe('dcs undo', function () {
  this.timeout(90_000);
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
    await sync();
  });
  afterEach(() => w.close());

  async function sync(...more: string[]): Promise<string> {
    const ran = await w.dcs(['sync', '-e', 'staging', '--yes', '--json', ...more]);
    expect(ran.code, ran.err + ran.out).to.equal(0);
    return ran.json()['run'] as string;
  }
  async function stored(name: string): Promise<string | undefined> {
    const url = new URL('/v3/configs/config/secrets', w.origin);
    url.search = new URLSearchParams({ project: 'shop', config: 'stg' }).toString();
    const answer = await fetch(url, { headers: { authorization: `Bearer ${SEED.tokens.user}` } });
    const { secrets } = (await answer.json()) as { secrets: Record<string, { raw: string }> };
    return secrets[name]?.raw;
  }

  it('brings back former values, takes away what was new, and syncs exactly these names', async () => {
    const before = await stored('REDIS_URL');
    await w.doppler('stg', { STRIPE_KEY: 'canary-one', REDIS_URL: 'canary-flat' });
    await w.doppler('stg', { STRIPE_KEY: 'canary-two', BRAND_NEW: 'canary-new' });
    const id = await sync();
    expect(await w.worker('BRAND_NEW')).to.equal('canary-new');
    await w.doppler('stg', { JWT_SECRET: 'canary-later' });
    const shown = await w.dcs(['undo', id, '--dry-run']);
    expect(shown.code, shown.err).to.equal(0);
    expect(shown.out)
      .to.match(/~ update +STRIPE_KEY +back to what it was before it was changed by You/)
      .and.match(/- delete +BRAND_NEW +made by You/);
    expect(shown.out).to.contain('3 changes in Doppler, then a sync of these names to api');
    expect(shown.out).to.match(/Or +npx wrangler rollback \S+ --name shop-api-staging/);
    const refused = await w.dcs(['undo', id, '--yes']);
    expect(refused.code).to.equal(7);
    expect(refused.err).to.contain('--allow delete');
    const undone = await w.dcs(['undo', id.toLowerCase(), '--yes', '--allow', 'delete']);
    expect(undone.code, undone.err + undone.out).to.equal(0);
    expect(await stored('STRIPE_KEY')).to.equal('sandbox-stripe-key-of-stg');
    expect(await stored('REDIS_URL'), 'as it was stored, reference and all').to.equal(before);
    expect(await w.worker('STRIPE_KEY')).to.equal('sandbox-stripe-key-of-stg');
    expect(await w.worker('BRAND_NEW')).to.equal(undefined);
    expect(await w.worker('JWT_SECRET'), 'a change of its own').to.equal('sandbox-jwt-secret-of-stg');
    expect(shown.out + shown.err + refused.err + undone.out + undone.err)
      .to.not.contain('canary')
      .and.not.contain('sandbox-stripe');
    const again = await w.dcs(['undo', id, '--yes', '--allow', 'delete']);
    expect(again.code).to.equal(6);
    expect(again.err).to.contain('edited in Doppler since sync');
  });

  it('refuses where somebody edited one of the names since, and writes nothing', async () => {
    await w.doppler('stg', { STRIPE_KEY: 'one' });
    const id = await sync();
    await w.doppler('stg', { STRIPE_KEY: 'two' });
    await w.forget();
    const refused = await w.dcs(['undo', id, '--yes']);
    expect(refused.code, refused.out).to.equal(6);
    expect(refused.err).to.contain('STRIPE_KEY: edited in Doppler since sync').and.contain('by You');
    expect((await w.journal()).filter(({ method }) => method !== 'GET')).to.deep.equal([]);
  });

  it('brings a deleted name back', async () => {
    await w.doppler('stg', { JWT_SECRET: null });
    const id = await sync('--prune', '--allow', 'delete');
    expect(await w.worker('JWT_SECRET')).to.equal(undefined);
    const undone = await w.dcs(['undo', id, '--yes']);
    expect(undone.code, undone.err + undone.out).to.equal(0);
    expect(await w.worker('JWT_SECRET')).to.equal('sandbox-jwt-secret-of-stg');
  });

  it('says what it cannot take back: a first sync, a mended drift, an unknown id', async () => {
    const { entries } = (await w.dcs(['history', '--json'])).json() as { entries: { id: string }[] };
    const first = await w.dcs(['undo', entries[0]!.id, '--yes']);
    expect(first.code).to.equal(7);
    expect(first.err).to.contain('the first sync of api');
    await w.edit('STRIPE_KEY', 'by hand');
    const mended = await w.dcs(['undo', await sync('--allow', 'rewrite'), '--yes']);
    expect(mended.code).to.equal(7);
    expect(mended.err).to.contain('the sync mended a drift');
    expect((await w.dcs(['undo', 'NOSUCH'])).code).to.equal(64);
  });

  it('asks for a protected environment by name', async () => {
    await w.dcs(['sync', '-e', 'prod', '--yes']);
    await w.doppler('prd', { STRIPE_KEY: 'moved' });
    const { run: id } = (await w.dcs(['sync', '-e', 'prod', '--yes', '--json'])).json() as { run: string };
    const refused = await w.dcs(['undo', id, '--yes']);
    expect(refused.code, refused.err).to.equal(7);
    expect(refused.err).to.contain(`dcs undo ${id} -e prod`);
    expect((await w.dcs(['undo', id, '-e', 'staging', '--yes'])).code).to.equal(64);
    const undone = await w.dcs(['undo', id, '-e', 'prod', '--yes']);
    expect(undone.code, undone.err).to.equal(0);
    expect(await w.worker('STRIPE_KEY', 'shop-api')).to.equal('sandbox-stripe-key-of-prd');
  });

  it('is known to every machine where the record is shared; each sync says who, from what, and the versions', async () => {
    await w.doppler('stg', { DCS_LEDGER_KEY: SHARED_KEY });
    await w.yaml(`ledger: doppler\n${YAML}`);
    await w.doppler('stg', { STRIPE_KEY: 'moved' });
    const id = await sync();
    const { entries } = (await w.dcs(['history', '--json', '--limit', '1'])).json() as { entries: Record<string, unknown>[] };
    expect(entries[0]).to.include({ id, by: 'you', environment: 'staging', target: 'api' });
    expect(entries[0]!['who']).to.have.property('doppler', 'you');
    expect(entries[0]!['revision']).to.have.keys('before', 'after');
    const undone = await w.dcs(['undo', id, '--yes']);
    expect(undone.code, undone.err + undone.out).to.equal(0);
  });

  it('shows a history that was altered', async () => {
    await w.doppler('stg', { STRIPE_KEY: 'moved' });
    await w.yaml(`ledger: git\n${YAML}`);
    await w.doppler('stg', { DCS_LEDGER_KEY: SHARED_KEY });
    await sync();
    await w.doppler('stg', { STRIPE_KEY: 'again' });
    await sync();
    const file = join(w.project, 'dcs.history.jsonl');
    const text = await readFile(file, 'utf8');
    expect((await w.dcs(['history'])).code).to.equal(0);
    await writeFile(file, text.replace('STRIPE_KEY', 'STRIPE_KEX'));
    const told = await w.dcs(['history']);
    expect(told.code).to.equal(6);
    expect(told.err).to.contain('is not as it was written');
  });
});
