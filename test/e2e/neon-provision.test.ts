import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { dopplerHolds, neonApi, neonProject, settled } from './neon.ts';
import { world, type World } from './world.ts';

const YAML = `# ours
doppler: {project: shop, configs: {dev: dev, prod: prd}}
`;

async function projects(w: World): Promise<{ id: string; name: string }[]> {
  return (await neonApi(w, 'GET', `/projects?org_id=${SEED.neon.org}&limit=400`)).projects;
}
async function branches(w: World, project: string): Promise<{ id: string; name: string; parent_id?: string }[]> {
  return (await neonApi(w, 'GET', `/projects/${project}/branches`)).branches;
}
const connects = async (url: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.end();
};

describe('dcs provision neon', () => {
  let w: World;
  const provision = (...more: string[]) => w.dcs(['provision', 'neon', ...more]);
  const everything = ['--project-name', 'shop', '-e', 'dev', '--yes', '--allow', 'adopt'];

  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  afterEach(() => w.close());

  /** What must be there at the end, whatever happened on the way. */
  async function complete(): Promise<void> {
    const [project, ...others] = await projects(w);
    expect(others).to.deep.equal([]);
    const all = await branches(w, project!.id);
    expect(all.map(({ name }) => name).toSorted()).to.deep.equal(['dev', 'main']);
    const held = await dopplerHolds(w, 'dev');
    expect(held).to.include({ NEON_PROJECT_ID: project!.id, NEON_BRANCH: 'dev' });
    await connects(held['DATABASE_URL']!);
    const main = all.find(({ name }) => name === 'main')!;
    const { password } = await neonApi(w, 'GET', `/projects/${project!.id}/branches/${main.id}/roles/neondb_owner/reveal_password`);
    expect(held['NEON_PASSWORD'], 'the password of production is in dev').not.to.equal(password);
    const text = await readFile(join(w.project, 'dcs.yaml'), 'utf8');
    expect(text)
      .to.contain('# ours')
      .and.to.contain(`project_id: ${project!.id}`)
      .and.to.match(/dev: dev/);
  }

  it('makes a project, a branch with a password of its own, fills Doppler, and then changes nothing', async () => {
    const first = await provision(...everything);
    expect(first.code, first.err + first.out).to.equal(0);
    await complete();
    const held = await dopplerHolds(w, 'dev');
    for (const text of [first.out, first.err]) expect(text).not.to.contain(held['NEON_PASSWORD']);
    await w.forget();
    const again = await provision(...everything);
    expect(again.code, again.err).to.equal(0);
    expect((await w.journal()).filter(({ method }) => method !== 'GET')).to.deep.equal([]);
    expect((await w.dcs(['status', 'neon', '-e', 'dev', '--exit-code', '--strict'])).code).to.equal(0);
  });

  it('asks before it makes, refuses a key as an argument, and never overwrites a DATABASE_URL of somebody else', async () => {
    const unasked = await provision('--project-name', 'shop', '-e', 'dev');
    expect(unasked.code).to.equal(7);
    const key = await provision('--api-key', 'napi_secret');
    expect(key.code).to.equal(64);
    expect(key.err).to.contain('NEON_API_KEY').and.not.to.contain('napi_secret');
    expect(await projects(w)).to.deep.equal([]);
    await w.doppler('dev', { DATABASE_URL: 'postgres://theirs' });
    const kept = await provision('--project-name', 'shop', '-e', 'dev', '--yes');
    expect(kept.code).to.equal(7);
    expect(kept.err).to.contain('DATABASE_URL').and.to.contain('--allow adopt').and.not.to.contain('theirs');
    expect((await dopplerHolds(w, 'dev'))['DATABASE_URL']).to.equal('postgres://theirs');
    expect((await provision(...everything)).code).to.equal(0);
    await complete();
  });

  it('leaves production to whoever types its name', async () => {
    const all = await provision('--project-name', 'shop', '--yes', '--allow', 'adopt');
    expect(all.code).to.equal(7);
    expect(all.err).to.contain('prod is protected');
    expect(await dopplerHolds(w, 'prd')).not.to.have.property('NEON_BRANCH');
    expect((await provision('-e', 'prod', '--yes', '--allow', 'adopt')).code).to.equal(0);
    expect(await dopplerHolds(w, 'prd')).to.include({ NEON_BRANCH: 'main' });
    await complete();
  });

  it('links what is there: the project of a .neon file, a branch that somebody made', async () => {
    const made = await neonProject(w);
    await writeFile(join(w.project, '.neon'), JSON.stringify({ projectId: made.id }));
    const run = await provision('-e', 'dev', '--yes', '--allow', 'adopt');
    expect(run.code, run.err + run.out).to.equal(0);
    expect(run.err).to.contain("~ password, which is its parent's");
    await complete();
  });

  it('names what it might link instead of guessing', async () => {
    await neonProject(w);
    await w.dcs(['provision', 'neon', '-e', 'dev', '--yes']).then((run) => {
      expect(run.code).to.equal(64);
      expect(run.err).to.contain('--project-name shop');
    });
    expect(await projects(w)).to.have.length(1);
  });

  /** Every write whose answer is lost, and some requests that never arrive; with CUTS=all every request either way (four minutes). */
  it('goes on where a request of it was cut off, and makes nothing twice', async function () {
    this.timeout(600_000);
    await provision(...everything);
    const requests = (await w.journal()).filter(({ cloud }) => cloud === 'neon');
    expect(requests.length).to.be.greaterThan(8);
    const all = process.env['CUTS'] === 'all';
    const cuts = requests.flatMap(({ method }, index) => [
      ...(all || method !== 'GET' ? [['reset-after-commit', index + 1] as const] : []),
      ...(all || index % 8 === 1 ? [['reset', index + 1] as const] : []),
    ]);
    for (const [kind, nth] of cuts) {
      await w.close();
      w = await world();
      await w.yaml(YAML);
      await w.post('/_sandbox/faults', { cloud: 'neon', kind, nth, times: 1 });
      const first = await provision(...everything);
      const second = first.code === 0 ? first : await provision(...everything);
      expect(second.code, `${kind} at request ${nth}: ${first.err}\n${second.err}`).to.equal(0);
      await complete();
    }
  });

  it('goes on where it was killed', async function () {
    this.timeout(120_000);
    for (const killAfter of [500, 900, 1300]) {
      await w.close();
      w = await world();
      await w.yaml(YAML);
      await w.post('/_sandbox/neon/operations', { ms: 150 });
      await w.dcs(['provision', 'neon', ...everything], { killAfter });
      await settled(w);
      const second = await provision(...everything);
      expect(second.code, `killed after ${killAfter} ms: ${second.err}`).to.equal(0);
      await complete();
    }
  });
});
