import { expect } from 'chai';
import { SHARED_KEY } from './machines.ts';
import { world, YAML, type World } from './world.ts';

describe('diff, sync, status: the built CLI on the sandbox', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  afterEach(() => w.close());

  const sync = (...more: string[]) => w.dcs(['sync', '-e', 'staging', '--yes', ...more]);

  it('plans without writing, writes what it planned, and then has nothing to do', async () => {
    const diff = await w.dcs(['diff', '-e', 'staging', '--json']);
    expect(diff.code, diff.err).to.equal(0);
    const planned = (diff.json()['targets'] as { changes: { name: string }[] }[])[0]!.changes.map(({ name }) => name);
    expect(planned).to.include('STRIPE_KEY');
    expect((await w.journal()).filter(({ method, cloud }) => cloud === 'cloudflare' && method !== 'GET')).to.deep.equal([]);

    const first = await sync();
    expect(first.code, first.err + first.out).to.equal(0);
    expect(await w.worker('STRIPE_KEY')).to.be.a('string');
    expect((await w.journal()).filter(({ method, cloud }) => cloud === 'cloudflare' && method !== 'GET')).to.have.length(1);

    await w.forget();
    const again = await sync();
    expect(again.code, again.err).to.equal(0);
    expect(again.out).to.contain('Nothing to do');
    const calls = await w.journal();
    expect(calls.filter(({ cloud }) => cloud === 'doppler').map(({ status }) => status)).to.deep.equal([304]);
    expect(calls.filter(({ cloud }) => cloud === 'cloudflare')).to.have.length.at.most(2);
  });

  it('needs --yes without a terminal, and says so', async () => {
    const run = await w.dcs(['sync', '-e', 'staging']);
    expect(run.code).to.equal(7);
    expect(run.err).to.contain('REFUSED').and.to.contain('--yes');
    expect(await w.worker('STRIPE_KEY')).to.equal(undefined);
  });

  it('writes to a protected environment only with -e and --yes, both typed', async () => {
    const byVariable = await w.dcs(['sync', '--yes'], { env: { DCS_ENV: 'prod' } });
    expect(byVariable.code).to.equal(7);
    expect(await w.worker('STRIPE_KEY', 'shop-api')).to.equal(undefined);
    const typed = await w.dcs(['sync', '-e', 'prod', '--yes']);
    expect(typed.code, typed.err).to.equal(0);
    expect(await w.worker('STRIPE_KEY', 'shop-api')).to.be.a('string');
  });

  it('finds a hand edit as drift, leaves it to a planned sync, and mends it there', async () => {
    await sync();
    await w.edit('STRIPE_KEY', 'somebody-else');
    const status = await w.dcs(['status', '-e', 'staging', '--exit-code', '--json']);
    expect(status.code).to.equal(2);
    expect((status.json()['targets'] as { state: string }[])[0]!.state).to.equal('drifted');
    expect(await w.worker('STRIPE_KEY')).to.equal('somebody-else');
    expect((await sync('--allow', 'rewrite')).code).to.equal(0);
    expect(await w.worker('STRIPE_KEY')).not.to.equal('somebody-else');
    expect((await w.dcs(['status', '-e', 'staging', '--exit-code'])).code).to.equal(0);
  });

  it('takes a deployment of code for no drift', async () => {
    await sync();
    await w.post('/_sandbox/cloudflare/deploy-code', { account: '7f3ac0de51b84c2f9e60a1d2b3c4d5e6', worker: 'shop-api-staging' });
    expect((await w.dcs(['status', '-e', 'staging', '--exit-code', '--strict'])).code).to.equal(0);
  });

  it("keeps a stranger's secret, also when pruning, and never overwrites one without --allow adopt", async () => {
    await w.edit('SENTRY_DSN', 'theirs');
    await w.edit('STRIPE_KEY', 'theirs too');
    const refused = await sync();
    expect(refused.code).to.equal(7);
    expect(refused.err).to.contain('STRIPE_KEY').and.to.contain('--allow adopt').and.not.to.contain('theirs');
    expect(await w.worker('STRIPE_KEY')).to.equal('theirs too');
    expect((await sync('--allow', 'adopt', '--prune')).code).to.equal(0);
    expect(await w.worker('SENTRY_DSN')).to.equal('theirs');
    expect(await w.worker('STRIPE_KEY')).not.to.equal('theirs too');
  });

  it('deletes only with --prune, and only what dcs created', async () => {
    await w.doppler('stg', { EXTRA: 'one' });
    await sync();
    await w.doppler('stg', { EXTRA: null });
    expect((await sync()).code).to.equal(0);
    expect(await w.worker('EXTRA')).to.equal('one');
    const pruned = await sync('--prune');
    expect(pruned.code, pruned.err).to.equal(0);
    expect(await w.worker('EXTRA')).to.equal(undefined);
  });

  it('applies a saved plan exactly, and refuses a stale and an altered one', async () => {
    await w.doppler('prd', { DCS_LEDGER_KEY: SHARED_KEY });
    expect((await w.dcs(['diff', '-e', 'prod', '--out', 'prod.plan'])).code).to.equal(0);
    const applied = await w.dcs(['sync', '--plan', 'prod.plan', '--yes']);
    expect(applied.code, applied.err).to.equal(0);
    expect(await w.worker('STRIPE_KEY', 'shop-api')).to.be.a('string');
    await w.doppler('prd', { STRIPE_KEY: 'moved-on' });
    expect((await w.dcs(['diff', '-e', 'prod', '--out', 'next.plan'])).code).to.equal(0);
    await w.doppler('prd', { STRIPE_KEY: 'moved-again' });
    const stale = await w.dcs(['sync', '--plan', 'next.plan', '--yes']);
    expect(stale.code).to.equal(6);
    expect(stale.err).to.contain('stale');
    expect(await w.worker('STRIPE_KEY', 'shop-api')).not.to.equal('moved-again');
  });

  it('writes the changed names only', async () => {
    await sync();
    await w.doppler('stg', { STRIPE_KEY: 'fresh-value' });
    const run = await sync('--json');
    expect(run.code, run.err).to.equal(0);
    const [target] = run.json()['targets'] as { outcomes: { name: string; result: string }[] }[];
    expect(target!.outcomes).to.deep.equal([{ name: 'STRIPE_KEY', result: 'done' }]);
    expect(await w.worker('STRIPE_KEY')).to.equal('fresh-value');
  });

  it('gives one result in every word order, and one JSON document', async () => {
    const orders = [
      ['sync', 'cloudflare', '-e', 'staging', '--dry-run', '--json'],
      ['sync', '-e', 'staging', 'cloudflare', '--dry-run', '--json'],
      ['sync', 'api', '--json', '--dry-run', '-e', 'staging'],
    ];
    const documents = await Promise.all(orders.map(async (words) => (await w.dcs(words)).json()));
    for (const document of documents) expect(document['targets']).to.deep.equal(documents[0]!['targets']);
  });
});
