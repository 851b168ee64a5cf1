import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { bare, community, type Bare } from './plugins.ts';
import { startRegistry, type Registry } from './registry.ts';

describe('dcs plugins, against a real registry', function () {
  this.timeout(90_000);
  let registry: Registry;
  let m: Bare;

  before(async () => {
    registry = await startRegistry();
    await registry.publishOwn(['dcs-plugin-cloudflare', 'dcs-plugin-neon']);
    await registry.publish(community('dcs-plugin-fly', '1.0.0'));
    await registry.publish(community('@acme/dcs-plugin-vault', '2.0.0'));
  });
  after(() => registry.close());
  beforeEach(async () => {
    m = await bare(registry);
    registry.lie(undefined);
    registry.forget();
  });
  afterEach(() => m.world.close());

  it('installs an official plugin by its short name, at the version of this dcs, and uses it', async () => {
    const done = await m.dcs(['plugins', 'install', 'neon', '--yes']);
    expect(done.err).to.contain('dcs-plugin-neon 0.1.0  official').and.contain('sha512-').and.contain('no provenance');
    expect([done.code, done.out]).to.satisfy(
      ([code, out]: [number, string]) => code === 0 && out.startsWith('✓ dcs-plugin-neon 0.1.0 installed'),
    );
    expect(registry.requests.map(({ path }) => path))
      .to.include('/dcs-plugin-neon')
      .and.not.include('/neon');
    expect(await m.plugins()).to.deep.equal(['dcs-plugin-neon 0.1.0']);
    const help = await m.dcs(['neon', 'branch', 'list', '--bogus']);
    expect([help.code, help.err]).to.satisfy(([code, err]: [number, string]) => code === 64 && err.includes('--bogus'));
    const again = await m.dcs(['plugins', 'install', 'neon', '--yes']);
    expect([again.code, again.out, again.err]).to.deep.equal([0, '= dcs-plugin-neon 0.1.0 is there\n', '']);
  });

  it('inspects, lists and uninstalls under the short name and its aliases', async () => {
    await m.dcs(['plugins', 'add', 'neon@0.1.0', '--yes']);
    const { seal, intact, sources, pinned } = (await m.dcs(['plugins', 'inspect', 'neon', '--json'])).json() as never as Record<
      string,
      never
    >;
    expect({ intact, sources, pinned }).to.deep.equal({ intact: true, sources: ['neon'], pinned: '0.1.0' });
    expect(seal).to.include({ name: 'dcs-plugin-neon', version: '0.1.0', official: true, from: new URL(registry.url).host });
    expect((await m.dcs(['plugins', 'list'])).out).to.match(/dcs-plugin-neon\s+0\.1\.0\s+official\s+sources neon/);
    expect((await m.dcs(['plugins', 'remove', 'neon'])).out).to.equal('✓ dcs-plugin-neon uninstalled\n');
    expect(await m.plugins()).to.deep.equal([]);
    expect((await m.dcs(['plugins', 'uninstall', 'neon'])).code).to.equal(64);
  });

  it('needs what dcs.yaml uses, and no more', async () => {
    await m.world.yaml(
      'doppler: shop\ntargets:\n  cloudflare: {account_id: 7f3ac0de51b84c2f9e60a1d2b3c4d5e6, worker: {staging: shop-api-staging}}\n',
    );
    const done = await m.dcs(['plugins', 'install', '--needed', '--yes', '--json']);
    expect(done.code, done.out).to.equal(0);
    expect(await m.plugins()).to.deep.equal(['dcs-plugin-cloudflare 0.1.0']);
    await m.world.doppler('stg', { A_NAME: 'a value' });
    const synced = await m.dcs(['sync', '-e', 'staging', '--yes', '--json']);
    expect(synced.code, synced.out + synced.err).to.equal(0);
    expect(await m.world.worker('A_NAME')).to.equal('a value');
  });

  it('needs what the members of a workspace use, asked at its root', async () => {
    await m.world.yaml('workspaces: ["services/*"]\n');
    const member = join(m.world.project, 'services', 'api');
    await mkdir(member, { recursive: true });
    await writeFile(
      join(member, 'dcs.yaml'),
      'doppler: shop\nsources:\n  db: {type: neon, project_id: royal-sun-12, branch: {dev: dev}}\n',
    );
    await mkdir(join(member, '..', 'web'));
    await writeFile(join(member, '..', 'web', 'dcs.yaml'), 'targets: [');
    const done = await m.dcs(['plugins', 'install', '--needed', '--yes']);
    expect([done.code, done.err]).to.satisfy(
      ([code, err]: [number, string]) => code === 0 && err.includes('! web: what it needs is not known'),
      done.err,
    );
    expect(await m.plugins()).to.deep.equal(['dcs-plugin-neon 0.1.0']);
  });

  it('refuses other people’s plugins without a terminal, --yes or not, until the user file allows them', async () => {
    const refused = await m.dcs(['plugins', 'install', 'dcs-plugin-fly', '--yes']);
    expect([refused.code, refused.err]).to.satisfy(
      ([code, err]: [number, string]) =>
        code === 7 && err.includes('not an official plugin') && err.includes('plugins: {allow: ["dcs-plugin-fly@1.0.0"]}'),
    );
    expect(registry.requests.filter(({ path }) => path.endsWith('.tgz'))).to.deep.equal([]);
    expect(await m.folders()).to.deep.equal([]);
    await m.allow('dcs-plugin-fly@1.0.0', '@acme/dcs-plugin-vault');
    expect((await m.dcs(['plugins', 'install', 'fly', '@acme/dcs-plugin-vault'])).code).to.equal(0);
    expect(await m.plugins()).to.deep.equal(['@acme/dcs-plugin-vault 2.0.0', 'dcs-plugin-fly 1.0.0']);
    expect((await m.dcs(['fly', 'hello'])).out).to.equal('hello from 1.0.0\n');
  });

  it('wants an official plugin agreed to as well: no terminal and no --yes is a refusal', async () => {
    const refused = await m.dcs(['plugins', 'install', 'neon']);
    expect([refused.code, refused.err]).to.satisfy(
      ([code, err]: [number, string]) => code === 7 && err.includes('dcs plugins install dcs-plugin-neon@0.1.0 --yes'),
    );
    expect(await m.plugins()).to.deep.equal([]);
  });

  it('has the name of an unknown publisher’s plugin typed at a terminal', async () => {
    const wrong = m.at(['plugins', 'install', 'fly']);
    await wrong.until('Type dcs-plugin-fly to install it:');
    wrong.type('yes\r');
    expect(await wrong.ended).to.equal(7);
    expect(await m.plugins()).to.deep.equal([]);
    const right = m.at(['plugins', 'install', 'fly']);
    await right.until('Type dcs-plugin-fly to install it:');
    right.type('dcs-plugin-fly\r');
    expect(await right.ended).to.equal(0);
    expect(await m.plugins()).to.deep.equal(['dcs-plugin-fly 1.0.0']);
  });

  it('refuses git and addresses, and says what a version may be', async () => {
    for (const word of ['https://github.com/acme/x', 'git+ssh://git@github.com/acme/x.git', 'acme/x', 'github:acme/x', './folder']) {
      const refused = await m.dcs(['plugins', 'install', word, '--yes']);
      expect([word, refused.code]).to.deep.equal([word, 7]);
    }
    const none = await m.dcs(['plugins', 'install', 'neon@9.9.9', '--yes']);
    expect([none.code, none.err]).to.satisfy(
      ([code, err]: [number, string]) => code === 64 && err.includes('There is no dcs-plugin-neon 9.9.9') && err.includes('0.1.0'),
    );
    expect((await m.dcs(['plugins', 'install', 'neon@>=0.0.1', '--yes'])).code).to.equal(64);
    expect(registry.requests.map(({ path }) => path)).to.deep.equal(['/dcs-plugin-neon']);
  });

  it('installs a packed plugin whose checksum is allowed, and no other file of that name', async () => {
    const file = join(m.world.project, 'dcs-plugin-own-1.0.0.tgz');
    await writeFile(file, community('dcs-plugin-own'));
    await m.allow('dcs-plugin-own');
    const refused = await m.dcs(['plugins', 'install', './dcs-plugin-own-1.0.0.tgz']);
    expect(refused.code).to.equal(7);
    const [checksum] = /sha512-[A-Za-z0-9+/=]{86,}/.exec(refused.err) ?? [];
    await m.allow(checksum!);
    expect((await m.dcs(['plugins', 'install', './dcs-plugin-own-1.0.0.tgz'])).code).to.equal(0);
    expect((await m.dcs(['own', 'hello'])).out).to.equal('hello from 1.0.0\n');
    await writeFile(file, community('dcs-plugin-own', '1.0.0', { files: { 'lib/more.js': '' } }));
    expect((await m.dcs(['plugins', 'install', './dcs-plugin-own-1.0.0.tgz'])).code).to.equal(7);
  });

  it('updates what follows, leaves what was asked for in a version, and keeps the old one where the new one fails', async () => {
    await m.allow('dcs-plugin-hop', 'dcs-plugin-fly');
    await registry.publish(community('dcs-plugin-hop', '1.0.0'));
    await m.dcs(['plugins', 'install', 'hop', 'fly@1.0.0']);
    await registry.publish(community('dcs-plugin-hop', '1.1.0'));
    const updated = await m.dcs(['plugins', 'update']);
    expect([updated.code, updated.out]).to.deep.equal([
      0,
      '✓ dcs-plugin-hop 1.1.0 installed\n= dcs-plugin-fly stays at 1.0.0, which was asked for\n',
    ]);
    await registry.publish(community('dcs-plugin-hop', '1.2.0', { pjson: { dependencies: { 'is-nowhere-at-all': '1.0.0' } } }));
    const failed = await m.dcs(['plugins', 'update', 'hop']);
    expect([failed.code, failed.err]).to.satisfy(([code, err]: [number, string]) => code === 2 && err.includes('lacks a package'));
    expect((await m.dcs(['hop', 'hello'])).out).to.equal('hello from 1.1.0\n');
  });

  it('links a folder, unlinks it, and resets everything', async () => {
    const folder = join(m.world.project, 'mine');
    await mkdir(join(folder, 'lib'), { recursive: true });
    await writeFile(
      join(folder, 'package.json'),
      JSON.stringify({
        name: 'dcs-plugin-mine',
        version: '0.0.1',
        type: 'module',
        oclif: { dcs: { contract: 1, targets: { mine: './lib/target.js' } } },
      }),
    );
    for (const text of ['{', 'null', '{"name": "../../..", "oclif": {"dcs": {}}}']) {
      await mkdir(join(m.world.project, 'none'), { recursive: true });
      await writeFile(join(m.world.project, 'none', 'package.json'), text);
      expect((await m.dcs(['plugins', 'link', 'none'])).code, text).to.equal(64);
    }
    expect((await m.dcs(['plugins', 'link', 'mine'])).code).to.equal(0);
    expect((await m.dcs(['plugins'])).out).to.match(/dcs-plugin-mine\s+0\.0\.1\s+linked\s+targets mine/);
    expect((await m.dcs(['plugins', 'unlink', 'mine'])).code).to.equal(0);
    await m.dcs(['plugins', 'install', 'neon', '--yes']);
    expect((await m.dcs(['plugins', 'reset'])).code).to.equal(7);
    const anew = await m.dcs(['plugins', 'reset', '--reinstall', '--yes']);
    expect([anew.code, await m.plugins()]).to.deep.equal([0, ['dcs-plugin-neon 0.1.0']]);
    const down = await m.dcs(['plugins', 'reset', '--reinstall', '--yes'], { env: { DCS_NPM_REGISTRY: 'http://127.0.0.1:1/' } });
    expect([down.code, await m.plugins()], 'without a registry nothing is lost').to.deep.equal([8, ['dcs-plugin-neon 0.1.0']]);
    await writeFile(join(m.data, 'package.json'), '{');
    expect((await m.dcs(['plugins', 'reset', '--yes'])).code).to.equal(0);
    expect(JSON.parse(await readFile(join(m.data, 'package.json'), 'utf8'))).to.deep.include({ oclif: { schema: 1, plugins: [] } });
  });
});
