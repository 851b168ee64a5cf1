import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { release } from '../release/release.ts';
import { startRegistry, type Registry } from './registry.ts';
import { YAML } from './world.ts';

const run = promisify(execFile);
const PLUGINS = ['cloudflare', 'gcp', 'neon', 'sandbox'];
/** Installed: what may be there at most. A tenth above what was measured (docs/releasing.md). */
const MOST = { packages: 6, megabytes: 8 };

describe('the packed release, installed and used', function () {
  this.timeout(300_000);
  let base: string;
  let registry: Registry;
  let env: Record<string, string>;
  const dcs = async (words: readonly string[], more: Record<string, string> = {}) =>
    run(join(base, 'prefix', 'bin', 'dcs'), [...words], { cwd: join(base, 'project'), env: { ...env, ...more }, maxBuffer: 1 << 24 });
  const npm = (...words: readonly string[]) => run('npm', [...words, '--no-audit', '--no-fund'], { cwd: base, env });

  before(async () => {
    const dist = await release();
    base = await mkdtemp(join(tmpdir(), 'dcs-packed-'));
    for (const folder of ['home', 'prefix', 'project/.git']) await mkdir(join(base, folder), { recursive: true });
    await writeFile(join(base, 'project', '.git', 'HEAD'), 'ref: refs/heads/work\n');
    registry = await startRegistry();
    // Nothing of this repository: no node_modules/.bin on the PATH, no home.
    env = {
      PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
      HOME: join(base, 'home'),
      ...registry.env,
    };
    await writeFile(env['npm_config_userconfig']!, `//${new URL(registry.url).host}/:_authToken=none\n`);
    const publish = [join(dist, '..', 'scripts', 'publish.mjs'), `--registry=${registry.url}`, '--no-provenance'];
    await run(process.execPath, publish, { env });
    const { stdout } = await run(process.execPath, publish, { env });
    expect(stdout.match(/is published already/g), 'what is there is left').to.have.length(9);
    const folders = [join(dist, '..'), ...(await readdir(join(dist, '..', 'plugins'))).map((name) => join(dist, '..', 'plugins', name))];
    const needed = await Promise.all(
      folders.map(async (folder) => {
        const { dependencies, optionalDependencies } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Record<
          string,
          object
        >;
        return Object.keys({ ...dependencies, ...optionalDependencies });
      }),
    );
    await registry.publishInstalled([...new Set(needed.flat())].filter((name) => !name.startsWith('dcs-')));
    registry.forget();
  });
  after(async () => {
    await registry?.close();
    await rm(base, { recursive: true, force: true });
  });

  it('installs into an empty home: few packages, few megabytes, no script', async () => {
    const { stdout, stderr } = await npm('install', '--global', '--prefix', join(base, 'prefix'), 'doppler-cloud-syncs');
    expect(stdout + stderr).to.not.match(/script|deprecated|warn/i);
    const files = (await readdir(join(base, 'prefix'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const packages = files.filter(({ name, parentPath }) => name === 'package.json' && /node_modules\/(@[^/]+\/)?[^/]+$/.test(parentPath));
    expect(packages.length).to.be.within(1, MOST.packages);
    const sizes = await Promise.all(files.map(async ({ name, parentPath }) => (await stat(join(parentPath, name))).size));
    expect(sizes.reduce((sum, size) => sum + size, 0) / 1e6).to.be.lessThan(MOST.megabytes);
  });

  it('starts: version, help, and an error that says what to do', async () => {
    const { version } = JSON.parse(await readFile(join(await release(), '..', 'package.json'), 'utf8')) as { version: string };
    expect((await dcs(['--version'])).stdout).to.contain(`doppler-cloud-syncs/${version} `);
    expect((await dcs(['help', 'sync'])).stdout).to.contain('$ dcs sync');
    const { code, stderr } = await dcs(['diff']).then(
      () => expect.fail('there is no dcs.yaml'),
      (error: { code: number; stderr: string }) => error,
    );
    expect(code).to.equal(2);
    expect(stderr).to.contain('dcs init');
  });

  it('works without the optional packages', async () => {
    await npm('install', '--global', '--prefix', join(base, 'bare'), '--omit=optional', 'doppler-cloud-syncs');
    const { stdout } = await run(join(base, 'bare', 'bin', 'dcs'), ['whoami', '--json'], { env }).catch(
      (error: { stdout: string }) => error,
    );
    expect(JSON.parse(stdout)).to.have.property('schema');
  });

  it('installs plugins, shows the demo and syncs', async () => {
    await dcs(['plugins', 'install', ...PLUGINS, '--yes']);
    const { stdout, stderr } = await dcs(['sandbox', 'demo', '--fast']);
    expect(stdout + stderr).to.contain('✓ 8 of 8');

    await writeFile(join(base, 'project', 'dcs.yaml'), YAML);
    const folder = ['--folder', join(base, 'sandbox')];
    await dcs(['sandbox', 'start', ...folder]);
    try {
      const said = JSON.parse((await dcs(['sandbox', 'env', '--json', ...folder])).stdout) as { env: Record<string, string> };
      const synced = JSON.parse((await dcs(['sync', '-e', 'staging', '--yes', '--json'], said.env)).stdout) as Record<string, unknown>;
      expect(synced['exit'] ?? 0).to.equal(0);
      const origin = said.env['DOPPLER_API_HOST']!;
      const query = new URLSearchParams({ account: SEED.cloudflare.accountId, worker: 'shop-api-staging', name: 'STRIPE_KEY' });
      const { value } = (await (await fetch(`${origin}/_sandbox/cloudflare/peek?${query}`)).json()) as { value: string | null };
      expect(value, 'the Worker has it').to.be.a('string');
      await dcs(['diff', '-e', 'staging', '--exit-code'], said.env); // rejects when there is still something to do
    } finally {
      await dcs(['sandbox', 'stop', ...folder]);
    }
  });
});
