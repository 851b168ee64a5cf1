import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { BOX, startCloud, TOKEN, type Cloud } from '../../plugins/_template/test/template-server.ts';
import { bare, type Bare } from './plugins.ts';
import { NPM, startRegistry, type Registry } from './registry.ts';
import { ROOT } from './world.ts';

const run = promisify(execFile);

describe('a plugin made by npm run new:plugin', function () {
  this.timeout(120_000);
  let registry: Registry;
  let m: Bare;
  let cloud: Cloud;
  let base: string;

  before(async () => {
    registry = await startRegistry();
    await registry.publishOwn(['dcs-sdk']);
    await registry.publishInstalled(['@oclif/core']);
    m = await bare(registry);
    cloud = await startCloud();
    // A repository of its own, with what it has of this one.
    await mkdir(join(ROOT, 'tmp'), { recursive: true });
    base = await mkdtemp(join(ROOT, 'tmp', 'made-'));
    await mkdir(join(base, 'plugins'));
    await copyFile(join(ROOT, 'tsconfig.base.json'), join(base, 'tsconfig.base.json'));
    await symlink(join(ROOT, 'sdk'), join(base, 'sdk'));
  });
  after(async () => {
    await cloud.close();
    await m.world.close();
    await registry.close();
    await rm(base, { recursive: true });
  });

  it('builds, is packed, installs from the tarball, and syncs to its cloud', async () => {
    await run(process.execPath, ['scripts/new-plugin.mjs', 'crate', join(base, 'plugins')], { cwd: ROOT });
    const folder = join(base, 'plugins', 'dcs-plugin-crate');
    await run(join(ROOT, 'node_modules', '.bin', 'tsc'), ['-p', folder]);
    const { manifest } = (await import('../../scripts/manifest.mjs' as string)) as { manifest: (folder: string) => Promise<string> };
    await writeFile(join(folder, 'oclif.manifest.json'), await manifest(relative(ROOT, folder)));
    await run(process.execPath, [NPM, 'pack', '--ignore-scripts', '--pack-destination', m.world.project], { cwd: folder });
    const [file] = (await readdir(m.world.project)).filter((name) => name.endsWith('.tgz'));

    const refused = await m.dcs(['plugins', 'install', `./${file}`, '--yes']);
    expect(refused.code).to.equal(7);
    await m.allow(/sha512-[A-Za-z0-9+/=]{86,}/.exec(refused.err)![0]);
    const installed = await m.dcs(['plugins', 'install', `./${file}`]);
    expect(installed.code, installed.err).to.equal(0);
    expect((await m.dcs(['plugins'])).out).to.match(/dcs-plugin-crate\s+0\.1\.0\s+not official\s+targets crate/);

    await m.world.yaml(`doppler: shop\ntargets:\n  crate: {box: ${BOX}}\n`);
    await m.world.doppler('stg', { MADE_NAME: 'a made value' });
    const env = { CRATE_TOKEN: TOKEN, CRATE_API_URL: cloud.url };
    const synced = await m.dcs(['sync', 'crate', '-e', 'staging', '--yes', '--json'], { env });
    expect(synced.code, synced.out + synced.err).to.equal(0);
    expect(cloud.items.get('MADE_NAME')?.value).to.equal('a made value');
    const status = await m.dcs(['status', '-e', 'staging', '--exit-code'], { env });
    expect([status.code, status.out]).to.satisfy(([code, out]: [number, string]) => code === 0 && out.includes('in sync'));
  });
});
