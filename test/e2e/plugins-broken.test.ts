import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { bare, community, type Bare } from './plugins.ts';
import { startRegistry, type Registry } from './registry.ts';
import { tarball } from './tarball.ts';

describe('plugins that were cut off, changed, lost or overtaken', function () {
  this.timeout(120_000);
  let registry: Registry;
  let m: Bare;

  before(async () => {
    registry = await startRegistry();
  });
  after(() => registry.close());
  beforeEach(async () => {
    m = await bare(registry);
  });
  afterEach(() => m.world.close());

  it('survives kill -9 at any moment: the version that worked works, and the next install is whole', async () => {
    await registry.publish(community('dcs-plugin-die', '1.0.0', { pjson: { dependencies: { 'a-dep': '1.0.0' } } }));
    await registry.publish(tarball({ 'package.json': JSON.stringify({ name: 'a-dep', version: '1.0.0' }) }));
    await m.allow('dcs-plugin-die');
    await m.dcs(['plugins', 'install', 'die']);
    await registry.publish(community('dcs-plugin-die', '2.0.0', { pjson: { dependencies: { 'a-dep': '1.0.0' } } }));
    for (const killAfter of [250, 400, 550, 700, 850]) {
      await m.dcs(['plugins', 'update'], { killAfter });
      const { out, code } = await m.dcs(['die', 'hello']);
      expect([killAfter, code, out]).to.satisfy((each: unknown[]) => each[1] === 0 && /^hello from [12]\.0\.0\n$/.test(String(each[2])));
    }
    expect((await m.dcs(['plugins', 'update', 'die'])).code).to.equal(0);
    expect((await m.dcs(['die', 'hello'])).out).to.equal('hello from 2.0.0\n');
  });

  it('keeps the version that a running dcs may still load from, for an hour after it went out of use', async () => {
    await registry.publish(community('dcs-plugin-long', '1.0.0'));
    await m.allow('dcs-plugin-long');
    await m.dcs(['plugins', 'install', 'long']);
    const aged = async (hours: number): Promise<void> => {
      for (const folder of await m.folders())
        await utimes(join(m.data, 'plugins', folder), new Date(), new Date(Date.now() - hours * 3_600_000));
    };
    const versions = async (): Promise<string[]> => (await m.folders()).map((folder) => folder.split(/[/-]/).at(-2)!).toSorted();
    await aged(24);
    await registry.publish(community('dcs-plugin-long', '2.0.0'));
    expect((await m.dcs(['plugins', 'update', 'long'])).code).to.equal(0);
    expect(await versions()).to.deep.equal(['1.0.0', '2.0.0']);
    await aged(2);
    await writeFile(join(m.data, 'plugins', '.DS_Store'), '');
    await registry.publish(community('dcs-plugin-long', '3.0.0'));
    expect((await m.dcs(['plugins', 'update', 'long'])).code).to.equal(0);
    await rm(join(m.data, 'plugins', '.DS_Store'));
    expect(await versions()).to.deep.equal(['2.0.0', '3.0.0']);
  });

  it('names a plugin that was changed after its installation in doctor, refuses to run it, and goes on without it', async () => {
    await registry.publish(community('dcs-plugin-rot', '1.0.0', { pjson: { dependencies: { 'rot-dep': '1.0.0' } } }));
    await registry.publish(tarball({ 'package.json': JSON.stringify({ name: 'rot-dep', version: '1.0.0' }), 'index.js': '1' }));
    await m.allow('dcs-plugin-rot');
    await m.dcs(['plugins', 'install', 'rot']);
    await m.world.yaml('doppler: shop\ntargets: {}\n');
    const [folder] = await m.folders();
    const modules = join(m.data, 'plugins', folder!, 'node_modules');
    const mark = join(m.world.home, 'ran');
    await appendFile(join(modules, 'rot-dep', 'index.js'), '2');
    expect((await m.dcs(['rot', 'hello'])).code).to.equal(0);
    expect((await m.dcs(['doctor'])).out).to.contain('dcs-plugin-rot is not what was installed');
    const evil = `import {writeFileSync} from 'node:fs'; writeFileSync(${JSON.stringify(mark)}, '');\n`;
    for (const file of ['lib/target.js', 'lib/commands/rot/hello.js']) {
      const path = join(modules, 'dcs-plugin-rot', file);
      await writeFile(path, evil + (await readFile(path, 'utf8')));
    }
    const own = await m.dcs(['rot', 'hello']);
    expect([own.code, own.out, own.err]).to.satisfy(
      ([code, out, err]: [number, string, string]) => code === 7 && out === '' && err.includes('is not what was installed'),
    );
    const sealed = join(m.data, 'plugins', folder!, 'seal.json');
    const seal = await readFile(sealed, 'utf8');
    await rm(sealed);
    await mkdir(sealed);
    const unread = await m.dcs(['rot', 'hello']);
    expect([unread.code, unread.out, existsSync(mark)], 'what cannot be looked at does not run').to.deep.equal([1, '', false]);
    await rm(sealed, { recursive: true });
    await writeFile(sealed, seal);
    await m.world.yaml('doppler: shop\ntargets:\n  rot: {}\n');
    const synced = await m.dcs(['sync', '-e', 'staging', '--yes']);
    expect([synced.code, synced.out + synced.err]).to.satisfy(
      ([code, text]: [number, string]) => code === 7 && text.includes('is not what was installed'),
    );
    const context = await m.dcs(['context']);
    expect([context.code, context.err.split('\n').length]).to.deep.equal([0, 2]); // line 1, and nothing else
    expect((await m.dcs(['doctor'])).out).to.contain('dcs-plugin-rot is not what was installed');
    expect(existsSync(mark)).to.equal(false);
    expect((await m.dcs(['plugins', 'install', 'rot'])).code).to.equal(0);
    expect((await m.dcs(['rot', 'hello'])).out).to.equal('hello from 1.0.0\n');
  });

  it('goes on without a plugin whose folder is gone, silently, and names it in doctor and in the list', async () => {
    await registry.publish(community('dcs-plugin-gone'));
    await m.allow('dcs-plugin-gone');
    await m.dcs(['plugins', 'install', 'gone']);
    await rm(join(m.data, 'plugins', 'dcs-plugin-gone'), { recursive: true });
    await m.world.yaml('doppler: shop\ntargets: {}\n');
    const context = await m.dcs(['context']);
    expect([context.code, context.err.split('\n').length]).to.deep.equal([0, 2]); // line 1, and nothing else
    expect((await m.dcs(['doctor'])).out).to.contain('dcs-plugin-gone');
    expect((await m.dcs(['plugins'])).out).to.contain('cannot be loaded');
  });

  it('names a linked plugin of another contract in doctor, and lets it fail only where it is used', async () => {
    const folder = join(m.world.project, 'next');
    const packed = {
      'package.json': JSON.stringify({
        name: 'dcs-plugin-next',
        version: '3.0.0',
        type: 'module',
        oclif: { dcs: { contract: 2, targets: { next: './lib/target.js' } } },
      }),
    };
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), packed['package.json']);
    await m.dcs(['plugins', 'link', 'next']);
    await m.world.yaml('doppler: shop\ntargets:\n  next: {}\n');
    const context = await m.dcs(['context']);
    expect([context.code, context.err.split('\n').length]).to.deep.equal([0, 2]); // line 1, and nothing else
    expect((await m.dcs(['doctor'])).out).to.contain('dcs-plugin-next 3.0.0 speaks contract 2');
    const synced = await m.dcs(['sync', '-e', 'staging', '--yes']);
    expect([synced.code, synced.out + synced.err]).to.satisfy(
      ([code, text]: [number, string]) => code === 2 && text.includes('speaks contract 2'),
    );
    expect(await readdir(folder)).to.deep.equal(['package.json']);
  });
});
