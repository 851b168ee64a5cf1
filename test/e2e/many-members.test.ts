import { expect } from 'chai';
import type { Ran } from './world.ts';
import { workspace, type Workspace } from './workspace.ts';

const MEMBERS = 200;

describe('200 members on clouds that fail in every tenth request', () => {
  let w: Workspace;
  before(async function () {
    this.timeout(60_000);
    w = await workspace();
    await w.post('/_sandbox/cloudflare/limits', { quota: 1_000_000, seconds: 300 });
    const names = Array.from({ length: MEMBERS }, (_, index) => `m${index}`);
    await w.deploy(...names.map((name) => `${name}-worker`));
    await Promise.all(
      names.map((name) => w.put(`services/${name}/dcs.yaml`, `targets: {worker: {type: cloudflare, worker: {staging: ${name}-worker}}}\n`)),
    );
  });
  after(() => w.close());

  it('converge, each run says in few lines what is left, and none writes what is there', async function () {
    this.timeout(120_000);
    await arm();
    await w.forget();
    const first = await sync();
    expect(first.code, first.err).to.equal(5);
    expect(first.out)
      .to.match(/^✓ 1\d\d targets {2}\d+ written/m)
      .and.match(/^Try {3}dcs sync --all -e staging {5}does only what is left$/m);
    expect(first.out.split('\n').length).to.be.at.most(60);
    expect((await failed()) / (await asked())).to.be.within(0.08, 0.12);
    expect((await sync()).out.split('\n').length).to.be.at.most(60);

    await fetch(`${w.origin}/_sandbox/faults`, { method: 'DELETE' });
    const calm = await sync();
    expect(calm.code, calm.out).to.equal(0);
    await w.forget();
    const last = await sync();
    expect([last.code, last.out]).to.deep.equal([0, 'Nothing to do: every target is in sync.\n']);
    expect((await w.journal()).filter(({ method }) => method !== 'GET')).to.deep.equal([]);
    const status = await w.dcs(['status', '--all', '--strict', '--exit-code']);
    expect([status.code, status.out]).to.deep.equal([0, '  ✓ in sync  200 targets\n']);
    for (const member of ['m0', 'm99', 'm199']) expect(await w.worker('STRIPE_KEY', `${member}-worker`)).to.equal('sk-of-staging-0001');
  });

  /** Each in every fiftieth request, ten apart; being asked to wait costs a second each time. */
  async function arm(): Promise<void> {
    const faults = [
      { kind: 'status', status: 503 },
      { kind: 'reset' },
      { kind: 'reset-after-commit' },
      { kind: 'html', status: 502 },
      { kind: 'status', status: 500 },
    ];
    await w.post('/_sandbox/faults', { cloud: 'cloudflare', nth: 15, every: 300, times: 4, kind: 'status', status: 429, retryAfter: 1 });
    for (const [index, fault] of faults.entries())
      await w.post('/_sandbox/faults', { cloud: 'cloudflare', nth: 1 + index * 10, every: 50, times: 'forever', ...fault });
  }

  const sync = (): Promise<Ran> => w.dcs(['sync', '--all', '-e', 'staging', '--yes']);
  const cloud = async (): Promise<{ status: number }[]> => (await w.journal()).filter((entry) => entry.cloud === 'cloudflare');
  const asked = async (): Promise<number> => (await cloud()).length;
  const failed = async (): Promise<number> => (await cloud()).filter(({ status }) => status === 0 || status >= 429).length;
});
