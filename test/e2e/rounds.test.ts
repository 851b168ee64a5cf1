import { expect } from 'chai';
import { world, YAML, type World } from './world.ts';

const SECRETS = 'GET /v3/configs/config/secrets';
const shown = (value: string): Record<string, unknown> => ({ secrets: { A: { raw: value, computed: value } }, success: true });

describe('a sync that plans again because something moved: its report is of all it did', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  afterEach(() => w.close());

  const sync = (...more: string[]) => w.dcs(['sync', '-e', 'staging', '--yes', ...more]);
  // A first sync asks for the key of a shared record before it reads the source: twice in all.
  const fault = (body: Record<string, unknown>) =>
    w.post('/_sandbox/faults', { cloud: 'doppler', route: SECRETS, kind: 'status', status: 200, ...body });

  it('counts what the first round wrote, when the second has nothing to do', async () => {
    // Another ETag each time, the same secrets.
    await fault({ headers: { etag: '"1"' }, body: shown('x'), times: 2 });
    await fault({ headers: { etag: '"2"' }, body: shown('x'), times: 'forever' });
    const run = await sync();
    expect(run.code, run.out + run.err).to.equal(0);
    expect(run.err).to.contain('planning again');
    expect(run.out).to.contain('api  1 written, confirmed').and.contain('1 written, 0 failed');
  });

  it('a value that changed meanwhile is written again, and counted once', async () => {
    await fault({ headers: { etag: '"1"' }, body: shown('x'), times: 2 });
    await fault({ headers: { etag: '"2"' }, body: shown('y'), times: 'forever' });
    const run = await sync();
    expect(run.code, run.out + run.err).to.equal(0);
    expect(run.out).to.contain('1 written, 0 failed');
    expect(await w.worker('A')).to.equal('y');
  });

  it('Doppler fails after the writes: 5, what was written, why it is not certain, and never "Nothing was written"', async () => {
    await fault({ headers: { etag: '"1"' }, body: shown('x'), times: 2 });
    await fault({ status: 403, body: {}, times: 'forever' });
    const run = await sync();
    expect(run.code, run.out + run.err).to.equal(5);
    expect(run.out).to.contain('1 of 1 written').and.contain('The Doppler token has no access to shop/stg.');
    expect(run.out).to.contain('Try   dcs whoami').and.not.contain('Nothing was written');
    expect(await w.worker('A')).to.equal('x');
    await fetch(`${w.origin}/_sandbox/faults`, { method: 'DELETE' });
    expect((await sync()).code).to.equal(0);
  });

  it('the second round asks what the first did not: 5, what was written and which consent is missing', async () => {
    await fault({ headers: { etag: '"1"' }, body: shown('x'), times: 2 });
    const two = { A: { raw: 'x', computed: 'x' }, MINE: { raw: 'z', computed: 'z' } };
    await w.edit('MINE', 'by hand');
    await fault({ headers: { etag: '"2"' }, body: { secrets: two, success: true }, times: 'forever' });
    const run = await sync();
    expect(run.code, run.out + run.err).to.equal(5);
    expect(run.out).to.contain('1 of 1 written').and.contain('adopt');
    expect(run.out + run.err).not.to.contain('Nothing was written');
    expect(await w.worker('MINE')).to.equal('by hand');
  });
});
