import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { world, YAML, type World } from './world.ts';

const KEY = 'sandbox-stripe-key-of-dev';
const PRINT = ['--', process.execPath, '-e', 'console.log(process.env.STRIPE_KEY)'];

describe('dcs run without Doppler', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  afterEach(() => w.close());
  const run = (...flags: string[]) => w.dcs(['run', '--no-mask', ...flags, ...PRINT]);
  const fault = (fault: Record<string, unknown>) => w.post('/_sandbox/faults', { cloud: 'doppler', times: 'forever', ...fault });
  const snapshots = (): Promise<string[]> => readdir(join(w.home, 'cache', 'dcs', 'snapshots')).catch(() => []);

  it('asks with one small request when nothing changed', async () => {
    await run();
    await w.forget();
    expect((await run()).out).to.equal(`${KEY}\n`);
    expect((await w.journal()).map(({ status }) => status)).to.deep.equal([304]);
    await w.doppler('dev', { STRIPE_KEY: 'moved' });
    expect((await run()).out).to.equal('moved\n');
  });

  for (const kind of [{ kind: 'status', status: 503 }, { kind: 'reset' }, { kind: 'html' }])
    it(`falls back to the last snapshot, and says how old it is (${JSON.stringify(kind)})`, async function () {
      this.timeout(60_000);
      await run();
      await fault(kind);
      const ran = await run();
      expect(ran, ran.err).to.include({ code: 0, out: `${KEY}\n` });
      expect(ran.err).to.match(/Using the snapshot of \d+ s ago\./);
    });

  it('runs on no old secrets after a refusal, a lost config, a redirect, a damaged answer or a used-up quota', async function () {
    this.timeout(120_000);
    for (const [kind, gone] of [
      [{ kind: 'status', status: 401 }, true],
      [{ kind: 'status', status: 403 }, true],
      [{ kind: 'status', status: 404 }, true],
      [{ kind: 'redirect' }, false],
      [{ kind: 'html', status: 200 }, false],
      [{ kind: 'status', status: 429, retryAfter: 120 }, false],
    ] as const) {
      await run();
      await fault(kind);
      const ran = await run();
      expect(ran.code, JSON.stringify(kind)).to.equal(125);
      expect(ran.out).to.equal('');
      expect(await snapshots(), JSON.stringify(kind)).to.have.length(gone ? 0 : 1);
      await fetch(`${w.origin}/_sandbox/faults`, { method: 'DELETE' });
    }
  });

  it('--offline asks nobody; without a snapshot it says so', async () => {
    const bare = await run('--offline');
    expect(bare.code).to.equal(125);
    expect(bare.err).to.contain('There is no snapshot of shop/dev');
    await run();
    await w.forget();
    const ran = await run('--offline');
    expect(ran.out).to.equal(`${KEY}\n`);
    expect(ran.err).to.match(/Snapshot of \d+ s ago; Doppler was not asked/);
    expect(await w.journal()).to.deep.equal([]);
    const other = await w.dcs(['run', '--offline', ...PRINT], { env: { DOPPLER_TOKEN: `${w.env['DOPPLER_TOKEN']}x` } });
    expect(other.code).to.equal(125);
    expect(other.err).to.contain('cannot be opened');
  });

  it('--max-age takes a young snapshot without asking, and refuses an old one', async () => {
    await run();
    await w.forget();
    expect((await run('--max-age', '10m')).out).to.equal(`${KEY}\n`);
    expect(await w.journal()).to.deep.equal([]);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await run('--offline', '--max-age', '1s')).err).to.contain('--max-age allows 1 s');
    expect((await run('--max-age', '1s')).out).to.equal(`${KEY}\n`);
    expect(await w.journal()).to.have.length(1);
    expect((await run('--max-age', 'soon')).err).to.contain('--max-age wants a time such as 90s');
  });

  it('takes a personal config that it could not look for as unknown, not as absent', async () => {
    await w.doppler('dev_personal', { STRIPE_KEY: 'my own' });
    await fault({ kind: 'status', status: 500, route: 'GET /v3/configs/config' });
    const ran = await run();
    expect(ran.code).to.equal(125);
    expect(ran.out).to.equal('');
    await fetch(`${w.origin}/_sandbox/faults`, { method: 'DELETE' });
    expect((await run()).out).to.equal('my own\n');
  });

  it('--offline has nothing to watch', async () => {
    const ran = await run('--offline', '--watch');
    expect(ran.code).to.equal(125);
    expect(ran.err).to.contain('--offline');
  });

  it('never feeds a sync', async () => {
    await w.dcs(['run', '-e', 'staging', '--', 'true']);
    await fault({ kind: 'reset' });
    const synced = await w.dcs(['sync', '-e', 'staging', '--yes']);
    expect(synced.code).to.equal(8);
    expect(await w.worker('STRIPE_KEY')).to.equal(undefined);
  }).timeout(120_000);

  it('dcs cache shows and cleans', async () => {
    await run();
    const shown = await w.dcs(['cache', 'show', '--json']);
    expect(shown.json()['snapshots']).to.have.length(1);
    expect(shown.out).to.contain('/shop/dev').and.not.to.contain(KEY);
    expect((await w.dcs(['cache', 'clean'])).out).to.equal('1 snapshot removed.\n');
    expect(await snapshots()).to.deep.equal([]);
    expect((await w.dcs(['cache', 'show'])).out).to.equal('No snapshots.\n');
  });
});
