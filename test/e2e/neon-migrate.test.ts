import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import { neonApi, neonProject } from './neon.ts';
import { ROOT, world, type Ran, type World } from './world.ts';

describe('dcs neon migrate', () => {
  let w: World;
  let project: Awaited<ReturnType<typeof neonProject>>;
  const migrate = (...args: string[]): Promise<Ran> => w.dcs(['neon', 'migrate', '-e', 'dev', '--yes', ...args]);
  const file = async (name: string, sql: string): Promise<void> => {
    await mkdir(join(w.project, 'migrations'), { recursive: true });
    await writeFile(join(w.project, 'migrations', name), sql);
  };
  async function query<T = Record<string, unknown>>(text: string, branch = project.dev): Promise<T[]> {
    const asked = new URLSearchParams({ branch_id: branch, database_name: 'neondb', role_name: 'neondb_owner' });
    const { uri } = await neonApi(w, 'GET', `/projects/${project.id}/connection_uri?${asked}`);
    const client = new pg.Client({ connectionString: uri });
    await client.connect();
    try {
      return (await client.query(text)).rows as T[];
    } finally {
      await client.end();
    }
  }
  const applied = async (branch = project.dev): Promise<string[]> =>
    (await query<{ file: string }>('select file from dcs.schema_migrations where applied_at is not null order by version', branch)).map(
      (row) => row.file,
    );
  const there = async (table: string, branch = project.dev): Promise<boolean> =>
    (await query<{ found: string | null }>(`select to_regclass('${table}')::text as found`, branch))[0]!.found !== null;

  beforeEach(async () => {
    w = await world();
    project = await neonProject(w);
    await w.yaml(`doppler: shop\nsources:\n  db: {type: neon, project_id: ${project.id}, branch: {dev: dev, prod: main}}\n`);
  });
  afterEach(() => w.close());

  it('runs what is missing in order, once, and the examples work', async () => {
    await cp(join(ROOT, 'examples', 'neon', 'migrations'), join(w.project, 'migrations'), { recursive: true });
    const dry = await migrate('--dry-run', '--json');
    expect(dry.json()['pending']).to.deep.equal(['0001_customers.sql', '0002_orders.sql', '0003_orders_by_customer.sql']);
    expect(await there('dcs.schema_migrations')).to.equal(false);
    const first = await migrate('--to', '0002');
    expect(first.code, first.err).to.equal(0);
    expect(await applied()).to.deep.equal(['0001_customers.sql', '0002_orders.sql']);
    expect((await migrate()).code).to.equal(0);
    expect(await applied()).to.have.length(3);
    const again = await migrate();
    expect(again.out).to.contain('Nothing to do');
  });

  it('applies a file wholly or not at all, and says file, line and SQLSTATE without a row', async () => {
    await file('0001_good.sql', 'create table good (id int primary key);\n');
    await file('0002_bad.sql', 'create table half (id int);\ninsert into good values (1);\n\ninsert into good\n  values (1);\n');
    const run = await migrate();
    expect(run.code).to.equal(4);
    expect(run.err).to.contain('0002_bad.sql:4').and.to.contain('23505').and.not.to.contain('(id)=(1)');
    expect(await there('half')).to.equal(false);
    expect(await applied()).to.deep.equal(['0001_good.sql']);
    await file('0002_bad.sql', 'create table half (id int);\nselect nothing from nowhere;\n');
    expect((await migrate()).err)
      .to.contain('0002_bad.sql:2')
      .and.to.contain('42P01')
      .and.to.contain('nowhere');
  });

  it('refuses edited and missing files, one before the last, and a COMMIT; --repair follows the files', async () => {
    await file('0002_a.sql', 'create table a (id int);\n');
    await migrate();
    await file('0001_late.sql', 'select 1;\n');
    expect((await migrate()).err).to.contain('0001_late.sql comes before 0002_a.sql');
    await rm(join(w.project, 'migrations', '0001_late.sql'));
    await file('0002_a.sql', 'create table a (id int);\r\n');
    expect((await migrate()).code, 'line ends are no edit').to.equal(0);
    await file('0002_a.sql', 'create table a (id bigint);\n');
    const edited = await migrate();
    expect(edited.code).to.equal(6);
    expect(edited.err).to.contain('0002_a.sql was edited');
    expect((await migrate('--repair')).code).to.equal(0);
    expect((await migrate()).code).to.equal(0);
    await file('0003_b.sql', 'create table b (id int);\ncommit;\n');
    const commits = await migrate();
    expect(commits.code).to.equal(2);
    expect(commits.err).to.contain('0003_b.sql:2');
    expect(await there('b')).to.equal(false);
  });

  it('runs what cannot stand in a transaction outside of one', async () => {
    await file(
      '0001_t.sql',
      "create function f() returns text language plpgsql as $$ begin return 'a;b'; end $$;\ncreate table t (id int); -- one; two\n",
    );
    await file('0002_i.sql', '-- dcs: no-transaction\ncreate index concurrently t_id on t (id);\nselect 1;\n');
    const run = await migrate();
    expect(run.code, run.err).to.equal(0);
    expect(await there('t_id')).to.equal(true);
    await file('0003_broken.sql', '-- dcs: no-transaction\ncreate index concurrently u_id on nowhere (id);\n');
    expect((await migrate()).code).to.equal(4);
    const stuck = await migrate();
    expect(stuck.code).to.equal(6);
    expect(stuck.err).to.contain('begun and not finished');
    await file('0003_broken.sql', '-- dcs: no-transaction\ncreate index concurrently u_id on t (id);\n');
    await migrate('--repair');
    expect((await migrate()).code).to.equal(0);
  });

  it('lets one of two migrators wait, and each file run once', async () => {
    await file('0001_slow.sql', 'create table slow (id int);\nselect pg_sleep(1.5);\n');
    const [one, other] = await Promise.all([migrate(), migrate()]);
    expect([one.code, other.code], one.err + other.err).to.deep.equal([0, 0]);
    expect(one.err + other.err).to.contain('waiting for it');
    expect(await applied()).to.deep.equal(['0001_slow.sql']);
  });

  it('gives up waiting for another migrator, and leaves nothing half-applied when it is killed', async () => {
    await file('0001_slow.sql', 'create table slow (id int);\nselect pg_sleep(4);\ncreate table slower (id int);\n');
    const killed = w.dcs(['neon', 'migrate', '-e', 'dev', '--yes'], { killAfter: 2500 });
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const impatient = await migrate('--wait', '0s');
    expect(impatient.code, impatient.err).to.equal(6);
    expect((await killed).code).to.equal(null);
    expect(await there('slow')).to.equal(false);
    expect((await migrate()).code).to.equal(0);
    expect([await there('slow'), await there('slower')]).to.deep.equal([true, true]);
  });

  it('waits for a lock of the database no longer than it was told', async () => {
    await query('create table busy (id int)');
    await file('0001_alter.sql', 'alter table busy add column more int;\n');
    const holder = query('begin; lock table busy; select pg_sleep(4); commit');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const run = await migrate('--lock-timeout', '200ms');
    expect(run.code).to.equal(4);
    expect(run.err).to.contain('55P03');
    await holder;
    expect((await migrate()).code).to.equal(0);
  });

  it('rehearses on a branch that is gone afterwards, and stops where the rehearsal fails', async () => {
    await file('0001_t.sql', 'create table rehearsed (id int);\n');
    const run = await migrate('--rehearse');
    expect(run.code, run.err).to.equal(0);
    expect(run.err).to.contain('rehearsed');
    await file('0002_bad.sql', 'create table rehearsed (id int);\n');
    expect((await migrate('--rehearse')).code).to.equal(4);
    expect(await applied()).to.deep.equal(['0001_t.sql']);
    const { branches } = await neonApi(w, 'GET', `/projects/${project.id}/branches`);
    expect(branches).to.have.length(2);
  });

  it('promotes to the parent only with the consent of production', async () => {
    await file('0001_t.sql', 'create table promoted (id int);\n');
    const unasked = await migrate('--promote');
    expect(unasked.code).to.equal(7);
    expect([await there('promoted'), await there('promoted', project.main)]).to.deep.equal([true, false]);
    const typed = await w.dcs(['neon', 'migrate', '-e', 'prod', '--yes']);
    expect(typed.code, typed.err).to.equal(0);
    expect(await applied(project.main)).to.deep.equal(['0001_t.sql']);
  });

  it('takes over what dbmate ran, and never runs the way back', async () => {
    await file('001_users.sql', '-- migrate:up\ncreate table users (id int);\n\n-- migrate:down\ndrop table users;\n');
    await file(
      '002_more.sql',
      '-- migrate:up\nalter table users add column more int;\n-- migrate:down\nalter table users drop column more;\n',
    );
    await query(
      "create table users (id int); create table schema_migrations (version varchar primary key); insert into schema_migrations values ('001')",
    );
    const run = await migrate('--adopt', 'dbmate');
    expect(run.code, run.err).to.equal(0);
    expect((await migrate()).code).to.equal(0);
    expect(await applied()).to.deep.equal(['001_users.sql', '002_more.sql']);
    expect(await query("select count(*)::int as n from information_schema.columns where table_name = 'users'")).to.deep.equal([{ n: 2 }]);
    expect((await migrate('--adopt', 'drizzle')).code).to.equal(6);
  });
});
