import { expect } from 'chai';
import pg from 'pg';
import { dopplerHolds, neonApi, neonProject, settled } from './neon.ts';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { world, type World } from './world.ts';

describe('dcs neon preview', function () {
  this.timeout(120_000);
  let w: World;
  let project: Awaited<ReturnType<typeof neonProject>>;
  const preview = (...args: string[]) => w.dcs(['neon', 'preview', ...args]);
  const branches = async (): Promise<{ id: string; name: string; expires_at?: string; parent_id?: string }[]> =>
    (await neonApi(w, 'GET', `/projects/${project.id}/branches`)).branches;
  const names = async (): Promise<string[]> => (await branches()).map(({ name }) => name).toSorted();
  const doppler = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${w.origin}/v3/${path}`, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${SEED.tokens.user}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}`);
    return answer.status === 204 ? undefined : answer.json();
  };
  const configs = async (): Promise<string[]> =>
    ((await doppler('GET', 'configs?project=shop&per_page=100')) as { configs: { name: string }[] }).configs.map(({ name }) => name);
  const remove = async (name: string): Promise<void> => {
    const { id } = (await branches()).find((each) => each.name === name)!;
    await neonApi(w, 'DELETE', `/projects/${project.id}/branches/${id}`);
    await settled(w);
  };

  beforeEach(async () => {
    w = await world();
    project = await neonProject(w);
    await w.yaml(
      `doppler: shop\nsources:\n  db: {type: neon, project_id: ${project.id}, branch: {dev: dev, prod: main}, exclude: [NEON_HOST]}\n`,
    );
  });
  afterEach(() => w.close());

  it('opens a branch and a config that points at it, prolongs it, and closes both', async () => {
    const before = { configs: await configs(), dev: await dopplerHolds(w, 'dev') };
    const asked = await preview('open', '42', '-e', 'dev');
    expect(asked.code, asked.err).to.equal(7);
    expect([await names(), await configs()]).to.deep.equal([['dev', 'main'], before.configs]);

    const opened = await preview('open', '42', '-e', 'dev', '--parent', 'main', '--ttl', '1d', '--yes', '--json');
    expect(opened.code, opened.err + opened.out).to.equal(0);
    expect(opened.json()).to.deep.include({ preview: 'pr-42', config: { name: 'dev_pr-42', created: true } });
    const [branch] = (await branches()).filter(({ name }) => name === 'preview/pr-42');
    expect(branch).to.include({ parent_id: project.main });
    expect(Date.parse(branch!.expires_at!) - Date.now()).to.be.within(23.9 * 3_600_000, 24 * 3_600_000);
    const held = await dopplerHolds(w, 'dev_pr-42');
    expect(held).to.include({ NEON_BRANCH: 'preview/pr-42', STRIPE_KEY: 'sandbox-stripe-key-of-dev' });
    expect(await dopplerHolds(w, 'dev')).to.deep.equal(before.dev);
    for (const id of [project.main, project.dev])
      expect((await neonApi(w, 'GET', `/projects/${project.id}/branches/${id}/roles/neondb_owner/reveal_password`)).password).not.to.equal(
        held['NEON_PASSWORD'],
      );
    const client = new pg.Client({ connectionString: held['DATABASE_URL'] });
    await client.connect();
    await client.end();
    for (const text of [opened.out, opened.err]) expect(text).not.to.contain(held['NEON_PASSWORD']);

    const again = await preview('open', '42', '-e', 'dev', '--parent', 'main', '--ttl', '2d', '--yes');
    expect(again.code, again.err).to.equal(0);
    expect(await names()).to.deep.equal(['dev', 'main', 'preview/pr-42']);
    expect((await dopplerHolds(w, 'dev_pr-42'))['NEON_PASSWORD']).to.equal(held['NEON_PASSWORD']);
    expect(Date.parse((await branches()).find(({ name }) => name === 'preview/pr-42')!.expires_at!)).to.be.above(
      Date.parse(branch!.expires_at!),
    );

    const refused = await preview('close', '42', '-e', 'dev');
    expect(refused.code).to.equal(7);
    expect(await names()).to.include('preview/pr-42');
    const closed = await preview('close', '42', '-e', 'dev', '--yes');
    expect(closed.code, closed.err).to.equal(0);
    expect([await names(), await configs()]).to.deep.equal([['dev', 'main'], before.configs]);
    const nothing = await preview('close', '42', '-e', 'dev', '--yes');
    expect([nothing.code, nothing.out]).to.deep.equal([0, 'Nothing to do: dev has no preview pr-42.\n']);
  });

  it('goes on where it was killed, and makes nothing twice', async () => {
    const start = { names: await names(), configs: await configs() };
    for (const killAfter of [900, 1300, 1700, 2100, 2600, 3200])
      await w.dcs(['neon', 'preview', 'open', '8', '-e', 'dev', '--yes'], { killAfter });
    const run = await preview('open', '8', '-e', 'dev', '--yes');
    expect(run.code, run.err).to.equal(0);
    await settled(w);
    expect([await names(), (await configs()).length]).to.deep.equal([['dev', 'main', 'preview/pr-8'], start.configs.length + 1]);
    for (const killAfter of [900, 1300, 1700, 2100]) await w.dcs(['neon', 'preview', 'close', '8', '-e', 'dev', '--yes'], { killAfter });
    await settled(w);
    expect((await preview('close', '8', '-e', 'dev', '--yes')).code).to.equal(0);
    expect([await names(), await configs()]).to.deep.equal([start.names, start.configs]);
  });

  it('sweeps configs whose branch is gone, and only those that dcs made', async () => {
    for (const pull of ['1', '2']) expect((await preview('open', pull, '-e', 'dev', '--yes')).code).to.equal(0);
    await doppler('POST', 'configs', { project: 'shop', environment: 'dev', name: 'dev_pr-3' });
    await remove('preview/pr-1');
    const refused = await preview('sweep', '-e', 'dev');
    expect(refused.code).to.equal(7);
    expect(refused.err).to.contain('dev_pr-1').and.not.to.contain('- config dev_pr-2');
    const swept = await preview('sweep', '-e', 'dev', '--yes', '--json');
    expect(swept.code, swept.err).to.equal(0);
    expect(swept.json()).to.deep.include({ deleted: ['dev_pr-1'], kept: ['dev_pr-2'] });
    expect(await configs())
      .to.include.members(['dev_pr-2', 'dev_pr-3'])
      .and.not.to.include('dev_pr-1');
    expect((await preview('sweep', '-e', 'dev')).out).to.equal('= config dev_pr-2  branch preview/pr-2\n');
  });

  it('touches nothing that somebody else made under such a name, and no protected environment', async () => {
    await neonApi(w, 'POST', `/projects/${project.id}/branches`, { branch: { name: 'preview/pr-5' }, endpoints: [{ type: 'read_write' }] });
    await settled(w);
    const branch = await preview('open', '5', '-e', 'dev', '--yes');
    expect(branch.code).to.equal(6);
    expect(branch.err).to.contain('dcs did not make it');
    const close = await preview('close', '5', '-e', 'dev', '--yes');
    expect([close.code, close.out]).to.deep.equal([
      0,
      'Nothing to do: dev has no preview pr-5.\n! branch preview/pr-5 is there: dcs has no mark of it in dev, and leaves it\n',
    ]);
    await doppler('POST', 'configs', { project: 'shop', environment: 'dev', name: 'dev_pr-6' });
    await w.doppler('dev_pr-6', { STRIPE_KEY: 'of somebody' });
    const config = await preview('open', '6', '-e', 'dev', '--yes');
    expect(config.code, config.err).to.equal(6);
    expect(config.err).to.contain('dev_pr-6 was not made for this');
    expect(await names()).to.deep.equal(['dev', 'main', 'preview/pr-5']);
    const guarded = await preview('open', '5', '-e', 'prod', '--yes');
    expect(guarded.code).to.equal(7);
    expect(guarded.err).to.contain('--parent main');
    const word = await preview('open', '../5', '-e', 'dev', '--yes');
    expect(word.code).to.equal(64);
  });
});
