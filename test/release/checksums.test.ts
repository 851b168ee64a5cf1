import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, verify } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../e2e/world.ts';

describe('scripts/checksums.mjs', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dcs-sums-'));
    for (const part of ['scripts/checksums.mjs', 'scripts/sign.mjs', 'src/update/signed.ts'])
      await cp(join(ROOT, part), join(folder, part));
    const pinned = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    await writeFile(join(folder, 'src/update/keys.ts'), `export const KEYS = ['${pinned}'];\n`);
    await writeFile(join(folder, 'package.json'), '{"type": "module"}');
    await mkdir(join(folder, 'node_modules'));
    await symlink(join(ROOT, 'sdk'), join(folder, 'node_modules', 'dcs-sdk'));
    for (const file of ['npm/a.tgz', 'standalone/b.tar.gz', 'updates/parts/c.part']) {
      await mkdir(join(folder, 'dist', file, '..'), { recursive: true });
      await writeFile(join(folder, 'dist', file), file);
    }
  });
  afterEach(() => rm(folder, { recursive: true }));
  const run = (env: Record<string, string>) =>
    execFileSync(process.execPath, ['scripts/checksums.mjs'], { cwd: folder, env: { PATH: process.env['PATH'], ...env }, stdio: 'pipe' });

  it('lists what is released, and signs that list where there is a key', async () => {
    const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
    run({ DCS_SIGNING_KEY: pem });
    const sums = await readFile(join(folder, 'dist/SHA256SUMS'));
    expect(sums.toString()).to.equal(`${sha('npm/a.tgz')}  npm/a.tgz\n${sha('standalone/b.tar.gz')}  standalone/b.tar.gz\n`);
    const signature = await readFile(join(folder, 'dist/SHA256SUMS.sig'));
    expect(verify(null, sums, publicKey, signature)).to.equal(true);
    run({ DCS_SIGNING_KEY: pem });
    expect((await readFile(join(folder, 'dist/SHA256SUMS'))).equals(sums), 'again, it does not list itself').to.equal(true);
  });

  it('signs nothing without a key, and refuses one that nobody trusts', () => {
    run({});
    expect(existsSync(join(folder, 'dist/SHA256SUMS.sig'))).to.equal(false);
    const other = String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect(() => run({ DCS_SIGNING_KEY: other })).to.throw('not pinned');
  });
});
