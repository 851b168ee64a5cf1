import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { evidence, stopwatch } from '../evidence/evidence.ts';
import { ROOT } from '../e2e/world.ts';
import { release } from './release.ts';
import { scripted, wrongLock, wrongParts, type Locked, type Part } from './tree.ts';

const { productionPackages } = (await import('../../scripts/standalone/dependencies.mjs' as string)) as {
  productionPackages: (lock: string, platform: string) => Map<string, object>;
};

/** Parts of the release, last measured, and what they may be: each one more is one more to trust. */
const MOST = { installed: 6, bundled: 100, everything: 200 };

const part = (name: string, more: object): Part => ({
  name,
  purl: `pkg:npm/${name}@1.0.0`,
  licenses: [{ license: { id: 'MIT' } }],
  hashes: [{}],
  ...more,
});

describe('what a release consists of', function () {
  this.timeout(240_000);
  const lock = (JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked> }).packages;
  const took = stopwatch();
  const planted = { all: 0, found: 0 };
  let parts: readonly Part[];
  let bundled: readonly { readonly name: string }[];

  before(async () => {
    const dist = await release();
    parts = (JSON.parse(readFileSync(join(dist, 'dcs.cdx.json'), 'utf8')) as { components: Part[] }).components;
    bundled = JSON.parse(readFileSync(join(dist, '..', 'lib', 'bundled.json'), 'utf8')) as { name: string }[];
  });

  it('has licences that let everybody use it, and a checksum of every part', () => {
    expect(parts.length).to.be.greaterThan(50);
    expect(wrongParts(parts)).to.deep.equal([]);
  });

  it('has no script for its installation, but one that is never run', () => {
    expect(scripted(parts, lock)).to.deep.equal([]);
  });

  it('is fixed by its lock, byte for byte, from one registry', () => {
    expect(wrongLock(lock)).to.deep.equal([]);
  });

  const plants: readonly (readonly [what: string, found: () => readonly string[], word: string])[] = [
    ['a licence with conditions', () => wrongParts([part('a', { licenses: [{ license: { id: 'GPL-3.0-only' } }] })]), 'GPL'],
    ['one licence of two', () => wrongParts([part('a', { licenses: [{ expression: '(MIT AND GPL-3.0-only)' }] })]), 'GPL'],
    ['no licence', () => wrongParts([part('a', { licenses: [] })]), 'unknown'],
    ['no checksum', () => wrongParts([part('a', { hashes: undefined })]), 'no checksum'],
    ['an install script', () => scripted([part('a', {})], { 'node_modules/b/node_modules/a': { hasInstallScript: true } }), 'a'],
    ['a lock without a checksum', () => wrongLock({ 'node_modules/a': {} }), 'no SHA-512'],
    ['a weak checksum', () => wrongLock({ 'node_modules/a': { integrity: 'sha1-x' } }), 'no SHA-512'],
    [
      'another registry',
      () => wrongLock({ 'node_modules/a': { integrity: 'sha512-x', resolved: 'https://elsewhere.example/a.tgz' } }),
      'elsewhere',
    ],
    ['git', () => wrongLock({ 'node_modules/a': { integrity: 'sha512-x', resolved: 'git+ssh://git@github.com/a/a.git' } }), 'git+ssh'],
  ];
  for (const [what, found, word] of plants)
    it(`notices ${what}`, () => {
      planted.all += 1;
      expect(found().join('\n')).to.contain(word);
      planted.found += 1;
    });

  it('takes a licence with a choice, and what is inside another package', () => {
    expect(wrongParts([part('a', { licenses: [{ expression: '(MIT OR GPL-3.0-only)' }] })])).to.deep.equal([]);
    expect(wrongLock({ 'node_modules/a/node_modules/b': { inBundle: true }, 'node_modules/c': { link: true } })).to.deep.equal([]);
  });

  it('has few parts', () => {
    const installed = [...productionPackages(join(ROOT, 'package-lock.json'), 'linux-x64').keys()].length + 1;
    const names = new Set(bundled.map(({ name }) => name));
    expect(installed).to.be.at.most(MOST.installed);
    expect(names.size).to.be.at.most(MOST.bundled);
    expect(parts.length).to.be.at.most(MOST.everything);
    evidence(38, {
      figure: `npm installs ${installed} packages; 0 install scripts. All plugins and what they need: ${parts.length}`,
      met: installed <= 60,
      note: `The bundle of the CLI contains code of ${names.size} packages, each in its bill of materials with licence and checksum`,
      seconds: took(),
      planted: planted.all,
      caught: planted.found,
    });
  });
});
