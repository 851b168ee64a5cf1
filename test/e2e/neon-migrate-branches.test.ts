import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Migrations, slow, USERS } from './migrations.ts';
import { terminal } from './terminal.ts';
import { ROOT } from './world.ts';

describe('dcs neon migrate: other records, rehearsals and parents', () => {
  const m = Migrations.hooks();
  const names = async (): Promise<string[]> => (await m.branches()).map(({ name }) => name).toSorted();

  it("goes on from another tool's record, and never without being told to", async () => {
    const orders = 'CREATE TABLE orders (id int);\n';
    await m.file('0002_orders.sql', `-- migrate:up\n${orders}-- migrate:down\nDROP TABLE orders;\n`);
    const text = '-- Up Migration\nCREATE TABLE third (id int);\n-- Down Migration\nDROP TABLE third;\n';
    await m.file('0003_third.sql', text);
    const digest = (content: string) => createHash('sha256').update(content).digest('hex');
    const foreign = {
      dbmate: `CREATE TABLE schema_migrations (version varchar PRIMARY KEY); INSERT INTO schema_migrations VALUES ('0001'), ('0002')`,
      'node-pg-migrate': `CREATE TABLE pgmigrations (id serial, name varchar, run_on timestamp);
        INSERT INTO pgmigrations (name, run_on) VALUES ('0001_users', now()), ('0002_orders', now())`,
      drizzle: `CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial, hash text, created_at bigint);
        INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('${digest(USERS)}', 17), ('${digest('was edited')}', 18)`,
    };
    for (const [tool, sql] of Object.entries(foreign)) {
      await m.query(`${USERS}${orders}${sql}`);
      const untold = await m.dev();
      expect(untold.code, tool).to.equal(6);
      expect(untold.err).to.contain(`--adopt ${tool}`);
      if (tool === 'drizzle') {
        await mkdir(join(m.w.project, 'migrations', 'meta'));
        const entries = [
          { when: 17, tag: '0001_users' },
          { when: 18, tag: '0002_orders' },
        ];
        await m.file('meta/_journal.json', JSON.stringify({ entries }));
        expect((await m.dev('--adopt', 'drizzle')).err).to.contain('0002_orders.sql was edited');
      }
      const run = await m.dev('--adopt', tool, ...(tool === 'drizzle' ? ['--repair'] : []));
      expect(run.code, run.err).to.equal(0);
      expect(await m.tables()).to.include.members(['orders', 'third', 'users']);
      expect(await m.record()).to.deep.equal(['0001_users.sql', '0002_orders.sql', '0003_third.sql']);
      expect((await m.dev()).code).to.equal(0);
      expect((await m.dev('--adopt', tool)).code, 'again').to.equal(0);
      await m.query(
        `DROP TABLE users, orders, third; DROP TABLE IF EXISTS schema_migrations, pgmigrations; DROP SCHEMA IF EXISTS drizzle, dcs CASCADE`,
      );
    }
    expect((await m.dev('--adopt', 'dbmate')).err).to.contain('no record of dbmate');
  });

  it('rehearses on a copy that is gone afterwards, and shows how the schema changes', async () => {
    await m.query(`CREATE TABLE users_before (id int); INSERT INTO users_before VALUES (1)`);
    await m.file('0002_copy.sql', "INSERT INTO users SELECT id, 'x' FROM users_before;\nALTER TABLE users_before ADD COLUMN note text;");
    const only = await m.run('-e', 'dev', '--rehearse', '--dry-run');
    expect(only.code, only.err).to.equal(0);
    expect(only.err).to.contain('+    note text').and.to.contain('CREATE TABLE public.users');
    expect(await m.tables()).to.deep.equal(['users_before']);
    expect(await names()).to.deep.equal(['dev', 'main']);
    await m.file('0003_bad.sql', 'DROP TABLE nothing;');
    const bad = await m.dev('--rehearse');
    expect(bad.code).to.equal(4);
    expect(bad.err).to.contain('In the rehearsal: migrations/0003_bad.sql:1').and.to.contain('Branch dev was not touched');
    expect(await m.tables()).to.deep.equal(['users_before']);
    expect(await names()).to.deep.equal(['dev', 'main']);
    await m.remove('0003_bad.sql');
    const run = await m.dev('--rehearse', '--json');
    expect(run.code, run.err).to.equal(0);
    expect(JSON.stringify(run.json()['rehearsals'])).to.contain('note text');
    expect(await m.tables()).to.deep.equal(['users', 'users_before']);
  });

  it('deletes the copy of a rehearsal that is interrupted', async () => {
    await m.file('0002_slow.sql', slow(30));
    const child = spawn(process.execPath, [join(ROOT, 'bin', 'run.js'), 'neon', 'migrate', '-e', 'dev', '--rehearse', '--dry-run'], {
      cwd: m.w.project,
      env: m.w.env,
      stdio: 'ignore',
    });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    const copy = async () => (await m.branches()).find(({ name }) => name.startsWith('dcs-rehearsal'));
    while ((await copy())?.current_state !== 'ready') await sleep(100);
    await sleep(1000);
    child.kill('SIGINT');
    expect(await ended).to.equal(130);
    expect(await copy()).to.equal(undefined);
  });

  it('leaves no copy behind, whichever request of a rehearsal fails', async function () {
    this.timeout(180_000);
    const rehearse = () => m.run('-e', 'dev', '--rehearse', '--dry-run');
    await m.w.forget();
    expect((await rehearse()).code).to.equal(0);
    const calls = (await m.w.journal()).filter(({ cloud }) => cloud === 'neon').length;
    const faults: object[] = Array.from({ length: calls }, (_, index) => ({ kind: 'status', status: 400, nth: index + 1 }));
    for (const method of ['POST', 'DELETE']) faults.push({ kind: 'reset-after-commit', route: `${method} /api/v2/*` });
    for (const fault of faults) {
      await m.w.post('/_sandbox/faults', { cloud: 'neon', times: 1, ...fault });
      const { code, err } = await rehearse();
      await fetch(`${m.w.origin}/_sandbox/faults`, { method: 'DELETE' });
      const about = `${JSON.stringify(fault)}: ${err}`;
      expect(code, about).to.be.oneOf([0, 4]);
      const left = (await names()).filter((name) => name.startsWith('dcs-rehearsal'));
      // Only a refused deletion leaves it, and says so.
      if (left.length > 0) expect(err, about).to.contain(`${left[0]} could not be deleted`);
      for (const name of left) expect((await m.w.dcs(['neon', 'branch', 'delete', name, '--yes'])).code).to.equal(0);
    }
  });

  it('has the name of a protected environment typed', async () => {
    for (const [word, code] of [
      ['dev', 7],
      ['prod', 0],
    ] as const) {
      const words = [join(ROOT, 'bin', 'run.js'), 'neon', 'migrate', '-e', 'dev', '--promote'];
      const shown = terminal(process.execPath, words, { cwd: m.w.project, env: m.w.env });
      await shown.until('Migrate branch dev (dev)?');
      shown.type('y\r');
      await shown.until('Type prod');
      shown.type(`${word}\r`);
      expect(await shown.ended, shown.shown()).to.equal(code);
      expect(await m.tables()).to.deep.equal(code === 0 ? ['users'] : []);
    }
    expect(await m.tables(m.project.main)).to.deep.equal(['users']);
  });

  it('promotes to the parent after the branch, each with the consent of its environment', async () => {
    const refused = await m.dev('--promote');
    expect(refused.code, refused.err).to.equal(7);
    expect(refused.err).to.contain('prod is protected').and.to.contain('dcs neon migrate -e prod --yes');
    expect(await m.tables()).to.deep.equal([]);
    expect((await m.run('--branch', 'main', '-e', 'dev', '--yes')).code).to.equal(7);
    await m.w.yaml((await readFile(join(m.w.project, 'dcs.yaml'), 'utf8')) + 'environments:\n  prod: {protected: false}\n');
    const run = await m.dev('--promote');
    expect(run.code, run.err).to.equal(0);
    expect(await m.tables()).to.deep.equal(['users']);
    expect(await m.tables(m.project.main)).to.deep.equal(['users']);
    await m.file('0002_bad.sql', 'SELECT 1/0;');
    const bad = await m.dev('--promote');
    expect(bad.code).to.equal(4);
    expect(await m.record(m.project.main)).to.deep.equal(['0001_users.sql']);
  });

  it('asks for -e and --yes before it touches a protected environment', async () => {
    expect((await m.run('--yes', '-e', 'prod', '--dry-run')).code).to.equal(0);
    expect((await m.w.dcs(['neon', 'migrate', '-e', 'prod'])).code).to.equal(7);
    const unmapped = await m.run('-e', 'staging', '--yes');
    expect(unmapped.code).to.equal(2);
    expect(unmapped.err).to.contain('no branch for staging');
    const run = await m.run('-e', 'prod', '--yes');
    expect(run.code, run.err).to.equal(0);
    expect(await m.tables(m.project.main)).to.deep.equal(['users']);
  });
});
