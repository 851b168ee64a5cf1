import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { WORKER, world, YAML, type World } from './world.ts';

const SCRIPT = `/client/v4/accounts/${SEED.cloudflare.accountId}/workers/scripts/${WORKER}`;

describe('a Worker whose newest version is not deployed', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  afterEach(() => w.close());

  const sync = (...more: string[]) => w.dcs(['sync', '-e', 'staging', '--yes', ...more]);
  const stranger = (what: string) =>
    w.post(`/_sandbox/cloudflare/${what}`, { account: SEED.cloudflare.accountId, worker: WORKER }) as Promise<{ version: string }>;
  const written = async (): Promise<readonly string[]> =>
    (await w.journal())
      .filter(({ cloud, method }) => cloud === 'cloudflare' && method === 'PATCH')
      .map(({ path }) => path.split('/').pop()!);
  const faultFired = async (): Promise<boolean> => {
    const faults = (await (await fetch(`${w.origin}/_sandbox/faults`)).json()) as { fired: number }[];
    return faults.some(({ fired }) => fired > 0);
  };
  const inSync = async (): Promise<void> => {
    const { code, out, err } = await w.dcs(['status', '-e', 'staging', '--exit-code', '--strict']);
    expect(code, out + err).to.equal(0);
  };
  const versions = async (): Promise<{ id: string }[]> => {
    const answer = await fetch(`${w.origin}${SCRIPT}/versions`, { headers: { authorization: `Bearer ${SEED.cloudflare.token}` } });
    return ((await answer.json()) as { result: { items: { id: string }[] } }).result.items;
  };
  const deployNewest = async (): Promise<void> => {
    const answer = await fetch(`${w.origin}${SCRIPT}/deployments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${SEED.cloudflare.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ strategy: 'percentage', versions: [{ version_id: (await versions())[0]!.id, percentage: 100 }] }),
    });
    expect(answer.status).to.equal(200);
  };

  it('gets the secrets in one new version on top of it, said before and after; deployed, all is in sync', async () => {
    await stranger('upload-version');
    const run = await sync();
    expect(run.code, run.err + run.out).to.equal(0);
    expect(run.err).to.contain('live with the next deployment').and.contain('is not deployed');
    expect(await written()).to.deep.equal(['latest']);
    expect(await w.worker('STRIPE_KEY')).to.equal(undefined);
    await inSync();
    expect((await sync()).code).to.equal(0);
    expect(await written()).to.have.length(1);
    await deployNewest();
    expect(await w.worker('STRIPE_KEY')).to.be.a('string');
    await inSync();
    await sync();
    expect(await written()).to.have.length(1);
  });

  it('an upload, or a stranger’s secret, on top of what dcs wrote: nothing to do, and drift', async () => {
    expect((await sync()).code).to.equal(0);
    await stranger('upload-version');
    await inSync();
    await w.doppler('stg', { STRIPE_KEY: 'rotated' });
    const run = await sync();
    expect(run.code, run.err + run.out).to.equal(0);
    expect(await written()).to.deep.equal(['secrets-bulk', 'latest']);
    await inSync();
    await deployNewest();
    expect(await w.worker('STRIPE_KEY')).to.equal('rotated');
    await inSync();
    await w.edit('STRIPE_KEY', 'by hand');
    expect((await w.dcs(['status', '-e', 'staging', '--exit-code'])).code).to.equal(2);
  });

  it('names that only the waiting version holds are asked for, not overwritten', async () => {
    await stranger('upload-version');
    const answer = await fetch(`${w.origin}/client/v4/accounts/${SEED.cloudflare.accountId}/workers/workers/${WORKER}/versions/latest`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${SEED.cloudflare.token}`, 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ env: { STRIPE_KEY: { type: 'secret_text', text: 'of a colleague' } } }),
    });
    expect(answer.status).to.equal(200);
    await w.forget();
    const run = await sync();
    expect(run.code, run.err + run.out).to.equal(7);
    expect(run.err + run.out)
      .to.contain('adopt')
      .and.contain('STRIPE_KEY');
    expect(await written()).to.deep.equal([]);
  });

  it('deletes what dcs made from the waiting version', async () => {
    await stranger('upload-version');
    await w.doppler('stg', { EXTRA: 'x' });
    expect((await sync()).code).to.equal(0);
    await w.doppler('stg', { EXTRA: null });
    const run = await sync('--prune', '--allow', 'delete');
    expect(run.code, run.err + run.out).to.equal(0);
    expect(run.out).to.match(/1 deleted|EXTRA|1 written/);
    await deployNewest();
    expect(await w.worker('EXTRA')).to.equal(undefined);
    expect(await w.worker('STRIPE_KEY')).to.be.a('string');
    await inSync();
  });

  it('comes about in the middle of a sync (10215): said, planned again, written once', async () => {
    await w.post('/_sandbox/faults', { route: `PATCH ${SCRIPT}/secrets-bulk`, kind: 'delay', ms: 1500 });
    const running = sync();
    while (!(await faultFired())) await sleep(20);
    await stranger('upload-version');
    const run = await running;
    expect(run.code, run.err + run.out).to.equal(0);
    expect(run.err).to.contain('live at once').and.contain('planning again').and.contain('live with the next deployment');
    expect(run.out).to.contain('not live yet').and.not.contain('live as version');
    expect(await written()).to.deep.equal(['secrets-bulk', 'latest']);
    expect(await w.worker('STRIPE_KEY')).to.equal(undefined);
    await inSync();
    await deployNewest();
    expect(await w.worker('STRIPE_KEY')).to.be.a('string');
    await inSync();
  });

  it('Cloudflare says so for ever (10214): 6, nothing written; then it converges', async () => {
    await w.post('/_sandbox/faults', {
      route: `PATCH ${SCRIPT}/secrets-bulk`,
      kind: 'status',
      status: 400,
      body: { success: false, errors: [{ code: 10214, message: 'not deployed' }], messages: [], result: null },
      times: 'forever',
    });
    const run = await sync();
    expect(run.code, run.err + run.out).to.equal(6);
    expect(run.out).to.contain('0 of 7 written').and.contain('Somebody uploaded a version meanwhile that is not deployed.');
    await fetch(`${w.origin}/_sandbox/faults`, { method: 'DELETE' });
    expect((await sync()).code).to.equal(0);
    expect(await w.worker('STRIPE_KEY')).to.be.a('string');
    await inSync();
  });
});
