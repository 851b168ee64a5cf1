import { execFile } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { NPM, startRegistry, type Registry } from './registry.ts';
import { tarball } from './tarball.ts';

describe('the local registry of the tests', () => {
  let registry: Registry;
  let folder: string;
  const npm = (...words: string[]) =>
    promisify(execFile)(process.execPath, [NPM, ...words, '--no-audit', '--fetch-retries=0'], {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, ...registry.env },
    });

  before(async function () {
    this.timeout(60_000);
    registry = await startRegistry();
    folder = await mkdtemp(join(tmpdir(), 'dcs-registry-test-'));
  });
  after(() => registry.close());

  it('holds a plugin of this repository and all it needs, for a real npm', async function () {
    this.timeout(60_000);
    await registry.publishOwn(['dcs-plugin-cloudflare']);
    await npm('install', '--omit=dev', 'dcs-plugin-cloudflare');
    const lock = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { resolved?: string }>;
    };
    const from = Object.values(lock.packages).flatMap(({ resolved }) => resolved ?? []);
    expect(from.length).to.be.greaterThan(10);
    expect(from.filter((url) => !url.startsWith(registry.url))).to.deep.equal([]);
    expect(lock.packages).to.include.keys('node_modules/dcs-sdk', 'node_modules/@oclif/core');
  });

  it('lies, and goes away and comes back under one address', async () => {
    await registry.publish(tarball({ 'package.json': JSON.stringify({ name: 'foreign', version: '1.0.0' }) }));
    registry.lie(({ path }) => (path === '/foreign' ? { status: 401, body: '{}' } : undefined));
    expect((await fetch(`${registry.url}foreign`)).status).to.equal(401);
    registry.lie(undefined);
    await registry.stop();
    const refused = await fetch(`${registry.url}foreign`).catch((error: Error) => error);
    expect(refused).to.be.instanceOf(TypeError);
    await registry.start();
    expect(((await (await fetch(`${registry.url}foreign`)).json()) as { 'dist-tags': unknown })['dist-tags']).to.deep.equal({
      latest: '1.0.0',
    });
  });
});
