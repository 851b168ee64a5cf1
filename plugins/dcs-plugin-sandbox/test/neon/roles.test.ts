import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, type Made, query, refused, start } from './client.ts';

describe('neon sandbox: roles, databases and endpoints', () => {
  let client: Client;
  let made: Made;
  let path: string;
  before(async () => {
    client = await start();
    made = await client.project();
    path = `${made.path}/branches/${made.branch}`;
  });
  after(() => client.close());

  const uri = async (role: string, database: string) =>
    (
      await client.api(
        'GET',
        `${made.path}/connection_uri?role_name=${encodeURIComponent(role)}&database_name=${encodeURIComponent(database)}`,
      )
    ).body.uri as string;
  const failure = (text: string) => query(text, 'SELECT 1').then(String, (error: { code: string }) => error.code);

  it('resets a password: the new one opens, the old one no longer does, and who is inside is put out', async () => {
    const inside = query(made.uri, 'SELECT pg_sleep(20)').catch((error: { code: string }) => error.code);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { body } = await client.done('POST', `${path}/roles/neondb_owner/reset_password`);
    expect(await inside).to.equal('57P01');
    expect(await failure(made.uri)).to.equal('28P01');
    expect((await client.api('GET', `${path}/roles/neondb_owner/reveal_password`)).body.password).to.equal(body.role.password);
    expect(await query(await uri('neondb_owner', 'neondb'), 'SELECT 1 AS one')).to.deep.equal([{ one: 1 }]);
  });

  it('writes connection strings that survive any password, role and database', async () => {
    const role = { name: 'Odd "role"' };
    await client.done('POST', `${path}/roles`, { role });
    await client.done('POST', `${path}/databases`, { database: { name: 'ä b', owner_name: role.name } });
    await client.sandbox('password', { project: made.id, branch: made.branch, role: role.name, password: `p@ss/w:rd#1?x'\\` });
    expect(await query(await uri(role.name, 'ä b'), 'SELECT current_user, current_database()')).to.deep.equal([
      { current_user: role.name, current_database: 'ä b' },
    ]);
  });

  it('makes, renames and drops databases and roles', async () => {
    await client.done('POST', `${path}/roles`, { role: { name: 'app' } });
    await client.done('POST', `${path}/databases`, { database: { name: 'one', owner_name: 'app' } });
    await query(await uri('app', 'one'), 'CREATE TABLE t (x int)');
    expect(refused(await client.api('DELETE', `${path}/roles/app`))).to.deep.equal([422, 'role owns databases']);
    await client.done('PATCH', `${path}/databases/one`, { database: { name: 'two', owner_name: 'neondb_owner' } });
    expect(await query(await uri('app', 'two'), 'SELECT * FROM t')).to.deep.equal([]);
    await client.done('DELETE', `${path}/roles/app`);
    expect((await client.api('GET', `${path}/roles/app`)).status).to.equal(404);
    await client.done('DELETE', `${path}/databases/two`);
    expect(
      (await client.api('GET', `${made.path}/operations`)).body.operations.map(({ status }: { status: string }) => status),
    ).not.to.include('failed');
    expect(refused(await client.api('POST', `${path}/roles`, { role: { name: 'x'.repeat(64) } }))[0]).to.equal(400);
    expect(refused(await client.api('POST', `${path}/databases`, { database: { name: 'd', owner_name: 'nobody' } }))).to.deep.equal([
      404,
      'owner role not found',
    ]);
  });

  it('suspends a compute, wakes it by a connection, and refuses where it is disabled', async () => {
    const endpoint = (await client.api('GET', `${path}/endpoints`)).body.endpoints[0];
    const one = `${made.path}/endpoints/${endpoint.id}`;
    await client.done('POST', `${one}/suspend`);
    expect((await client.api('GET', one)).body.endpoint.current_state).to.equal('idle');
    const address = await uri('neondb_owner', 'neondb');
    expect(await query(address, 'SELECT 1 AS one')).to.deep.equal([{ one: 1 }]);
    expect((await client.api('GET', one)).body.endpoint.current_state).to.equal('active');
    await client.done('PATCH', one, { endpoint: { disabled: true } });
    expect(await query(address, 'SELECT 1').catch((error: Error) => error.message)).to.match(/has been disabled/);
    await client.done('PATCH', one, { endpoint: { disabled: false } });
    expect(
      refused(await client.api('POST', `${made.path}/endpoints`, { endpoint: { branch_id: made.branch, type: 'read_write' } }))[0],
    ).to.equal(409);
  });

  it('keeps data and addresses over a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sandbox-neon-'));
    const first = await start(folder);
    const kept = await first.project();
    await query(kept.uri, 'CREATE TABLE kept (x int)');
    await first.close();
    const second = await start(folder);
    expect(await query(kept.uri, 'SELECT * FROM kept')).to.deep.equal([]);
    await fetch(`${second.url}/_sandbox/reset`, { method: 'POST' });
    expect((await second.api('GET', kept.path)).status).to.equal(404);
    await second.close();
    await rm(folder, { recursive: true });
  });
});
