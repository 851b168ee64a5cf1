import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkUnpacked } from '../../src/plugins/unpacked.ts';

const SHA = `sha512-${'A'.repeat(86)}==`;
const OTHER = `sha512-${'B'.repeat(86)}==`;
const agreed = { name: 'dcs-plugin-x', version: '1.0.0', integrity: SHA };

describe('what npm unpacked', () => {
  let folder: string;
  const lock = (own: object, dependency: object): Promise<void> =>
    writeFile(
      join(folder, 'package-lock.json'),
      JSON.stringify({
        packages: {
          '': {},
          'node_modules/dcs-plugin-x': { version: '1.0.0', integrity: SHA, ...own },
          'node_modules/dep': {
            version: '1.0.0',
            resolved: 'https://registry.npmjs.org/dep/-/dep-1.0.0.tgz',
            integrity: OTHER,
            ...dependency,
          },
        },
      }),
    );
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dcs-unpacked-'));
    const root = join(folder, 'node_modules', 'dcs-plugin-x');
    await mkdir(root, { recursive: true });
    await writeFile(join(root, 'package.json'), JSON.stringify({ ...agreed, oclif: { dcs: { contract: 1 } } }));
  });
  const declares = (dcs: object): Promise<void> =>
    writeFile(
      join(folder, 'node_modules', 'dcs-plugin-x', 'package.json'),
      JSON.stringify({ ...agreed, oclif: { dcs: { contract: 1, ...dcs } } }),
    );

  it('has every module that it declares; what it signs in with is none', async () => {
    await lock({}, {});
    await declares({ credentials: ['X_API_TOKEN'], targets: { x: './package.json' } });
    expect(checkUnpacked(folder, agreed).packages).to.equal(2);
    for (const gone of [{ targets: { x: './lib/gone.js' } }, { laterKind: { x: './lib/gone.js' } }, { detect: '../outside.js' }]) {
      await declares(gone);
      expect(() => checkUnpacked(folder, agreed)).to.throw('is broken');
    }
  });

  it('is what was agreed to, with dependencies of a registry', async () => {
    await lock({}, { hasInstallScript: true });
    expect(checkUnpacked(folder, agreed)).to.deep.equal({ packages: 2, scripts: ['dep'] });
    await lock({}, { resolved: undefined, integrity: undefined, inBundle: true });
    expect(checkUnpacked(folder, agreed).packages).to.equal(2);
  });

  for (const [what, own, dependency] of [
    ['other bytes', { integrity: OTHER }, {}],
    ['another version', { version: '1.0.1' }, {}],
    ['no checksum of its own', { integrity: undefined }, {}],
    ['a dependency without a checksum', {}, { integrity: undefined }],
    ['a dependency with a weak one', {}, { integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }],
    ['a dependency of git', {}, { resolved: 'git+ssh://git@github.com/a/b.git#1' }],
    ['a dependency of this disk', {}, { resolved: 'file:../x.tgz' }],
    ['a dependency that is a link', {}, { link: true }],
  ] as const)
    it(`is refused: ${what}`, async () => {
      await lock(own, dependency);
      expect(() => checkUnpacked(folder, agreed))
        .to.throw()
        .with.property('code', 'REFUSED');
    });
});
