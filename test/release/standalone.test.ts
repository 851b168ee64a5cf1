import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { FIRST, manifestOf, PLATFORM, publish, site, smallTree, unpacked } from '../e2e/standalone.ts';

const { signFile, signingKey, publicHalf, publicPems } = (await import('../../scripts/sign.mjs' as string)) as {
  signFile: (file: string, key: KeyObject) => string;
  signingKey: (env: Record<string, string>, pinned?: readonly string[]) => KeyObject;
  publicHalf: (key: KeyObject) => string;
  publicPems: (pinned: readonly string[]) => string;
};
const { writeTarball } = (await import('../../scripts/standalone/tarball.mjs' as string)) as {
  writeTarball: (options: object) => Promise<void>;
};
const { nodeFor, PLATFORMS } = (await import('../../scripts/standalone/node.mjs' as string)) as {
  nodeFor: (platform: string, cache: string) => { program: string };
  PLATFORMS: readonly string[];
};
const { renew } = (await import('../../scripts/standalone/updates.mjs' as string)) as { renew: (options: object) => void };
const { productionPackages } = (await import('../../scripts/standalone/dependencies.mjs' as string)) as {
  productionPackages: (lock: string, platform: string) => Map<string, { os?: string[]; cpu?: string[] }>;
};

const folder = mkdtempSync(join(tmpdir(), 'dcs-standalone-release-'));
const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('signing a release', () => {
  it('takes a key that dcs pins and no other, out of a variable or a file', () => {
    const file = join(folder, 'key.pem');
    writeFileSync(file, pem(FIRST));
    const pinned = [publicHalf(FIRST)];
    expect(publicHalf(signingKey({ DCS_SIGNING_KEY: pem(FIRST) }, pinned))).to.equal(pinned[0]);
    expect(publicHalf(signingKey({ DCS_SIGNING_KEY_FILE: file }, pinned))).to.equal(pinned[0]);
    expect(() => signingKey({ DCS_SIGNING_KEY: pem(FIRST) })).to.throw(/not pinned/);
    expect(() => signingKey({ DCS_SIGNING_KEY: pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey) }, pinned)).to.throw(
      /not pinned/,
    );
    expect(() => signingKey({})).to.throw(/no signing key/);
  });

  it('makes signatures that openssl verifies, and none over what could pass for a manifest', () => {
    const [file, key] = [join(folder, 'SHA256SUMS'), join(folder, 'dcs.pem')];
    writeFileSync(file, `${'0'.repeat(64)}  dcs.rb\n`);
    writeFileSync(key, publicPems([publicHalf(FIRST)]));
    const verify = (): number | null =>
      spawnSync('openssl', ['pkeyutl', '-verify', '-pubin', '-inkey', key, '-rawin', '-in', file, '-sigfile', signature]).status;
    const signature = signFile(file, FIRST);
    expect(verify()).to.equal(0);
    writeFileSync(file, 'something else');
    expect(verify()).to.not.equal(0);
    writeFileSync(file, 'dcs-update-1\n{}');
    expect(() => signFile(file, FIRST)).to.throw(/looks like a manifest/);
  });
});

