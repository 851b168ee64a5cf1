import { neonAnswers } from './neon-answers.mjs';
import { psql } from './psql.mjs';
import { must, Record } from './record.mjs';
import { SEED, versionOf, world } from './world.mjs';

/** The vendor's SDK with its own waiting and retries; with a description in reach, each answer is held against it. */
export async function neonSdk() {
  const { createNeonClient } = await import('@neon/sdk');
  const record = new Record('@neon/sdk', await versionOf('@neon/sdk'));
  const answers = await neonAnswers(process.env.DCS_SPECS);
  const w = await world();
  const sdk = createNeonClient({
    apiKey: SEED.neon.key,
    baseUrl: w.env.NEON_API_HOST,
    orgId: SEED.neon.org,
    fetch: answers.fetch,
    throwOnError: true,
    waitForReadiness: true,
    wait: { pollIntervalMs: 50 },
  });
  try {
    const place = await grounds(sdk, record);
    await branches(sdk, w, place, record);
    await contents(sdk, place, record);
    await history(sdk, place, record);
    await record.try('projects.delete, recover', async () => {
      await sdk.projects.delete(place);
      await sdk.projects.recover(place);
      must((await sdk.projects.get(place)).id === place.projectId, 'it did not come back');
    });
  } finally {
    await w.close();
  }
  await answers.report(record);
  return record;
}

async function grounds(sdk, record) {
  let projectId;
  await record.try('projects.createAndConnect', async () => {
    const { project, connectionString } = await sdk.projects.createAndConnect({ name: 'shop', pg_version: 17 });
    projectId = project.id;
    must((await psql(connectionString, 'SELECT 1 AS one'))[0].one === 1, 'the database does not answer');
  });
  await record.try('projects.list().all() over pages, user.me, regions.list', async () => {
    await sdk.projects.create({ name: 'second' });
    must((await sdk.projects.list({ limit: 1 }).all()).length === 2, 'a project is missing');
    await sdk.user.me();
    must(
      (await sdk.regions.list()).some((region) => region.default),
      'no region is the default',
    );
  });
  const branch = await sdk.branches.getDefault({ projectId });
  return { projectId, branchId: branch.id };
}

