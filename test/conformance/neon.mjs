import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { psql } from './psql.mjs';
import { must, oneLine, Record } from './record.mjs';
import { HERE, run, SEED, world } from './world.mjs';

const require = createRequire(import.meta.url);
const BIN = join(HERE, 'node_modules', 'neon', 'dist', 'cli.js');

/** The vendor's CLI, aimed at the sandbox by the vendor's own variables. */
export async function neonCli() {
  const record = new Record('neon', require('neon/package.json').version);
  const w = await world();
  const raw = async (args) => {
    const ran = await run(process.execPath, [BIN, '--no-analytics', '--no-color', ...args], { env: w.env, cwd: w.work });
    if (ran.code !== 0) throw new Error(`exit ${ran.code}: ${oneLine(`${ran.err} ${ran.out}`)}`);
    return ran.out;
  };
  const json = async (...args) => JSON.parse(await raw([...args, '--output', 'json']));
  try {
    const project = await projects(json, record);
    await writeFile(join(w.work, '.neon'), JSON.stringify({ orgId: SEED.neon.org, projectId: project }));
    await branches(json, raw, record);
    await inside(json, record);
    const settled = () => fetch(`${w.origin}/_sandbox/neon/settled`, { method: 'POST' });
    await backInTime({ json, raw, settled }, record);
    await record.try('projects delete', async () => {
      await json('projects', 'delete', project);
      must((await json('projects', 'list', '--org-id', SEED.neon.org)).length === 0, 'the project is still listed');
    });
  } finally {
    await w.close();
  }
  return record;
}

async function projects(json, record) {
  let id;
  await record.try('me, orgs list', async () => {
    must((await json('me')).email === 'you@sandbox.example', 'it is somebody else');
    must(
      (await json('orgs', 'list')).some((org) => org.id === SEED.neon.org),
      'the organization is missing',
    );
  });
  await record.try('projects create', async () => {
    const made = await json('projects', 'create', '--name', 'shop', '--org-id', SEED.neon.org);
    id = made.project.id;
    must((await psql(made.connection_uris[0].connection_uri, 'SELECT 1 AS one'))[0].one === 1, 'the database does not answer');
  });
  await record.try('projects list, get, update', async () => {
    const listed = await json('projects', 'list', '--org-id', SEED.neon.org);
    must(
      listed.some((project) => project.id === id),
      'the list lacks the project',
    );
    must((await json('projects', 'update', id, '--name', 'renamed')).name === 'renamed', 'the name is another one');
    must((await json('projects', 'get', id)).name === 'renamed', 'the name did not stay');
  });
  return id;
}

async function branches(json, raw, record) {
  await record.try('branches create (with its endpoint, from .neon)', async () => {
    const made = await json('branches', 'create', '--name', 'dev');
    await psql(made.connection_uris[0].connection_uri, 'CREATE TABLE items (name text)');
  });
  await record.try('branches list, get, rename, set-default', async () => {
    await json('branches', 'rename', 'dev', 'feature');
    must((await json('branches', 'get', 'feature')).name === 'feature', 'the name is another one');
    must((await json('branches', 'set-default', 'feature')).default === true, 'it is not the default');
    await json('branches', 'set-default', 'main');
    must((await json('branches', 'list')).length === 2, 'a branch is missing');
  });
  await record.try('connection-string --ssl omit', async () => {
    const uri = (await raw(['connection-string', 'feature', '--ssl', 'omit'])).trim();
    must((await psql(uri, 'SELECT * FROM items')).length === 0, 'the database does not answer');
  });
  await record.try('psql (TLS, as the CLI asks for it)', async () => {
    const out = await raw(['psql', 'feature', '--', '-At', '-c', 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()']);
    must(out.trim().split('\n').at(-1) === 't', 'the connection is another one');
  });
  const oneAddress = { reason: 'the CLI puts `-pooler` into the host; an endpoint of the sandbox has a port for it', fails: () => true };
  await record.known('connection-string --pooled', oneAddress, async () => {
    const [direct, pooled] = [await raw(['cs', 'feature', '--ssl', 'omit']), await raw(['cs', 'feature', '--ssl', 'omit', '--pooled'])];
    must(direct !== pooled, 'it is the direct address');
  });
  await record.try('branches add-compute, set-expiration', async () => {
    must((await json('branches', 'add-compute', 'feature', '--type', 'read_only')).type === 'read_only', 'it is of another type');
    const end = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z');
    must((await json('branches', 'set-expiration', 'feature', '--expires-at', end)).expires_at === end, 'it ends at another time');
  });
  await record.try('branches create --schema-only, --parent', async () => {
    await json('branches', 'create', '--name', 'schema', '--schema-only');
    const child = await json('branches', 'create', '--name', 'child', '--parent', 'feature', '--no-compute');
    must((child.endpoints ?? []).length === 0, 'it has an endpoint');
    await json('branches', 'delete', 'child');
  });
}

async function inside(json, record) {
  await record.try('roles create, list, delete', async () => {
    await json('roles', 'create', '--name', 'app', '--branch', 'feature');
    must(
      (await json('roles', 'list', '--branch', 'feature')).some((role) => role.name === 'app'),
      'the role is missing',
    );
  });
  await record.try('databases create, list, delete', async () => {
    await json('databases', 'create', '--name', 'more', '--owner-name', 'app', '--branch', 'feature');
    must(
      (await json('databases', 'list', '--branch', 'feature')).some(({ name }) => name === 'more'),
      'the database is missing',
    );
    await json('databases', 'delete', 'more', '--branch', 'feature');
    await json('roles', 'delete', 'app', '--branch', 'feature');
    must(
      (await json('roles', 'list', '--branch', 'feature')).every((role) => role.name !== 'app'),
      'the role is still there',
    );
  });
  await record.try('operations list', async () => {
    must(
      (await json('operations', 'list')).every(({ status }) => status === 'finished'),
      'an operation has not finished',
    );
  });
}

/** The CLI does not wait for what it restores. */
async function backInTime({ json, raw, settled }, record) {
  await record.try('branches schema-diff', async () => {
    const out = await raw(['branches', 'schema-diff', 'main', 'feature', '--database', 'neondb']);
    must(out.includes('+CREATE TABLE public.items ('), 'the table does not show');
  });
  await record.try('branches reset --parent', async () => {
    await json('branches', 'reset', 'feature', '--parent');
    await settled();
    must(
      !(await raw(['branches', 'schema-diff', 'main', 'feature', '--database', 'neondb'])).includes('CREATE TABLE'),
      'the table is still there',
    );
  });
  await record.try('branches restore ^self@TIME --preserve-under-name', async () => {
    const then = new Date(Date.now() - 100).toISOString();
    await json('branches', 'restore', 'main', `^self@${then}`, '--preserve-under-name', 'main_old');
    await settled();
    must((await json('branches', 'get', 'main_old')).name === 'main_old', 'the former state was not kept');
  });
  await record.try('snapshots create, list, restore, delete', async () => {
    await json('snapshots', 'create', '--branch', 'main', '--name', 'before');
    await settled();
    const [snapshot] = await json('snapshots', 'list');
    must(snapshot.name === 'before', 'the snapshot has another name');
    await json('snapshots', 'restore', snapshot.id, '--name', 'restored');
    await settled();
    await json('snapshots', 'delete', snapshot.id);
  });
  await record.try('branches delete', async () => {
    await json('branches', 'delete', 'feature');
    must(
      (await json('branches', 'list')).every(({ name }) => name !== 'feature'),
      'the branch is still listed',
    );
  });
}
