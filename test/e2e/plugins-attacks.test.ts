import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { bare, community, type Bare } from './plugins.ts';
import { startRegistry, type Registry } from './registry.ts';
import { integrityOf, tarball } from './tarball.ts';
import type { Ran } from './world.ts';

const CANARY = 'dp.st.prd.canaryCanaryCanary';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('plugins that lie, registries that lie, and machines that die', function () {
  this.timeout(120_000);
  let registry: Registry;
  let m: Bare;

  before(async () => {
    registry = await startRegistry();
  });
  after(() => registry.close());
  beforeEach(async () => {
    m = await bare(registry);
    registry.lie(undefined);
    registry.forget();
  });
  afterEach(() => m.world.close());

  /** Nothing is on the list, nothing is left on the disk. */
  const refused = async (ran: Ran, code: number, text: string): Promise<void> => {
    expect({ code: ran.code, says: ran.err.includes(text), err: ran.err }).to.deep.equal({ code, says: true, err: ran.err });
    expect(await m.plugins()).to.deep.equal([]);
    expect(await m.folders()).to.deep.equal([]);
  };
  it('runs no lifecycle script, of the plugin or of what it needs, and shows npm no token', async () => {
    const trace = join(m.world.home, 'trace');
    const events = [
      'preinstall',
      'install',
      'postinstall',
      'prepublish',
      'preprepare',
      'prepare',
      'postprepare',
      'prepack',
      'postpack',
      'dependencies',
    ];
    const scripts = Object.fromEntries(
      events.map((event) => [event, `node -e "require('fs').appendFileSync('${trace}', '${event} ' + JSON.stringify(process.env))"`]),
    );
    await registry.publish(
      tarball({ 'package.json': JSON.stringify({ name: 'hostile-dep', version: '1.0.0', scripts }), 'binding.gyp': '{}' }),
    );
    await registry.publish(
      community('dcs-plugin-hostile', '1.0.0', {
        pjson: { scripts, dependencies: { 'hostile-dep': '1.0.0' } },
        files: { 'binding.gyp': '{}' },
      }),
    );
    await writeFile(
      registry.env['npm_config_userconfig']!,
      `ignore-scripts=false\nforeground-scripts=true\npackage-lock=false\n//${new URL(registry.url).host}/:_authToken=\${DOPPLER_TOKEN}\n`,
    );
    await m.allow('dcs-plugin-hostile');
    const tokens = {
      DOPPLER_TOKEN: CANARY,
      CLOUDFLARE_API_TOKEN: CANARY,
      NEON_API_KEY: CANARY,
      DCS_LEDGER_KEY: CANARY,
      npm_config_ignore_scripts: 'false',
    };
    const done = await m.dcs(['plugins', 'install', 'hostile'], { env: tokens });
    await rm(registry.env['npm_config_userconfig']!);
    expect(done.code, done.err).to.equal(0);
    expect(done.out).to.contain('hostile-dep has a script for its installation; it was not run');
    expect(existsSync(trace)).to.equal(false);
    expect(JSON.stringify(registry.requests)).to.not.contain(CANARY);
    expect(registry.requests.some(({ headers }) => headers['user-agent']?.startsWith('npm/'))).to.equal(true);
  });

  it('downloads the plugin once, and refuses bytes that are not those that were agreed to', async () => {
    await registry.publish(community('dcs-plugin-swap'));
    await m.allow('dcs-plugin-swap');
    registry.lie(({ path }) =>
      path.endsWith('.tgz') ? { status: 200, body: community('dcs-plugin-swap', '1.0.0', { files: { 'lib/evil.js': '' } }) } : undefined,
    );
    await refused(await m.dcs(['plugins', 'install', 'swap']), 7, 'is not what the registry said it is');
    registry.lie(undefined);
    registry.forget();
    expect((await m.dcs(['plugins', 'install', 'swap'])).code).to.equal(0);
    expect(registry.requests.filter(({ path }) => path.endsWith('.tgz'))).to.have.length(1);
  });

  it('installs what was agreed to, though the registry changed its mind about everything meanwhile', async () => {
    await registry.publish(community('dcs-plugin-moved'));
    const other = community('dcs-plugin-moved', '1.0.0', { files: { 'lib/evil.js': '' } });
    const asked = m.at(['plugins', 'install', 'moved']);
    await asked.until('to install it:');
    const { dist } = ((await (await fetch(`${registry.url}dcs-plugin-moved`)).json()) as { versions: Record<string, { dist: object }> })
      .versions['1.0.0']!;
    const document = {
      name: 'dcs-plugin-moved',
      'dist-tags': { latest: '1.0.0' },
      versions: { '1.0.0': { name: 'dcs-plugin-moved', version: '1.0.0', dist: { ...dist, integrity: integrityOf(other) } } },
    };
    registry.lie(({ path }) =>
      path.endsWith('.tgz')
        ? { status: 200, body: other }
        : path === '/dcs-plugin-moved'
          ? { status: 200, headers: JSON_TYPE, body: JSON.stringify(document) }
          : undefined,
    );
    asked.type('dcs-plugin-moved\r');
    expect(await asked.ended).to.equal(7);
    expect(await m.plugins()).to.deep.equal([]);
  });

  it('never takes the bare name, and says what a name is too near to', async () => {
    await registry.publish(tarball({ 'package.json': JSON.stringify({ name: 'squat', version: '6.2.3' }) }));
    await refused(await m.dcs(['plugins', 'install', 'squat', '--yes']), 64, 'has no package dcs-plugin-squat');
    expect(registry.requests.map(({ path }) => path)).to.deep.equal(['/dcs-plugin-squat']);
    await registry.publish(community('dcs-plugin-neom'));
    await refused(await m.dcs(['plugins', 'install', 'neom', '--yes']), 7, 'close to dcs-plugin-neon');
  });

  it('answers in seconds where the registry is down, hangs, wants a login or sends elsewhere; what works, works on', async () => {
    await registry.publish(community('dcs-plugin-kept'));
    await m.allow('dcs-plugin-kept');
    await m.dcs(['plugins', 'install', 'kept']);
    await registry.publish(community('dcs-plugin-kept', '2.0.0'));
    const about = async (code: number, text: string): Promise<void> => {
      const began = Date.now();
      const failed = await m.dcs(['plugins', 'update']);
      expect({ code: failed.code, says: failed.err.includes(text), err: failed.err }).to.deep.equal({ code, says: true, err: failed.err });
      expect(Date.now() - began).to.be.lessThan(15_000);
      expect((await m.dcs(['kept', 'hello'])).out).to.equal('hello from 1.0.0\n');
    };
    registry.lie(() => ({ status: 401, headers: JSON_TYPE, body: '{}' }));
    await about(3, 'does not let you read');
    registry.lie(() => ({ status: 302, headers: { location: 'https://elsewhere.example/' } }));
    await about(8, 'redirect (302) to elsewhere.example');
    registry.lie(() => ({ status: 503 }));
    await about(8, 'not available (503)');
    registry.lie(({ path }) => (path.endsWith('.tgz') ? { status: 404 } : undefined));
    await about(8, 'could not be downloaded');
    registry.lie(() => 'cut');
    await about(8, 'broke');
    registry.lie(() => 'hang');
    await about(8, 'did not answer in time');
    await registry.stop();
    await about(8, 'cannot be reached');
    await registry.start();
  });

  for (const [lie, code, text, change] of [
    ['another name', 8, 'does not answer as a registry does', (version: Record<string, unknown>) => (version['name'] = 'dcs-plugin-other')],
    ['another version', 8, 'does not answer as a registry does', (version: Record<string, unknown>) => (version['version'] = '9.0.0')],
    [
      'no checksum',
      7,
      'no sha512 checksum',
      (version: Record<string, unknown>) => delete (version['dist'] as Record<string, unknown>)['integrity'],
    ],
    [
      'a weak checksum',
      7,
      'no sha512 checksum',
      (version: Record<string, unknown>) =>
        ((version['dist'] as Record<string, unknown>)['integrity'] = 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk='),
    ],
    [
      'a tarball without encryption',
      7,
      'without encryption',
      (version: Record<string, unknown>) => ((version['dist'] as Record<string, unknown>)['tarball'] = 'http://elsewhere.example/x.tgz'),
    ],
    [
      'an attestation that proves nothing',
      7,
      'proves nothing',
      (version: Record<string, unknown>) =>
        ((version['dist'] as Record<string, unknown>)['attestations'] = { url: `${registry.url}-/attest` }),
    ],
    [
      'an attestation from elsewhere',
      7,
      'would come from',
      (version: Record<string, unknown>) =>
        ((version['dist'] as Record<string, unknown>)['attestations'] = { url: 'http://elsewhere.example/a' }),
    ],
  ] as const)
    it(`refuses a registry that tells ${lie}`, async () => {
      await registry.publish(community('dcs-plugin-told')).catch(() => undefined);
      await m.allow('dcs-plugin-told');
      const document = (await (await fetch(`${registry.url}dcs-plugin-told`)).json()) as {
        versions: Record<string, Record<string, unknown>>;
      };
      change(document.versions['1.0.0']!);
      const attestation = {
        attestations: [{ predicateType: 'https://slsa.dev/provenance/v1', bundle: { dsseEnvelope: { payload: 'e30=' } } }],
      };
      registry.lie(({ path }) => {
        const body = path === '/dcs-plugin-told' ? document : path === '/-/attest' ? attestation : undefined;
        return body === undefined ? undefined : { status: 200, headers: JSON_TYPE, body: JSON.stringify(body) };
      });
      await refused(await m.dcs(['plugins', 'install', 'told']), code, text);
    });

  it('refuses what a plugin may not bring', async () => {
    const dependencies = (spec: string): object => ({ pjson: { dependencies: { elsewhere: spec } } });
    const cases: [string, Buffer, number, string][] = [
      ['another contract', community('dcs-plugin-c', '1.0.1', { dcs: { contract: 2 } }), 7, 'speaks contract 2'],
      ['hooks', community('dcs-plugin-c', '1.0.2', { oclif: { hooks: { init: './lib/target.js' } } }), 7, 'has hooks of oclif'],
      ['plugins', community('dcs-plugin-c', '1.0.3', { oclif: { plugins: ['x'] } }), 7, 'plugins of its own'],
      ['no target', community('dcs-plugin-c', '1.0.4', { dcs: { targets: { c: './lib/none.js' } } }), 7, './lib/none.js is missing'],
      ['a target outside', community('dcs-plugin-c', '1.0.5', { dcs: { targets: { c: '../../package.json' } } }), 7, 'is missing'],
      ['no plugin', tarball({ 'package.json': JSON.stringify({ name: 'dcs-plugin-c', version: '1.0.6' }) }), 7, 'is no plugin for dcs'],
      ['git', community('dcs-plugin-c', '1.0.7', dependencies('git+https://127.0.0.1:9/x.git')), 7, 'does not come from the registry'],
      ['an address', community('dcs-plugin-c', '1.0.8', dependencies(`${registry.url}x/-/x.tgz`)), 7, 'does not come from the registry'],
      ['a folder', community('dcs-plugin-c', '1.0.9', dependencies('file:../../..')), 7, 'does not come from the registry'],
    ];
    await m.allow('dcs-plugin-c');
    for (const [, packed] of cases) await registry.publish(packed);
    for (const [index, [what, , code, text]] of cases.entries()) {
      const ran = await m.dcs(['plugins', 'install', `c@1.0.${index + 1}`]);
      expect({ what, code: ran.code, says: ran.err.includes(text), err: ran.err }).to.deep.equal({ what, code, says: true, err: ran.err });
    }
    expect(await m.folders()).to.deep.equal([]);
  });

  it('refuses a package that calls itself something else inside', async () => {
    const inside = community('dcs-plugin-mask');
    await registry.publish(community('dcs-plugin-face'));
    await m.allow('dcs-plugin-face');
    const document = JSON.parse(JSON.stringify(await (await fetch(`${registry.url}dcs-plugin-face`)).json())) as {
      versions: Record<string, { dist: Record<string, string> }>;
    };
    document.versions['1.0.0']!.dist['integrity'] = integrityOf(inside);
    registry.lie(({ path }) =>
      path.endsWith('.tgz')
        ? { status: 200, body: inside }
        : path === '/dcs-plugin-face'
          ? { status: 200, headers: JSON_TYPE, body: JSON.stringify(document) }
          : undefined,
    );
    await refused(await m.dcs(['plugins', 'install', 'face']), 7, 'calls itself');
  });
});
