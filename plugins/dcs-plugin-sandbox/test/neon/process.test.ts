import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { SEED } from '../../src/seed.ts';
import { fromNpm } from '../../src/neon/postgres/binaries.ts';
import { ensureCertificate } from '../../src/server/certificate.ts';
import { initialize, openPostgres, serve } from '../../src/neon/postgres/server.ts';
import { connected } from '../../src/neon/postgres/sql.ts';
import { query, start } from './client.ts';

const MAIN = fileURLToPath(new URL('../../lib/server/main.js', import.meta.url));
/** Process ids of the PostgreSQL servers below `folder`. */
function servers(folder: string): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  const server = new RegExp(`^ *(\\d+) \\S*/postgres -D ${folder}`);
  return lines.flatMap((line) => server.exec(line)?.[1] ?? []).map(Number);
}

describe('neon sandbox: PostgreSQL as a process', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'neon-process-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('starts with the first project only, and is gone with the sandbox', async () => {
    const client = await start(folder);
    expect(await readdir(folder)).not.to.include('neon');
    await client.project();
    expect(servers(folder)).not.to.deep.equal([]);
    await client.close();
    expect(servers(folder)).to.deep.equal([]);
  });

  /** A sandbox in a process of its own, with a project. */
  async function elsewhere(): Promise<{ kill(): Promise<void>; uri: string }> {
    const sandbox = spawn(process.execPath, [MAIN, folder, '0'], { stdio: ['ignore', 'pipe', 'inherit'], env: {} });
    const origin = await new Promise<string>((resolve) => sandbox.stdout.once('data', (text: Buffer) => resolve(text.toString().trim())));
    const body = JSON.stringify({ project: { org_id: SEED.neon.org } });
    const made = await fetch(`${origin}/api/v2/projects`, { method: 'POST', body, headers: { authorization: `Bearer ${SEED.neon.key}` } });
    const { connection_uris: uris } = (await made.json()) as { connection_uris: { connection_uri: string }[] };
    await fetch(`${origin}/_sandbox/neon/settled`, { method: 'POST' });
    const kill = async (): Promise<void> => {
      sandbox.kill('SIGKILL');
      await once(sandbox, 'exit');
    };
    return { kill, uri: uris[0]?.connection_uri ?? '' };
  }

  it('leaves no server behind when the sandbox is killed', async () => {
    const sandbox = await elsewhere();
    expect(servers(folder)).not.to.deep.equal([]);
    await sandbox.kill();
    for (let tries = 0; tries < 200 && servers(folder).length > 0; tries++) await sleep(50);
    expect(servers(folder)).to.deep.equal([]);
  });

  it('goes on at once where a killed sandbox stopped', async () => {
    const sandbox = await elsewhere();
    await query(sandbox.uri, 'CREATE TABLE kept (x int)');
    await sandbox.kill();
    const client = await start(folder);
    expect(await query(sandbox.uri, 'SELECT * FROM kept')).to.deep.equal([]);
    await client.close();
  });

  it('keeps no cluster that no branch needs', async () => {
    const clusters = async () => (await readdir(join(folder, 'neon'))).filter((name) => /^[0-9a-f-]{36}$/.test(name)).length;
    const client = await start(folder);
    const { path } = await client.project();
    expect(await clusters()).to.equal(1);
    const { body } = await client.done('POST', `${path}/branches`, { branch: { name: 'short' } });
    expect(await clusters()).to.equal(2);
    await client.done('DELETE', `${path}/branches/${body.branch.id}?hard_delete=true`);
    expect(await clusters()).to.equal(1);
    const failed = await client.done('POST', `${path}/branches`, { branch: { name: 'never', parent_lsn: 'FFFF/0' } });
    expect((await client.api('GET', `${path}/operations/${failed.body.operations[0].id}`)).body.operation).to.include({ status: 'failed' });
    expect((await client.api('GET', `${path}/branches?search=never`)).body.branches).to.deep.equal([]);
    expect(await clusters()).to.equal(1);
    await client.close();
    await mkdir(join(folder, 'neon', '0b5c1c3a-6a34-4a53-9d7e-0d5a3c0f5e11'));
    await (await start(folder)).close();
    expect(await clusters()).to.equal(1);
  });

  it('wakes a server that died', async () => {
    const client = await start(folder);
    const { uri } = await client.project();
    for (const pid of servers(folder)) process.kill(pid, 'SIGKILL');
    await sleep(300);
    expect(await query(uri, 'SELECT 1 AS one')).to.deep.equal([{ one: 1 }]);
    await client.close();
  });

  it('runs the PostgreSQL of npm, links made here', async function () {
    const found = fromNpm();
    if (found === undefined) return this.skip();
    const pg = { ...found, prefix: (await openPostgres()).prefix };
    await initialize(pg, join(folder, 'data'), 'secret');
    ensureCertificate(folder);
    const server = await serve(pg, join(folder, 'data'), 'secret', { ssl: 'on', ssl_cert_file: '../cert.pem', ssl_key_file: '../key.pem' });
    const address = { port: server.port, database: 'postgres', password: 'secret' };
    const { rows } = await connected(address, (client) => client.query<{ server_version: string }>('SHOW server_version'));
    await server.stop();
    expect(rows[0]?.server_version).to.match(/^18\./);
  });
});
