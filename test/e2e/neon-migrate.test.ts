import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import { Migrations, slow, USERS } from './migrations.ts';
import { ROOT, type Ran } from './world.ts';

describe('dcs neon migrate: the built CLI on a real PostgreSQL', () => {
  const m = Migrations.hooks();

  it('applies each file once, in the order of the numbers, and shows nothing of how it connects', async () => {
    await m.file('10_last.sql', 'ALTER TABLE orders ADD COLUMN note text;');
    await m.file('9_orders.sql', `-- ; 'not yet\nCREATE TABLE orders (id int); /* ; /* ; */ */ INSERT INTO orders VALUES (1);`);
    const plan = await m.run('-e', 'dev', '--dry-run');
    expect(plan.code, plan.err).to.equal(0);
    expect(plan.out).to.match(/0001_users\.sql {2}1 statement\n.*9_orders\.sql {2}2 statements\n.*10_last\.sql/);
    expect(plan.err).to.equal(`dev · -e · Neon ${m.project.id} · migrations\n`);
    expect(await m.tables()).to.deep.equal([]);
    const password = new URL(await m.url()).password;
    const run = await m.dev('--verbose');
    expect(run.code, run.err + run.out).to.equal(0);
    for (const text of [plan.out, plan.err, run.out, run.err]) expect(text).not.to.contain(password).and.not.to.contain('postgresql://');
    expect(await m.tables()).to.deep.equal(['orders', 'users']);
    expect(await m.tables(m.project.main)).to.deep.equal([]);
    const again = await m.dev('--json');
    expect(again.json()).to.deep.include({ done: [] });
    expect((again.json()['branches'] as object[])[0]).to.deep.include({ name: 'dev', pending: [], applied: 3 });
    expect(await m.query('SELECT count(*)::int AS orders FROM orders')).to.deep.equal([{ orders: 1 }]);
  });

  it('goes as far as --to, and to the branch that --branch names', async () => {
    await m.file('0002_orders.sql', 'CREATE TABLE orders (id int);');
    const run = await m.dev('--to', '1');
    expect(run.code, run.err).to.equal(0);
    expect(await m.tables()).to.deep.equal(['users']);
    expect((await m.dev('--to', '7')).code).to.equal(64);
    expect((await m.run('-e', 'dev', '--branch', 'nowhere', '--yes')).code).to.equal(4);
  });

  it('lets one of two that run at once wait for the other, and both are right', async () => {
    await m.file('0002_slow.sql', slow(3));
    await m.file('0003_after.sql', 'CREATE TABLE later (id int);');
    const both = await Promise.all([m.dev(), m.dev()]);
    for (const run of both) expect(run.code, run.err).to.equal(0);
    expect(both.map(({ err }) => err).join('')).to.contain('waiting for another migration');
    expect(both.flatMap(({ err }) => err.match(/✓ 0002_slow\.sql/g) ?? [])).to.have.length(1);
    expect(await m.query('SELECT id FROM slow')).to.deep.equal([{ id: 1 }, { id: 2 }]);
    expect(await m.record()).to.deep.equal(['0001_users.sql', '0002_slow.sql', '0003_after.sql']);
  });

  it('does not wait for ever', async () => {
    const client = new pg.Client({ connectionString: await m.url() });
    await client.connect();
    await client.query("SELECT pg_advisory_lock(x'6463736d6967'::bigint)");
    try {
      const run = await m.dev('--wait', '1s');
      expect(run.code).to.equal(6);
      expect(run.err)
        .to.match(/session \d+/)
        .and.to.contain('--wait');
    } finally {
      await client.end();
    }
    expect(await m.tables()).to.deep.equal([]);
  });

  const begin = (): { child: ChildProcess; ended: Promise<Pick<Ran, 'code' | 'err'>> } => {
    const child = spawn(process.execPath, [join(ROOT, 'bin', 'run.js'), 'neon', 'migrate', '-e', 'dev', '--yes'], {
      cwd: m.w.project,
      env: m.w.env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let err = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (err += text));
    return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, err }))) };
  };
  const sleeping = async (): Promise<void> => {
    for (;;) {
      const rows = await m.query(`SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'`);
      if (rows.length > 0) return;
      await sleep(50);
    }
  };

  it('killed in the middle of a file leaves nothing of it, and the next run does it all', async () => {
    await m.file('0002_slow.sql', slow(30));
    const { child, ended } = begin();
    await sleeping();
    child.kill('SIGKILL');
    await ended;
    await m.file('0002_slow.sql', slow(0));
    const next = await m.dev();
    expect(next.code, next.err).to.equal(0);
    expect(await m.query('SELECT id FROM slow')).to.deep.equal([{ id: 1 }, { id: 2 }]);
    expect(await m.record()).to.deep.equal(['0001_users.sql', '0002_slow.sql']);
  });

  it('rolls back at Ctrl-C, and says so', async () => {
    await m.file('0002_slow.sql', slow(30));
    const { child, ended } = begin();
    await sleeping();
    child.kill('SIGINT');
    const { code, err } = await ended;
    expect(code, err).to.equal(130);
    expect(err).to.contain('0002_slow.sql was rolled back').and.to.contain('0001_users.sql');
    expect(await m.record()).to.deep.equal(['0001_users.sql']);
  });

  it('waits for a lock of the database no longer than it was told', async () => {
    await m.query('CREATE TABLE busy (id int)');
    await m.file('0002_busy.sql', 'ALTER TABLE busy ADD COLUMN more int;');
    const holder = m.query('BEGIN; LOCK TABLE busy; SELECT pg_sleep(4); COMMIT');
    await sleep(300);
    const run = await m.dev('--lock-timeout', '200ms');
    expect(run.code).to.equal(5);
    expect(run.err).to.contain('(55P03)').and.to.contain('--lock-timeout');
    await holder;
    const long = await m.dev('--statement-timeout', '500ms');
    expect(long.code, long.err).to.equal(0);
    await m.file('0003_slow.sql', slow(3));
    expect((await m.dev('--statement-timeout', '500ms')).err)
      .to.contain('0003_slow.sql:3:1')
      .and.to.contain('(57014)');
    expect((await m.dev('--wait', 'soon')).code).to.equal(64);
  });

  it('names file, line and SQLSTATE of bad SQL, keeps what came before and nothing of the file', async () => {
    await m.file('0002_bad.sql', 'CREATE TABLE half (id int);\n\nCREATE TABLE more (\n  id int,\n  owner int REFERENCES nobody (id)\n);\n');
    const run = await m.dev();
    expect(run.code).to.equal(5);
    expect(run.err)
      .to.match(/migrations\/0002_bad\.sql:3:1: relation "nobody" does not exist \(42P01\)/)
      .and.to.match(/Applied before:\s+0001_users\.sql\s+on\s+dev/);
    expect(await m.tables()).to.deep.equal(['users']);
    await m.file('0002_bad.sql', `INSERT INTO users\n  VALUES (1, 'a@example.com'),\n  (2, emial);\n`);
    const column = await m.dev();
    expect(column.code).to.equal(4);
    expect(column.err).to.contain('0002_bad.sql:3:7: column "emial" does not exist').and.to.contain('(42703)');
  });

  it('shows nothing of the rows in an error', async () => {
    await m.file(
      '0002_twice.sql',
      `INSERT INTO users VALUES (1, 'canary-one@example.com');\nINSERT INTO users VALUES (1, 'canary-two@example.com');\n`,
    );
    const run = await m.dev('--verbose');
    expect(run.err).to.contain(
      '0002_twice.sql:2:1: a value would not be unique, schema public, table users, constraint users_pkey (23505)',
    );
    await m.file('0002_twice.sql', `INSERT INTO users VALUES ('canary-three', NULL);`);
    const type = await m.dev('--verbose');
    expect(type.err).to.contain('(22P02)');
    expect(run.err + type.err).not.to.contain('canary');
  });

  it('refuses an applied file that was edited or is gone, until --repair says it is meant', async () => {
    await m.file('0002_orders.sql', 'CREATE TABLE orders (id int);');
    expect((await m.dev()).code).to.equal(0);
    await m.file('0001_users.sql', `${USERS}-- harmless\n`);
    await m.file('0003_more.sql', 'CREATE TABLE more (id int);');
    const edited = await m.dev();
    expect(edited.code).to.equal(6);
    expect(edited.err).to.contain('migrations/0001_users.sql was edited');
    await m.remove('0002_orders.sql');
    const both = await m.dev();
    expect(both.err).to.contain('0002_orders.sql is applied, and there is no such file');
    expect(await m.tables()).to.deep.equal(['orders', 'users']);
    expect((await m.run('-e', 'dev', '--repair', '--no-input')).code).to.equal(7);
    const repaired = await m.dev('--repair');
    expect(repaired.code, repaired.err).to.equal(0);
    expect(await m.tables()).to.deep.equal(['more', 'orders', 'users']);
    expect((await m.dev()).code).to.equal(0);
    await m.file('0001_users.sql', `${USERS}-- harmless\n`.replaceAll('\n', '\r\n'));
    expect((await m.dev()).code, 'line ends of Windows').to.equal(0);
  });

  it('refuses a file that comes late', async () => {
    await m.file('0003_orders.sql', 'CREATE TABLE orders (id int);');
    expect((await m.dev()).code).to.equal(0);
    await m.file('0002_late.sql', 'CREATE TABLE late (id int);');
    for (const flags of [[], ['--repair']]) {
      const run = await m.dev(...flags);
      expect(run.code).to.equal(6);
      expect(run.err).to.contain('0002_late.sql comes before 0003');
    }
  });

  it('runs what cannot be in a transaction by itself, and goes on where it stopped', async () => {
    await m.file('0002_index.sql', 'CREATE INDEX CONCURRENTLY users_email ON users (email);');
    const inside = await m.dev();
    expect(inside.err).to.contain('(25001)').and.to.contain('-- dcs: no-transaction');
    const text =
      '-- dcs: no-transaction\nCREATE INDEX CONCURRENTLY users_email ON users (email);\nCREATE INDEX CONCURRENTLY on_nothing ON nothing (id);\n';
    await m.file('0002_index.sql', text);
    const stopped = await m.dev();
    expect(stopped.code).to.equal(4);
    expect(stopped.err).to.contain('0002_index.sql:3:1');
    const refused = await m.dev();
    expect(refused.code).to.equal(6);
    expect(refused.err).to.contain('stopped at line 3').and.to.contain('--repair');
    await m.file('0002_index.sql', text.replace('on_nothing ON nothing (id)', 'users_lower ON users (lower(email))'));
    const repaired = await m.dev('--repair');
    expect(repaired.code, repaired.err).to.equal(0);
    expect(
      (await m.query(`SELECT indexname FROM pg_indexes WHERE tablename = 'users' ORDER BY 1`)).map((row) => row['indexname']),
    ).to.deep.equal(['users_email', 'users_lower', 'users_pkey']);
    expect((await m.dev()).code).to.equal(0);
  });

  it('outside a transaction: another run waits for the file, and a killed one says where it stopped', async () => {
    const text = (seconds: number) =>
      `-- dcs: no-transaction\nCREATE TABLE one (id int);\nSELECT pg_sleep(${seconds});\nCREATE TABLE two (id int);\n`;
    await m.file('0002_steps.sql', text(30));
    const { child, ended } = begin();
    await sleeping();
    const waiting = m.dev();
    await sleep(1000);
    child.kill('SIGKILL');
    await ended;
    const refused = await waiting;
    expect(refused.err).to.contain('waiting for another migration').and.to.contain('stopped at line 3');
    expect(refused.code).to.equal(6);
    await m.file('0002_steps.sql', text(0));
    expect((await m.run('-e', 'dev', '--dry-run', '--repair')).out).to.contain('2 statements from line 3, no transaction');
    const next = await m.dev('--repair');
    expect(next.code, next.err).to.equal(0);
    expect(await m.tables()).to.deep.equal(['one', 'two', 'users']);
  });

  it('keeps what a file sets to itself', async () => {
    await m.file(
      '0001_users.sql',
      `SELECT pg_catalog.set_config('search_path', '', false);\nSET ROLE pg_read_all_settings;\nRESET ROLE;\nCREATE TABLE public.users (id int);`,
    );
    await m.file('0002_orders.sql', 'CREATE TABLE orders (id int);');
    const run = await m.dev();
    expect(run.code, run.err).to.equal(0);
    expect(await m.tables()).to.deep.equal(['orders', 'users']);
  });

  it('refuses, before it writes, what it could not keep its word about', async () => {
    for (const [name, text, said] of [
      ['0002_tx.sql', 'SELECT 1;\nCOMMIT;\nSELECT 2;', '0002_tx.sql:2'],
      ['0001_again.sql', 'SELECT 1;', 'the same number'],
      ['later.sql', 'SELECT 1;', 'no number'],
      ['0002_mark.sql', '-- dcs: no-transactions\nSELECT 1;', '0002_mark.sql:1'],
      ['0002_down.sql', '-- migrate:down\nDROP TABLE users;\n-- migrate:up\nSELECT 1;', '0002_down.sql:1'],
    ] as const) {
      await m.file(name, text);
      const run = await m.dev();
      expect(run.code, name).to.equal(2);
      expect(run.err).to.contain(said);
      await m.remove(name);
    }
    expect((await m.dev('--dir', 'nowhere')).code).to.equal(2);
    expect(await m.tables()).to.deep.equal([]);
  });
});
