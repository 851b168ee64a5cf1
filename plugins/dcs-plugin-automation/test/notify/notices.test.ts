import { expect } from 'chai';
import { noticesOf } from '../../src/notify/notify.ts';
import { world, YAML, type World } from '../../../../test/e2e/world.ts';

const about = { trigger: 'schedule', project: 'shop', environment: 'staging' } as const;

describe('notifications: what dcs answered, as notices', () => {
  let w: World;
  before(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  after(() => w.close());

  async function notices(...words: string[]) {
    const { code, out } = await w.dcs([...words, '-e', 'staging', '--json']);
    return noticesOf({ exit: code ?? 1, document: JSON.parse(out) as Record<string, unknown> }, about);
  }
  const of = async (...words: string[]) => (await notices(...words)).map(({ event, target, code }) => [event, target, code]);

  it('of a sync and a look, of drift, of a refusal and of a failure', async () => {
    expect(await of('status')).to.deep.equal([]);
    expect(await of('sync')).to.deep.equal([['refused', undefined, 'REFUSED']]);
    const [synced] = await notices('sync', '--yes');
    expect(synced).to.deep.include({ ...about, event: 'synced', target: 'api' });
    expect(synced!.names).to.include('STRIPE_KEY');
    expect(await of('sync', '--yes')).to.deep.equal([['in-sync', 'api', undefined]]);
    expect(await of('status')).to.deep.equal([['in-sync', 'api', undefined]]);
    await w.doppler('stg', { STRIPE_KEY: 'newer' });
    expect(await of('status')).to.deep.equal([]);
    await w.dcs(['sync', '-e', 'staging', '--yes']);
    await w.edit('STRIPE_KEY', 'by-hand');
    const [drifted] = await notices('status');
    expect(drifted).to.deep.include({ event: 'drifted', target: 'api' });
    expect(drifted!.names).to.include('STRIPE_KEY');
    await w.post('/_sandbox/faults', { cloud: 'cloudflare', kind: 'status', status: 403, times: 'forever' });
    const [failed] = await notices('sync', '--yes');
    expect(failed).to.deep.include({ event: 'failed', target: 'api' });
    expect(failed!.message).to.contain('Cloudflare refused the token');
    expect(await of('status')).to.deep.equal([['failed', 'api', 'AUTH']]);
  });

  it('of a look at every environment, each by its name', async () => {
    await w.post('/_sandbox/faults', { cloud: 'cloudflare', kind: 'status', status: 403, times: 'forever' });
    const { code, out } = await w.dcs(['status', '--json']);
    const found = noticesOf({ exit: code ?? 1, document: JSON.parse(out) as Record<string, unknown> }, about);
    expect(found.map(({ environment, event }) => `${environment} ${event}`).toSorted()).to.deep.equal(['prod failed', 'staging failed']);
  });

  it('of one that said nothing', () => {
    expect(noticesOf({ exit: 130 }, about)).to.deep.equal([
      { ...about, event: 'failed', message: 'dcs ended with exit code 130 and said nothing.' },
    ]);
  });
});