async function branches(sdk, w, { projectId, branchId }, record) {
  await record.try('branches.createAndConnect, get, list, update', async () => {
    const { branch, connectionString } = await sdk.branches.createAndConnect({ projectId, name: 'dev' });
    await psql(connectionString, 'CREATE TABLE items (name text)');
    await sdk.branches.update({ projectId, branchId: branch.id, name: 'renamed' });
    const all = await sdk.branches.list({ projectId, limit: 1 }).all();
    must(
      all.some(({ name }) => name === 'renamed'),
      'the branch is not listed',
    );
  });
  await record.try('a locked project (423) and an unavailable API (503) are retried', async () => {
    await fetch(`${w.origin}/_sandbox/neon/lock`, { method: 'POST', body: JSON.stringify({ times: 1 }) });
    await sdk.branches.create({ projectId, name: 'patient', noCompute: true });
    const fault = { cloud: 'neon', kind: 'status', status: 503, times: 1 };
    await fetch(`${w.origin}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(fault) });
    must((await sdk.projects.get({ projectId })).id === projectId, 'it is another project');
    const [found] = await sdk.branches.list({ projectId, search: 'patient' }).all();
    await sdk.branches.delete({ projectId, branchId: found.id });
  });
  await record.try('postgres.connectionString, direct and pooled', async () => {
    for (const pooled of [true, false]) {
      const uri = await sdk.postgres.connectionString({ projectId, branchId, pooled });
      must((await psql(uri, 'SELECT 1 AS one'))[0].one === 1, 'the database does not answer');
    }
  });
  await record.try('a branch that is not there', async () => {
    const error = await sdk.branches.get({ projectId, branchId: 'br-no-such-1' }).catch((refusal) => refusal);
    must(error.status === 404, 'it is not a 404');
  });
}

async function contents(sdk, place, record) {
  await record.try('postgres.roles, postgres.databases', async () => {
    await sdk.postgres.roles.create({ ...place, name: 'app' });
    await sdk.postgres.databases.create({ ...place, name: 'more', owner_name: 'app' });
    const before = await sdk.postgres.roles.password({ ...place, roleName: 'app' });
    await sdk.postgres.roles.resetPassword({ ...place, roleName: 'app' });
    must((await sdk.postgres.roles.password({ ...place, roleName: 'app' })) !== before, 'the password is the former one');
    const uri = await sdk.postgres.connectionString({ ...place, roleName: 'app', databaseName: 'more' });
    must((await psql(uri, 'SELECT current_user AS me'))[0].me === 'app', 'it is another role');
    await sdk.postgres.databases.delete({ ...place, databaseName: 'more' });
    await sdk.postgres.roles.delete({ ...place, roleName: 'app' });
  });
  await record.try('postgres.endpoints', async () => {
    const [endpoint] = await sdk.postgres.endpoints.listByBranch(place);
    const one = { ...place, endpointId: endpoint.id };
    must((await sdk.postgres.endpoints.suspend(one)).id === endpoint.id, 'it is another endpoint');
    await sdk.postgres.endpoints.start(one);
    must((await sdk.postgres.endpoints.get(one)).current_state === 'active', 'it does not run');
  });
}

async function history(sdk, place, record) {
  const { projectId } = place;
  const dev = (await sdk.branches.list({ projectId, search: 'renamed' }).all())[0];
  await record.try('branches.compareSchema, resetFromParent', async () => {
    const { diff } = await sdk.branches.compareSchema({
      projectId,
      branchId: dev.id,
      databaseName: 'neondb',
      baseBranchId: place.branchId,
    });
    must(diff.includes('+CREATE TABLE'), 'the table does not show');
    await sdk.branches.resetFromParent({ projectId, branchId: dev.id });
  });
  await record.try('snapshots.create, restore with a preview, delete', async () => {
    const snapshot = await sdk.snapshots.create({ ...place, name: 'before' });
    const restored = await sdk.snapshots.restore({ projectId, snapshotId: snapshot.id, preview: () => false });
    must(restored.restored_from === snapshot.id, 'it was restored from something else');
    await sdk.snapshots.restore({ projectId, snapshotId: snapshot.id, finalize: true });
    await sdk.snapshots.delete({ projectId, snapshotId: snapshot.id });
  });
  await record.try('operations.list().all()', async () => {
    must(
      (await sdk.operations.list({ projectId }).all()).every(({ status }) => status === 'finished'),
      'an operation has not finished',
    );
  });
}

/** The vendor's driver over HTTP and WebSocket, with its own switches for an address without TLS. */
export async function neonServerless() {
  const { neon, neonConfig, Pool } = await import('@neondatabase/serverless');
  const record = new Record('@neondatabase/serverless', await versionOf('@neondatabase/serverless'));
  const w = await world();
  neonConfig.fetchEndpoint = (host, port) => `http://${host}:${port}/sql`;
  neonConfig.wsProxy = (host, port) => `${host}:${port}/v2`;
  Object.assign(neonConfig, { useSecureWebSocket: false, pipelineTLS: false, pipelineConnect: false });
  const headers = { authorization: `Bearer ${SEED.neon.key}` };
  const body = JSON.stringify({ project: { org_id: SEED.neon.org } });
  const made = await (await fetch(`${w.env.NEON_API_HOST}/projects`, { method: 'POST', headers, body })).json();
  await fetch(`${w.origin}/_sandbox/neon/settled`, { method: 'POST' });
  const uri = made.connection_uris[0].connection_uri;
  try {
    await record.try('neon(): a statement, a transaction, an error', async () => {
      const sql = neon(uri);
      must((await sql`SELECT ${41}::int + 1 AS sum`)[0].sum === 42, 'the sum is another one');
      const results = await sql.transaction([sql`CREATE TABLE t (x int)`, sql`INSERT INTO t VALUES (5) RETURNING x`], {
        isolationLevel: 'Serializable',
      });
      must(results[1][0].x === 5, 'the row is another one');
      must((await sql`SELECT nothing`.catch((error) => error)).code === '42703', 'the SQLSTATE is another one');
    });
    await record.try('Pool: over a WebSocket', async () => {
      const pool = new Pool({ connectionString: uri });
      const { rows } = await pool.query('SELECT x, repeat($1, 100000) AS long FROM t', ['y']);
      must(rows[0].x === 5 && rows[0].long.length === 100_000, 'the row is another one');
      await pool.end();
      // The driver closes its socket only after that.
      await new Promise((resolve) => setTimeout(resolve, 200));
    });
  } finally {
    await w.close();
  }
  return record;
}
