import { expect } from 'chai';
import { type Client, type Made, query, refused, start } from './client.ts';

const READ_WRITE = { endpoints: [{ type: 'read_write' }] };

describe('neon sandbox: branches', () => {
  let client: Client;
  let made: Made;
  before(async () => {
    client = await start();
    made = await client.project();
    await query(made.uri, 'CREATE TABLE items (id serial PRIMARY KEY, name text)');
    await query(made.uri, `INSERT INTO items (name) VALUES ('first')`);
  });
  after(() => client.close());

  const branch = async (name: string, wanted: object = {}) => {
    const { body, status } = await client.done('POST', `${made.path}/branches`, { branch: { name, ...wanted }, ...READ_WRITE });
    expect(status, JSON.stringify(body)).to.equal(201);
    return {
      id: body.branch.id as string,
      path: `${made.path}/branches/${body.branch.id}`,
      uri: body.connection_uris?.[0].connection_uri as string,
      body,
    };
  };
  const names = (uri: string) => query(uri, 'SELECT name FROM items ORDER BY id').then((rows) => rows.map(({ name }) => name));

  it('holds what the parent holds, and neither sees what the other does afterwards', async () => {
    const dev = await branch('dev');
    expect(dev.body.branch).to.include({ parent_id: made.branch, current_state: 'init' });
    expect(await names(dev.uri)).to.deep.equal(['first']);
    await query(dev.uri, `INSERT INTO items (name) VALUES ('in dev')`);
    await query(made.uri, `INSERT INTO items (name) VALUES ('in main')`);
    expect(await names(dev.uri)).to.deep.equal(['first', 'in dev']);
    expect(await names(made.uri)).to.deep.equal(['first', 'in main']);
  });

  it('does not disturb those who work on the parent', async () => {
    const working = query(made.uri, `SELECT pg_sleep(1), 'still here' AS said`);
    await branch('undisturbed');
    expect((await working)[0]?.['said']).to.equal('still here');
  });

  it('begins with the passwords of its parent, unless that is protected', async () => {
    const password = (uri: string) => new URL(uri).password;
    expect(password((await branch('same')).uri)).to.equal(password(made.uri));
    await client.api('PATCH', `${made.path}/branches/${made.branch}`, { branch: { protected: true } });
    const own = await branch('own');
    await client.api('PATCH', `${made.path}/branches/${made.branch}`, { branch: { protected: false } });
    expect(password(own.uri)).not.to.equal(password(made.uri));
    expect(await names(own.uri)).to.include('first');
    const former = own.uri.replace(password(own.uri), password(made.uri));
    expect(await query(former, 'SELECT 1').catch((error: { code: string }) => error.code)).to.equal('28P01');
  });

  it('goes back to a moment of the parent, by time and by LSN', async () => {
    const before = (await query(made.uri, `SELECT clock_timestamp()::text AS at, pg_current_wal_flush_lsn()::text AS lsn`))[0];
    await query(made.uri, `INSERT INTO items (name) VALUES ('too late')`);
    const time = new Date(String(before?.['at'])).toISOString();
    expect(await names((await branch('by-time', { parent_timestamp: time })).uri)).not.to.include('too late');
    expect(await names((await branch('by-lsn', { parent_lsn: before?.['lsn'] })).uri)).not.to.include('too late');
    expect(await names(made.uri)).to.include('too late');
    const early = await client.api('POST', `${made.path}/branches`, { branch: { parent_timestamp: '2020-01-01T00:00:00Z' } });
    expect(refused(early)).to.deep.equal([400, 'the requested point in time is before the beginning of the history']);
  });

  it('takes the schema alone', async () => {
    const { uri, body } = await branch('schema', { init_source: 'schema-only' });
    expect(body.branch.parent_id).to.equal(undefined);
    expect(await names(uri)).to.deep.equal([]);
  });

  it('is locked while operations are under way, and says what they do', async () => {
    await client.sandbox('operations', { ms: 150 });
    const first = await client.api('POST', `${made.path}/branches`, { branch: { name: 'slow' }, ...READ_WRITE });
    expect(refused(await client.api('POST', `${made.path}/branches`, { branch: { name: 'too soon' } }))).to.deep.equal([
      423,
      'project already has running conflicting operations, scheduling of new ones is prohibited',
    ]);
    const [creating, starting] = first.body.operations;
    const status = async ({ id }: { id: string }) => (await client.api('GET', `${made.path}/operations/${id}`)).body.operation.status;
    expect([await status(creating), await status(starting)]).to.deep.equal(['running', 'scheduling']);
    await client.sandbox('settled');
    expect([await status(creating), await status(starting)]).to.deep.equal(['finished', 'finished']);
    await client.sandbox('operations', { ms: 0 });
    await client.sandbox('lock', { times: 1 });
    expect((await client.api('PATCH', `${made.path}/branches/${first.body.branch.id}`, { branch: { name: 'x' } })).status).to.equal(423);
    expect((await client.api('PATCH', `${made.path}/branches/${first.body.branch.id}`, { branch: { name: 'x' } })).status).to.equal(200);
  });

  it('pages, sorts, searches and counts', async () => {
    const first = (await client.api('GET', `${made.path}/branches?limit=2&sort_by=name&sort_order=asc`)).body;
    const rest = (await client.api('GET', `${made.path}/branches?sort_by=name&sort_order=asc&cursor=${first.pagination.next}`)).body;
    const all = [...first.branches, ...rest.branches].map(({ name }: { name: string }) => name);
    expect(all).to.deep.equal(all.toSorted());
    expect(rest.pagination.next).to.equal(undefined);
    expect((await client.api('GET', `${made.path}/branches/count`)).body.count).to.equal(all.length);
    expect((await client.api('GET', `${made.path}/branches?search=by-`)).body.branches).to.have.length(2);
    expect(refused(await client.api('POST', `${made.path}/branches`, { branch: { name: 'dev' } }))).to.deep.equal([
      409,
      'branch already exists',
    ]);
  });

  it('deletes softly, recovers with the same address, and refuses what must stay', async () => {
    const parent = await branch('parent');
    const child = await branch('child', { parent_id: parent.id });
    expect((await client.api('DELETE', parent.path)).status).to.equal(422);
    expect((await client.api('DELETE', `${made.path}/branches/${made.branch}`)).status).to.equal(422);
    expect((await client.done('DELETE', child.path)).body.branch.name).to.equal('child');
    expect((await client.api('DELETE', child.path)).status).to.equal(204);
    expect((await client.api('GET', child.path)).status).to.equal(404);
    expect(await query(child.uri, 'SELECT 1').catch((error: Error) => error.message)).to.match(/endpoint could not be found/);
    const seen = (await client.api('GET', `${made.path}/branches?include_deleted=true&search=child`)).body.branches[0];
    expect(seen.recovery.deletion_method).to.equal('user');
    expect((await client.api('POST', `${child.path}/recover`)).status).to.equal(200);
    expect(await names(child.uri)).to.include('first');
    await client.done('DELETE', `${child.path}?hard_delete=true`);
    expect((await client.api('POST', `${child.path}/recover`)).status).to.equal(404);
  });

  it('ends when its time is up', async () => {
    const short = await branch('short');
    const until = Date.now() + 2000;
    const { body } = await client.api('PATCH', short.path, { branch: { expires_at: new Date(until).toISOString() } });
    expect(body.branch.ttl_interval_seconds).to.be.within(1, 2);
    expect(body.branch.expires_at).to.match(/:\d\dZ$/);
    await new Promise((resolve) => setTimeout(resolve, until + 50 - Date.now()));
    expect((await client.api('GET', short.path)).status).to.equal(404);
    expect(
      (await client.api('GET', `${made.path}/branches?include_deleted=true&search=short`)).body.branches[0].recovery.deletion_method,
    ).to.equal('ttl');
    const past = await client.api('POST', `${made.path}/branches`, { branch: { expires_at: '2020-01-01T00:00:00Z' } });
    expect(refused(past)).to.deep.equal([400, 'expires_at must be in the future']);
    const main = await client.api('PATCH', `${made.path}/branches/${made.branch}`, {
      branch: { expires_at: new Date(Date.now() + 9e6).toISOString() },
    });
    expect(main.status).to.equal(422);
  });

  it('moves the default', async () => {
    const next = await branch('next');
    expect((await client.api('POST', `${next.path}/set_as_default`)).body.branch.default).to.equal(true);
    expect((await client.api('GET', `${made.path}/branches/${made.branch}`)).body.branch.default).to.equal(false);
    await client.api('POST', `${made.path}/branches/${made.branch}/set_as_default`);
  });
});
