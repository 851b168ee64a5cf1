import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { dopplerHolds, neonProject } from './neon.ts';
import { world, type World } from './world.ts';

describe('dcs neon status and env', () => {
  let w: World;
  before(async () => {
    w = await world();
    const { id } = await neonProject(w);
    await w.yaml(`doppler: shop\nsources:\n  db: {type: neon, project_id: ${id}, migrations_dir: sql, branch: {dev: dev, prod: main}}\n`);
    await mkdir(join(w.project, 'sql'));
    await writeFile(join(w.project, 'sql', '0001_a.sql'), 'create table a (id int);\n');
  });
  after(() => w.close());
  const rows = async () => (await w.dcs(['neon', 'status', '--json'])).json()['environments'] as Record<string, unknown>[];

  it('says what Doppler points at and what is to migrate, before and after', async () => {
    const before = await rows();
    expect(before.map(({ environment, branch, doppler, pending }) => ({ environment, branch, doppler, pending }))).to.deep.equal([
      { environment: 'dev', branch: 'dev', doppler: false, pending: ['0001_a.sql'] },
      { environment: 'prod', branch: 'main', doppler: false, pending: ['0001_a.sql'] },
    ]);
    await w.dcs(['sync', 'db', '-e', 'dev', '--yes', '--allow', 'adopt']);
    await w.dcs(['neon', 'migrate', '-e', 'dev', '--yes']);
    const [dev] = await rows();
    expect(dev).to.include({ doppler: true }).and.to.have.deep.property('pending', []);
    const text = await w.dcs(['neon', 'status', '-e', 'dev']);
    expect(text.out).to.contain('✓ Doppler points at it').and.to.contain('✓ migrated');
  });

  it('shows where a database is, and no password', async () => {
    const run = await w.dcs(['neon', 'env', '-e', 'dev']);
    expect(run.code, run.err).to.equal(0);
    expect(run.out)
      .to.match(/^database +neondb$/m)
      .and.to.match(/^role +neondb_owner$/m);
    expect(run.out + run.err).not.to.contain((await dopplerHolds(w, 'dev'))['NEON_PASSWORD']);
  });
});