describe('standalone builds', function () {
  this.timeout(60_000);
  let tree: string;
  before(async () => {
    tree = await smallTree('1.0.0', 'https://updates.example/');
  });

  it('are the same bytes from the same files, whenever they were made', async () => {
    const about = { tree, version: '1.0.0', platform: PLATFORM, channel: 'stable', level: 1 };
    const [one, two] = [join(folder, 'one.tar.gz'), join(folder, 'two.tar.gz')];
    await writeTarball({ ...about, file: one });
    utimesSync(join(tree, 'package.json'), 0, 0);
    await writeTarball({ ...about, file: two });
    expect(readFileSync(one).equals(readFileSync(two))).to.equal(true);
  });

  it('unpack with tar: what starts may be started, and nothing else', async () => {
    const root = await unpacked(tree, '1.0.0');
    for (const [path, mode] of [
      ['bin/dcs', 0o755],
      ['current', 0o644],
      ['versions/1.0.0/node', 0o755],
      ['versions/1.0.0/package.json', 0o644],
    ] as const)
      expect(statSync(join(root, path)).mode & 0o755, path).to.equal(mode);
    expect(execFileSync(join(root, 'bin/dcs'), ['--version'], { encoding: 'utf8' })).to.contain('/1.0.0 ');
  });

  it('start through a chain of links, in a folder with spaces, with the words as they are', async () => {
    const place = join(mkdtempSync(join(folder, 'a b')), "it's");
    mkdirSync(place);
    const root = await unpacked(tree, '1.0.0', place);
    execFileSync('ln', ['-s', '../dcs/bin/dcs', join(place, 'one')]);
    mkdirSync(join(place, 'bin'));
    execFileSync('ln', ['-s', '../dcs/bin/dcs', join(place, 'bin', 'dcs')]);
    execFileSync('ln', ['-s', join(place, 'bin', 'dcs'), join(place, 'two')]);
    expect(spawnSync(join(place, 'two'), ['--version'], { encoding: 'utf8' }).stdout).to.contain('/1.0.0 ');
    expect(spawnSync('sh', ['dcs', '--version'], { cwd: join(root, 'bin'), encoding: 'utf8' }).stdout).to.contain('/1.0.0 ');
    expect(spawnSync(join(place, 'two'), ['update', '--bogus=a  b'], { encoding: 'utf8' }).stderr).to.contain('--bogus');
  });

  it('take only the Node that is pinned', () => {
    const cache = join(folder, 'cache');
    const { version } = JSON.parse(readFileSync('scripts/standalone/node.json', 'utf8')) as { version: string };
    mkdirSync(join(cache, `node-v${version}-linux-x64`), { recursive: true });
    writeFileSync(join(cache, `node-v${version}-linux-x64`, 'node'), 'something else');
    expect(() => nodeFor('linux-x64', cache)).to.throw(/not the Node that/);
    expect(() => nodeFor('sunos-x64', cache)).to.throw(/no standalone build/);
    if (process.platform !== 'darwin') expect(() => nodeFor('darwin-arm64', cache)).to.throw(/pack there/);
  });

  it('contain what runs on their system', () => {
    for (const platform of PLATFORMS) {
      const [system, processor] = platform.split('-');
      const packages = [...productionPackages('package-lock.json', platform)];
      expect(packages.map(([path]) => path)).to.include('node_modules/@napi-rs/keyring');
      expect(packages.filter(([, { os }]) => os !== undefined).length, platform).to.be.above(0);
      for (const [path, { os = [system], cpu = [processor] }] of packages) {
        expect(os, path).to.include(system);
        expect(cpu, path).to.include(processor);
        expect(path).to.not.contain('musl');
      }
    }
  });

  it('are true for another while when they are renewed, and share what did not change', async () => {
    const at = await site();
    await at.close();
    const about = { platform: PLATFORM, channel: 'stable', out: at.folder, key: FIRST, level: 1 };
    await publish({ ...about, tree, version: '1.0.0', now: new Date('2026-01-01') });
    await publish({ ...about, tree: await smallTree('1.0.1', 'https://updates.example/'), version: '1.0.1', now: new Date('2026-01-01') });
    const [old, before] = [manifestOf(at, `versions/1.0.0/${PLATFORM}.signed`), manifestOf(at, `channels/stable/${PLATFORM}.signed`)];
    expect(before.versions).to.deep.equal(['1.0.1', '1.0.0']);
    expect(before.parts[0]).to.deep.equal(old.parts[0]);
    renew({ out: at.folder, key: FIRST, now: new Date('2026-03-01') });
    const after = manifestOf(at, `channels/stable/${PLATFORM}.signed`);
    expect(after).to.deep.equal({ ...before, expires: '2026-05-30T00:00:00.000Z' });
    expect(existsSync(join(at.folder, `channels/stable/${PLATFORM}.signed.new`))).to.equal(false);
  });
});
