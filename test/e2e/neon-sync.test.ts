import { expect } from 'chai';
import pg from 'pg';
import { dopplerHolds, neonProject } from './neon.ts';
import { world, YAML, type World } from './world.ts';

const HARD = 'p@ss/w:rd#1?x';

describe('Neon as a source: the built CLI on the sandbox, with a real PostgreSQL', () => {
  let w: World;
  let project: Awaited<ReturnType<typeof neonProject>>;
  const yaml = (more = '') => `${YAML}sources:\n  db: {type: neon, project_id: ${project.id}, branch: {dev: dev, prod: main}${more}}\n`;
  const sync = (...more: string[]) => w.dcs(['sync', 'neon', '-e', 'dev', ...more]);

  beforeEach(async () => {
    w = await world();
    project = await neonProject(w);
    await w.yaml(yaml());
  });
  afterEach(() => w.close());

  it('brings the values of the branch into Doppler, each one good, and then has nothing to do', async () => {
    await w.post('/_sandbox/neon/password', { project: project.id, branch: project.dev, role: 'neondb_owner', password: HARD });
    const diff = await w.dcs(['diff', 'db', '-e', 'dev', '--exit-code']);
    expect(diff.code, diff.err + diff.out).to.equal(2);
    const refused = await sync();
    expect(refused.code).to.equal(7);
    const first = await sync('--yes', '--allow', 'adopt');
    expect(first.code, first.err + first.out).to.equal(0);
    for (const text of [diff.out, diff.err, first.out, first.err]) expect(text).not.to.contain('p@ss');
    const held = await dopplerHolds(w, 'dev');
    expect(held).to.include({
      NEON_PASSWORD: HARD,
      NEON_USER: 'neondb_owner',
      NEON_DATABASE: 'neondb',
      NEON_BRANCH: 'dev',
      NEON_PROJECT_ID: project.id,
    });
    for (const name of ['DATABASE_URL', 'DATABASE_URL_UNPOOLED']) {
      const client = new pg.Client({ connectionString: held[name] });
      await client.connect();
      expect((await client.query('select current_user as who')).rows).to.deep.equal([{ who: 'neondb_owner' }]);
      await client.end();
    }
    const again = await sync('--yes');
    expect(again.out).to.contain('Nothing to do');
    expect(again.code).to.equal(0);
  });

  it('takes the flags of targets for none of its own, and looks for the lock that is to be broken', async () => {
    for (const flags of [['--trigger', 'ci'], ['--redeploy'], ['--prune']]) {
      const run = await sync(...flags);
      expect(run.code, run.err).to.equal(64);
      expect(run.err).to.contain(`${flags[0]} is for targets`);
    }
    const broken = await sync('--yes', '--break-lock', 'nobodys');
    expect(broken.code, broken.err).to.equal(6);
    expect(broken.err).to.contain('There is no lock nobodys');
  });

  it('tells a bare sync and a status that Doppler is behind, and leaves Doppler alone', async () => {
    await sync('--yes', '--allow', 'adopt');
    await w.post('/_sandbox/neon/password', { project: project.id, branch: project.dev, role: 'neondb_owner', password: 'another' });
    const before = await dopplerHolds(w, 'dev');
    await w.yaml(
      yaml().replace('{staging:', '{dev: shop-api-staging, staging:').replace('include: ["*"]', 'include: ["*"]\n    shared: true'),
    );
    const bare = await w.dcs(['sync', '-e', 'dev', '--yes', '--json']);
    expect(bare.code, bare.err + bare.out).to.equal(0);
    expect(bare.json()['sources']).to.deep.equal([
      { source: 'db', state: 'behind', names: ['DATABASE_URL', 'DATABASE_URL_UNPOOLED', 'NEON_PASSWORD'] },
    ]);
    expect((await w.dcs(['sync', '-e', 'dev', '--yes'])).err).to.contain('dcs sync db -e dev');
    expect(await dopplerHolds(w, 'dev')).to.deep.equal(before);
    const status = await w.dcs(['status', 'neon', '-e', 'dev', '--exit-code', '--strict', '--json']);
    expect(status.code).to.equal(2);
    expect((status.json()['targets'] as object[])[0]).to.include({ target: 'db', source: true, state: 'behind' });
    expect((await sync('--yes')).code).to.equal(0);
    expect((await w.dcs(['status', 'neon', '-e', 'dev', '--exit-code', '--strict'])).code).to.equal(0);
  });

  it('renames and leaves out as the entry says', async () => {
    await w.yaml(yaml(', rename: {DATABASE_URL: PG_URL}, exclude: [NEON_*]'));
    const before = Object.keys(await dopplerHolds(w, 'dev'));
    expect((await sync('--yes', '--allow', 'adopt')).code).to.equal(0);
    const added = Object.keys(await dopplerHolds(w, 'dev')).filter((name) => !before.includes(name));
    expect(added).to.include('PG_URL').and.not.to.include('NEON_HOST');
  });

  it('is not stopped in a bare sync by a Neon that does not answer, nor silent about it', async () => {
    const run = await w.dcs(['sync', '-e', 'prod', '--yes', '--json'], { env: { NEON_API_KEY: 'napi_wrong' } });
    expect(run.code, run.err).to.equal(0);
    expect((run.json()['sources'] as object[])[0]).to.include({ source: 'db', state: 'unknown' });
    const named = await w.dcs(['sync', 'db', '-e', 'prod', '--yes'], { env: { NEON_API_KEY: 'napi_wrong' } });
    expect(named.code).to.equal(3);
    expect(named.err).to.contain('NEON_API_KEY').and.not.to.contain('napi_wrong');
  });

  it('names what a command mixes up', async () => {
    const mixed = await w.dcs(['sync', 'db', 'api', '-e', 'prod', '--yes']);
    expect(mixed.code).to.equal(64);
    expect(mixed.err).to.contain('dcs sync db').and.to.contain('dcs sync api');
    const typo = await w.dcs(['sync', 'db', '-e', 'staging', '--yes']);
    expect(typo.err).to.contain('does not fill staging');
  });
});
