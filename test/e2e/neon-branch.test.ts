import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import { dopplerHolds, neonApi, neonProject, settled } from './neon.ts';
import { world, type World } from './world.ts';

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

describe('dcs neon branch', () => {
  let w: World;
  let project: Awaited<ReturnType<typeof neonProject>>;
  const neon = (...args: string[]) => w.dcs(['neon', 'branch', ...args]);
  const path = (branch = '') => `/projects/${project.id}/branches${branch === '' ? '' : `/${branch}`}`;
  const names = async (): Promise<string[]> =>
    (await neonApi(w, 'GET', path())).branches.map(({ name }: { name: string }) => name).toSorted();
  const yaml = () => readFile(join(w.project, 'dcs.yaml'), 'utf8');

  beforeEach(async () => {
    w = await world();
    project = await neonProject(w);
    await w.yaml(
      `doppler: shop\nsources:\n  # the shop's\n  db: {type: neon, project_id: ${project.id}, branch: {dev: dev, prod: main}}\n`,
    );
  });
  afterEach(() => w.close());

  it('creates a branch with a password of its own and points only your config at it, with six calls of the API', async () => {
    const before = await dopplerHolds(w, 'dev');
    await w.forget();
    const run = await neon('create', 'checkout', '-e', 'dev', '--ttl', '7d', '--yes');
    expect(run.code, run.err + run.out).to.equal(0);
    const calls = (await w.journal()).filter(({ cloud, path: where }) => cloud === 'neon' && !where.includes('/operations'));
    expect(calls.map(({ method, path: where }) => `${method} ${where}`)).to.have.length.at.most(6);
    expect(await dopplerHolds(w, 'dev')).to.deep.equal(before);
    const held = await dopplerHolds(w, 'dev_personal');
    expect(held).to.include({ NEON_BRANCH: 'checkout' });
    for (const name of ['DATABASE_URL', 'DATABASE_URL_UNPOOLED'])
      expect(await query(held[name]!, 'select 1 as one')).to.deep.equal([{ one: 1 }]);
    for (const branch of [project.dev, project.main])
      expect((await neonApi(w, 'GET', `${path(branch)}/roles/neondb_owner/reveal_password`)).password).not.to.equal(held['NEON_PASSWORD']);
    for (const text of [run.out, run.err]) expect(text).not.to.contain(held['NEON_PASSWORD']);
    const again = await neon('create', 'checkout', '-e', 'dev', '--yes');
    expect(again.code, again.err).to.equal(0);
    expect((await dopplerHolds(w, 'dev_personal'))['NEON_PASSWORD']).to.equal(held['NEON_PASSWORD']);
    expect(await yaml())
      .to.contain('dev: dev')
      .and.to.contain("# the shop's");
    const list = await neon('list', '--json');
    expect((list.json()['branches'] as { name: string }[]).map(({ name }) => name)).to.have.members(['main', 'dev', 'checkout']);
  });

  it('moves the team only when that is said, dcs.yaml included, and back again', async () => {
    await w.dcs(['sync', 'db', '-e', 'dev', '--yes', '--allow', 'adopt']);
    const moved = await neon('create', 'next', '-e', 'dev', '--shared', '--yes');
    expect(moved.code, moved.err).to.equal(0);
    expect(await dopplerHolds(w, 'dev')).to.include({ NEON_BRANCH: 'next' });
    expect(await yaml()).to.match(/dev: next/);
    expect((await w.dcs(['status', 'db', '-e', 'dev', '--exit-code', '--strict'])).code).to.equal(0);
    const back = await neon('switch', 'dev', '-e', 'dev', '--shared', '--yes');
    expect(back.code, back.err).to.equal(0);
    expect(await dopplerHolds(w, 'dev')).to.include({ NEON_BRANCH: 'dev' });
    const nobody = await neon('switch', 'next', '-e', 'prod', '--shared', '--yes', '--no-input');
    expect(nobody.code).to.equal(7);
  });

  it('refuses what others stand on, and asks for the name of what it deletes', async () => {
    for (const [branch, why] of [
      ['main', 'default'],
      ['dev', 'dcs.yaml gives it to dev'],
    ] as const) {
      const run = await neon('delete', branch, '--yes');
      expect(run.code).to.equal(7);
      expect(run.err).to.contain(why);
    }
    await neon('create', 'child', '--yes');
    const parent = await neon('reset', 'dev', '--yes');
    expect(parent.code).to.equal(7);
    expect(parent.err).to.contain('parent of child');
    expect((await neon('delete', 'child')).code).to.equal(7);
    expect(await names()).to.deep.equal(['child', 'dev', 'main']);
    const gone = await neon('delete', 'child', '--yes');
    expect(gone.code, gone.err).to.equal(0);
    expect(await names()).to.deep.equal(['dev', 'main']);
  });

  it('resets to the parent without taking over its password, renames in dcs.yaml too, and lets a branch expire', async () => {
    await w.dcs(['sync', 'db', '-e', 'dev', '--yes', '--allow', 'adopt']);
    const url = (await dopplerHolds(w, 'dev'))['DATABASE_URL']!;
    await query(url, 'create table mine (id int)');
    const reset = await neon('reset', 'dev', '--yes');
    expect(reset.code, reset.err).to.equal(0);
    expect(reset.out).to.contain('dcs sync db -e dev');
    expect((await w.dcs(['sync', 'db', '-e', 'dev', '--yes'])).code).to.equal(0);
    const held = await dopplerHolds(w, 'dev');
    expect(await query(held['DATABASE_URL']!, "select to_regclass('mine') as there")).to.deep.equal([{ there: null }]);
    expect((await neonApi(w, 'GET', `${path(project.main)}/roles/neondb_owner/reveal_password`)).password).not.to.equal(
      held['NEON_PASSWORD'],
    );
    const renamed = await neon('rename', 'dev', 'develop', '--yes');
    expect(renamed.code, renamed.err).to.equal(0);
    expect(await yaml()).to.match(/dev: develop/);
    await neon('create', 'short', '--yes');
    expect((await neon('expire', 'short', '--ttl', '2h')).code).to.equal(0);
    expect((await neonApi(w, 'GET', path())).branches.find(({ name }: { name: string }) => name === 'short').expires_at).to.match(/Z$/);
    expect((await neon('expire', 'short', '--ttl', 'soon')).code).to.equal(64);
  });

  it('takes a branch back in time and keeps what it held', async () => {
    await w.dcs(['sync', 'db', '-e', 'dev', '--yes', '--allow', 'adopt']);
    const at = new Date().toISOString();
    await query((await dopplerHolds(w, 'dev'))['DATABASE_URL']!, 'create table later (id int)');
    const run = await neon('restore', 'dev', '--at', at, '--keep', 'dev-broken', '--yes');
    expect(run.code, run.err).to.equal(0);
    expect(await names()).to.include('dev-broken');
  });

  it("takes production's consent for what production lives on", async () => {
    const at = new Date().toISOString();
    const plain = await neon('restore', 'main', '--at', at, '--yes');
    expect(plain.code).to.equal(7);
    expect(plain.err).to.contain('prod').and.to.contain('-e prod');
    expect(await names()).to.deep.equal(['dev', 'main']);
    const typed = await neon('restore', 'main', '--at', at, '--keep', 'before', '-e', 'prod', '--yes');
    expect(typed.code, typed.err).to.equal(0);
    await w.yaml(`doppler: shop\nsources:\n  db: {type: neon, project_id: ${project.id}, branch: {dev: main, prod: dev}}\n`);
    const cut = await neon('switch', 'dev', '-e', 'dev', '--yes');
    expect(cut.code).to.equal(7);
    expect(cut.err).to.contain('cut prod off');
  });

  it('goes on where any request of create was cut off, and makes no second branch', async function () {
    this.timeout(300_000);
    let at = 0;
    for (const kind of ['reset', 'reset-after-commit'])
      for (let nth = kind === 'reset' ? 2 : 1; nth <= 6; nth += kind === 'reset' ? 2 : 1) {
        const name = `cut-${at++}`;
        await w.post('/_sandbox/faults', { cloud: 'neon', kind, nth, times: 1 });
        const first = await neon('create', name, '-e', 'dev', '--yes');
        // The second one is the creation: its lost answer is looked up at once.
        if (kind === 'reset-after-commit' && nth === 2) expect(first.code, first.err).to.equal(0);
        await settled(w);
        const last = first.code === 0 ? first : await neon('create', name, '-e', 'dev', '--yes');
        expect(last.code, `${kind} at request ${nth}: ${first.err}\n${last.err}`).to.equal(0);
        expect((await names()).filter((each) => each === name)).to.have.length(1);
        const held = await dopplerHolds(w, 'dev_personal');
        expect(held).to.include({ NEON_BRANCH: name });
        expect(await query(held['DATABASE_URL']!, 'select 1 as one')).to.have.length(1);
      }
  });

  it('waits while Neon has the project locked', async () => {
    await w.post('/_sandbox/neon/lock', { times: 2 });
    expect((await neon('create', 'patient', '--yes')).code).to.equal(0);
  });
});
