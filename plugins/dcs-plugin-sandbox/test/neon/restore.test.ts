import { expect } from 'chai';
import { SEED } from '../../src/seed.ts';
import { type Client, type Made, query, refused, start } from './client.ts';

const READ_WRITE = { endpoints: [{ type: 'read_write' }] };

describe('neon sandbox: back in time', () => {
  let client: Client;
  let made: Made;
  let main: string;
  beforeEach(async () => {
    client = await start();
    made = await client.project();
    main = `${made.path}/branches/${made.branch}`;
    await query(made.uri, 'CREATE TABLE items (name text)');
  });
  afterEach(() => client.close());

  const add = (uri: string, name: string) => query(uri, `INSERT INTO items VALUES ('${name}')`);
  const names = (uri: string) => query(uri, 'SELECT name FROM items ORDER BY 1').then((rows) => rows.map(({ name }) => name));
  const moment = async () => new Date(String((await query(made.uri, 'SELECT clock_timestamp()::text AS at'))[0]?.['at'])).toISOString();
  const branch = async (name: string) => {
    const { body } = await client.done('POST', `${made.path}/branches`, { branch: { name }, ...READ_WRITE });
    return {
      id: body.branch.id as string,
      path: `${made.path}/branches/${body.branch.id}`,
      uri: body.connection_uris[0].connection_uri as string,
    };
  };
  const failures = async () =>
    (await client.api('GET', `${made.path}/operations`)).body.operations.filter(({ status }: { status: string }) => status === 'failed');

  it('what is made after a reset of the sandbox stays open when the work from before it ends', async () => {
    await client.sandbox('operations', { ms: 1200 });
    expect((await client.api('POST', '/projects', { project: { org_id: SEED.neon.org } })).status).to.equal(201);
    await fetch(`${client.url}/_sandbox/reset`, { method: 'POST' });
    await client.sandbox('operations', { ms: 0 });
    const fresh = await client.project();
    await client.sandbox('settled');
    expect(await query(fresh.uri, 'SELECT 1 AS one')).to.deep.equal([{ one: 1 }]);
  });

  it('resets a branch to its parent under the same address', async () => {
    const dev = await branch('dev');
    await add(dev.uri, 'in dev');
    await add(made.uri, 'in main');
    const { body } = await client.done('POST', `${dev.path}/restore`, { source_branch_id: made.branch });
    expect(body.branch.current_state).to.equal('resetting');
    expect(await names(dev.uri)).to.deep.equal(['in main']);
    const after = (await client.api('GET', dev.path)).body.branch;
    expect([after.current_state, after.parent_id]).to.deep.equal(['ready', made.branch]);
    expect(after.last_reset_at).to.be.a('string');
  });

  it('restores a branch from its own past and keeps the former state, children included', async () => {
    await add(made.uri, 'early');
    const child = await branch('child');
    const then = await moment();
    await add(made.uri, 'late');
    expect(refused(await client.api('POST', `${main}/restore`, { source_branch_id: made.branch }))[0]).to.equal(400);
    expect(refused(await client.api('POST', `${main}/restore`, { source_branch_id: made.branch, source_timestamp: then }))[0]).to.equal(
      422,
    );
    await client.done('POST', `${main}/restore`, {
      source_branch_id: made.branch,
      source_timestamp: then,
      preserve_under_name: 'main_old',
    });
    expect(await failures()).to.deep.equal([]);
    expect(await names(made.uri)).to.deep.equal(['early']);
    const old = (await client.api('GET', `${made.path}/branches?search=main_old`)).body.branches[0];
    expect((await client.api('GET', child.path)).body.branch.parent_id).to.equal(old.id);
    expect((await client.api('GET', main)).body.branch.parent_id).to.equal(old.id);
    await client.done('POST', `${made.path}/endpoints`, { endpoint: { branch_id: old.id, type: 'read_write' } });
    const kept = (await client.api('GET', `${made.path}/connection_uri?branch_id=${old.id}&database_name=neondb&role_name=neondb_owner`))
      .body.uri;
    expect(await names(kept)).to.deep.equal(['early', 'late']);
  });

  it('restores more than once, and past a restore', async () => {
    await add(made.uri, 'one');
    const first = await moment();
    await add(made.uri, 'two');
    await client.done('POST', `${main}/restore`, { source_branch_id: made.branch, source_timestamp: first, preserve_under_name: 'old1' });
    await add(made.uri, 'three');
    const second = await moment();
    await add(made.uri, 'four');
    await client.done('POST', `${main}/restore`, { source_branch_id: made.branch, source_timestamp: second, preserve_under_name: 'old2' });
    expect(await names(made.uri)).to.deep.equal(['one', 'three']);
    await client.done('POST', `${main}/restore`, { source_branch_id: made.branch, source_timestamp: first, preserve_under_name: 'old3' });
    expect(await failures()).to.deep.equal([]);
    expect(await names(made.uri)).to.deep.equal(['one']);
  });

  it('refuses to restore a protected branch', async () => {
    await client.api('PATCH', main, { branch: { protected: true } });
    const answer = await client.api('POST', `${main}/restore`, {
      source_branch_id: made.branch,
      source_timestamp: await moment(),
      preserve_under_name: 'x',
    });
    expect(refused(answer)).to.deep.equal([422, 'cannot restore a protected branch']);
  });

  it('takes a snapshot, restores it beside the branch, and lets it take the place', async () => {
    await add(made.uri, 'kept');
    const { body } = await client.done('POST', `${main}/snapshot?name=before`);
    await add(made.uri, 'lost');
    const one = `${made.path}/snapshots/${body.snapshot.id}`;
    const beside = (await client.done('POST', `${one}/restore`, { name: 'look' })).body.branch;
    expect([beside.name, beside.restored_from, beside.restore_status]).to.deep.equal(['look', body.snapshot.id, 'restored']);
    expect(await names(made.uri)).to.deep.equal(['kept', 'lost']);
    await client.done('POST', `${made.path}/branches/${beside.id}/finalize_restore`, { name: 'main before' });
    expect(await failures()).to.deep.equal([]);
    expect(await names(made.uri)).to.deep.equal(['kept']);
    const now = (await client.api('GET', `${made.path}/branches/${beside.id}`)).body.branch;
    expect(now).to.include({ name: 'main', default: true, restore_status: 'finalized' });
    expect((await client.api('GET', main)).body.branch).to.include({ name: 'main before', default: false });
    expect((await client.api('PATCH', one, { snapshot: { name: 'after' } })).body.snapshot.name).to.equal('after');
    expect((await client.done('DELETE', one)).status).to.equal(202);
    expect((await client.api('GET', `${made.path}/snapshots`)).body.snapshots).to.deep.equal([]);
  });

  it('restores a snapshot at once into the branch it was taken from', async () => {
    const { body } = await client.done('POST', `${main}/snapshot`);
    await add(made.uri, 'lost');
    await client.done('POST', `/projects/${made.id}/snapshots/${body.snapshot.id}/restore`, { finalize_restore: true });
    expect(await failures()).to.deep.equal([]);
    expect(await names(made.uri)).to.deep.equal([]);
  });

  it('shows a schema and how two of them differ, also as it was', async () => {
    const then = await moment();
    const dev = await branch('dev');
    await query(
      dev.uri,
      `CREATE TYPE mood AS ENUM ('good', 'bad');
      ALTER TABLE items ADD COLUMN id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ADD COLUMN mood mood DEFAULT 'good' NOT NULL;
      CREATE INDEX by_name ON items (lower(name)); CREATE VIEW happy AS SELECT name FROM items WHERE mood = 'good';
      CREATE TABLE notes (item int REFERENCES items, text text CHECK (text <> ''))`,
    );
    const diff = (await client.api('GET', `${dev.path}/compare_schema?db_name=neondb&base_branch_id=${made.branch}`)).body.diff as string;
    expect(diff).to.match(/^--- a\/neondb\n\+\+\+ b\/neondb\n@@ -1,\d+ \+1,\d+ @@\n/);
    for (const line of [
      "+    mood public.mood DEFAULT 'good'::public.mood NOT NULL",
      '+    id integer GENERATED ALWAYS AS IDENTITY NOT NULL,',
      '+CREATE INDEX by_name ON public.items USING btree (lower(name));',
    ])
      expect(diff).to.contain(line);
    expect(diff).to.contain('FOREIGN KEY (item) REFERENCES public.items(id)').and.not.to.contain('\n-CREATE');
    expect((await client.api('GET', `${main}/compare_schema?db_name=neondb&base_branch_id=${made.branch}`)).body.diff).to.equal('');
    expect((await client.api('GET', `${main}/schema?db_name=neondb`)).body.sql).to.equal(
      'CREATE TABLE public.items (\n    name text\n);\n',
    );
    await query(made.uri, 'DROP TABLE items');
    const back = (await client.api('GET', `${main}/compare_schema?db_name=neondb&base_branch_id=${made.branch}&base_timestamp=${then}`))
      .body.diff;
    expect(back).to.contain('-CREATE TABLE public.items (');
  });
});
