import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT_FILE, workspace, type Workspace } from './workspace.ts';

const SYNC = ['sync', '--all', '-e', 'staging', '--yes'];

describe('records and histories of members of a workspace', () => {
  let w: Workspace;
  beforeEach(async () => {
    w = await workspace();
    await w.member('api', 'worker');
    await w.member('web', 'worker', 'jobs');
  });
  afterEach(() => w.close());

  const reads = async (): Promise<number[]> =>
    (await w.journal()).filter(({ method, path }) => method === 'GET' && path === '/v3/configs/config/secrets').map(({ status }) => status);

  it('keep their records when their folder moves, and say the same alone and together', async () => {
    await w.dcs(SYNC);
    await rename(join(w.project, 'services/api'), join(w.project, 'services/moved'));
    const status = await w.dcs(['status', '--all', '--strict', '--exit-code', '--json']);
    expect(status.code, status.out).to.equal(0);
    expect((status.json()['targets'] as { target: string }[]).map(({ target }) => target)).to.include('moved/worker');
  });

  it('are written by one sync that history knows and undo takes back', async () => {
    await w.dcs(SYNC);
    await w.doppler('stg', { STRIPE_KEY: 'sk-of-staging-0002' });
    const second = await w.dcs(SYNC);
    const [, id] = /sync (\w+)$/m.exec(second.out) ?? [];
    const cwd = join(w.project, 'services/api');
    expect((await w.dcs(['history'], { cwd })).out)
      .to.contain(id)
      .and.contain('api/worker')
      .and.contain('web/jobs');
    const undo = await w.dcs(['undo', id!, '--yes'], { cwd });
    expect(undo.code, undo.out + undo.err).to.equal(0);
    for (const worker of ['api-worker', 'web-worker', 'web-jobs'])
      expect(await w.worker('STRIPE_KEY', worker)).to.equal('sk-of-staging-0001');
  });

  it('share one record at Doppler, its key and its place read once for all', async () => {
    await w.yaml(ROOT_FILE.replace('doppler: shop', 'doppler: shop\n  ledger: doppler'));
    await w.doppler('stg', { DCS_LEDGER_KEY: 'k'.repeat(40) });
    expect((await w.dcs(SYNC)).code).to.equal(0);
    await w.forget();
    const status = await w.dcs(['status', '--all', '-e', 'staging', '--strict', '--exit-code']);
    expect(status.code, status.out + status.err).to.equal(0);
    expect(await reads()).to.deep.equal([200, 200, 304]); // the key, the records, the config
  });
});
