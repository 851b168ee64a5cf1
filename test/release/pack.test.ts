import { execFileSync } from 'node:child_process';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, relative } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../e2e/world.ts';
import { clone, release, script } from './release.ts';

/** Bytes of the packed files, last measured, and what they may be: what makes one grow by a tenth is said here, or a mistake. */
const SIZES: Readonly<Record<string, number>> = {
  'dcs-plugin-automation': 85_000,
  'dcs-plugin-cloudflare': 28_000,
  'dcs-plugin-firebase': 22_000,
  'dcs-plugin-gcp': 48_000,
  'dcs-plugin-neon': 62_000,
  'dcs-plugin-sandbox': 190_000,
  'dcs-runtime': 19_000,
  'dcs-sdk': 45_000,
  'doppler-cloud-syncs': 900_000,
};

interface Package {
  readonly tgz: string;
  readonly manifest: Record<string, unknown> & { readonly name: string; readonly version: string };
  readonly files: readonly string[];
}

const read = (tgz: string, file: string): string =>
  execFileSync('tar', ['xzOf', tgz, `package/${file}`], { encoding: 'utf8', maxBuffer: 1 << 26 });
const listed = (tgz: string): string[] =>
  execFileSync('tar', ['tzf', tgz], { encoding: 'utf8' })
    .trimEnd()
    .split('\n')
    .map((file) => file.replace('package/', ''));

describe('npm run pack:npm, from a clean clone', function () {
  this.timeout(240_000);
  let dist: string;
  let packages: readonly Package[];

  before(async () => {
    dist = await release();
    packages = globSync('npm/*.tgz', { cwd: dist }).map((file) => {
      const tgz = join(dist, file);
      return { tgz, manifest: JSON.parse(read(tgz, 'package.json')) as Package['manifest'], files: listed(tgz) };
    });
  });

  it('packs the CLI, the sdk, the runtime and every plugin, none above its size', () => {
    expect(packages.map(({ manifest }) => manifest.name)).to.have.members(Object.keys(SIZES));
    const plugins = readdirSync(join(ROOT, 'plugins')).filter((name) => name !== '_template');
    expect(Object.keys(SIZES)).to.include.members(plugins);
    for (const { tgz, manifest } of packages) expect(readFileSync(tgz).length, manifest.name).to.be.lessThan(SIZES[manifest.name]!);
  });

  it('packs code, types where something is imported, README and LICENSE: nothing else', () => {
    for (const { manifest, files } of packages) {
      expect(files, manifest.name).to.include.members(['package.json', 'README.md', 'LICENSE']);
      const types = manifest['exports'] === undefined ? '' : '|d\\.ts';
      const own =
        manifest.name === 'doppler-cloud-syncs'
          ? /^(bin\/run\.js|lib\/.+\.js|lib\/\w+\/scripts\/[\w.]+\.(sh|ps1)|lib\/THIRD-PARTY-LICENSES\.txt|schema\/[\w.]+\.json)$/
          : new RegExp(`^(lib/.+\\.(js${types})|blueprints/\\w+\\.(txt|json))$`);
      const other = files.filter((file) => !own.test(file) && !/^(package\.json|README\.md|LICENSE|oclif\.manifest\.json)$/.test(file));
      expect(other, manifest.name).to.deep.equal([]);
      expect(
        files.filter((file) => /\.test\.|(^|\/)tests?\//.test(file)),
        manifest.name,
      ).to.deep.equal([]);
    }
  });

  it('leaves out nothing that the build made for running', () => {
    const { files } = packages.find(({ manifest }) => manifest.name === 'doppler-cloud-syncs')!;
    const built = globSync('lib/**', { cwd: join(dist, '..'), withFileTypes: true }).filter((entry) => entry.isFile());
    const left = built
      .map(({ name, parentPath }) => relative(join(dist, '..'), join(parentPath, name)))
      .filter((file) => !files.includes(file) && !/^lib\/types\/|\.map$|^lib\/(\.tsbuildinfo|bundled\.json)$/.test(file));
    expect(left).to.deep.equal([]);
  });

  it('publishes no script of ours, no dependency that is not exact, and says where it comes from', () => {
    const versions = new Set(packages.map(({ manifest }) => manifest.version));
    expect(versions.size, 'one version').to.equal(1);
    for (const { manifest } of packages) {
      expect(manifest, manifest.name).to.not.have.any.keys(
        'scripts',
        'private',
        'devDependencies',
        'workspaces',
        'overrides',
        'allowScripts',
      );
      expect(manifest['publishConfig']).to.deep.equal({ access: 'public', provenance: true });
      expect((manifest['repository'] as { url: string }).url).to.match(/^git\+https:\/\/github\.com\/.+\.git$/);
      for (const key of ['description', 'license', 'homepage', 'bugs', 'author', 'engines'])
        expect(manifest[key], `${manifest.name} ${key}`).to.not.equal(undefined);
      expect(manifest['keywords']).to.be.an('array').that.includes('doppler');
      for (const range of Object.values({ ...(manifest['dependencies'] as object), ...(manifest['optionalDependencies'] as object) }))
        expect(range, manifest.name).to.match(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    }
  });

  it('holds every file that package.json and the manifest name', () => {
    for (const { tgz, manifest, files } of packages) {
      const named = JSON.stringify([manifest['bin'], manifest['exports'], manifest['oclif']]).matchAll(/"\.\/([^"]+\.(?:d\.ts|js|json))"/g);
      for (const [, file] of named) expect(files, `${manifest.name} ${file}`).to.include(file);
      if (manifest['oclif'] === undefined) continue;
      const { commands, version } = JSON.parse(read(tgz, 'oclif.manifest.json')) as {
        commands: Record<string, { relativePath: readonly string[] }>;
        version: string;
      };
      expect(version).to.equal(manifest.version);
      for (const { relativePath } of Object.values(commands)) expect(files).to.include(relativePath.join('/'));
    }
  });

  it('lets the CLI depend on nothing but two optional binaries, and gives the licences of what it contains', () => {
    const { manifest, tgz } = packages.find((each) => each.manifest.name === 'doppler-cloud-syncs')!;
    expect(manifest['dependencies']).to.equal(undefined);
    expect(Object.keys(manifest['optionalDependencies'] as object)).to.deep.equal(['@lydell/node-pty', '@napi-rs/keyring']);
    const licences = read(tgz, 'lib/THIRD-PARTY-LICENSES.txt');
    for (const name of ['zod', 'yaml', '@oclif/core', 'inquirer', 'listr2', 'mustache', 'acorn'])
      expect(licences).to.match(new RegExp(`^${name} \\d`, 'm'));
  });

  it('names no path of the machine that packed', () => {
    for (const { tgz, manifest } of packages)
      expect(execFileSync('tar', ['xzOf', tgz], { encoding: 'utf8', maxBuffer: 1 << 27 }).includes(ROOT), manifest.name).to.equal(false);
  });

  it('is the same, byte for byte, from another clone elsewhere', async () => {
    const again = await clone();
    await script(again, 'pack:npm');
    expect(readFileSync(join(again, 'dist', 'SHA256SUMS'), 'utf8')).to.equal(readFileSync(join(dist, 'SHA256SUMS'), 'utf8'));
  });

  it('has checksums of every file', () => {
    execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: dist });
    const sums = readFileSync(join(dist, 'SHA256SUMS'), 'utf8').trimEnd().split('\n');
    const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(sums.map((line) => basename(line.slice(66)))).to.have.members(
      files.map(({ name }) => name).filter((name) => !name.startsWith('SHA256SUMS')),
    );
  });

  it('has a bill of materials that CycloneDX validates, with what the bundle contains and what plugins bring', async () => {
    const text = readFileSync(join(dist, 'dcs.cdx.json'), 'utf8');
    const cyclonedx = createRequire(join(ROOT, 'node_modules/@cyclonedx/cyclonedx-npm/package.json'));
    const { Spec, Validation } = cyclonedx('@cyclonedx/cyclonedx-library') as {
      Spec: { Version: Record<string, unknown> };
      Validation: { JsonStrictValidator: new (version: unknown) => { validate(text: string): Promise<unknown> } };
    };
    expect(await new Validation.JsonStrictValidator(Spec.Version['v1dot6']).validate(text)).to.equal(null);
    const bill = JSON.parse(text) as { components: { purl: string }[]; dependencies: { ref: string; dependsOn: string[] }[] };
    const refs = new Set(bill.components.map(({ purl }) => purl.replace(/@[^@]+$/, '')));
    for (const name of [
      'zod',
      'yaml',
      '%40oclif/core',
      '%40napi-rs/keyring',
      'google-auth-library',
      'pg',
      'bullmq',
      'dcs-sdk',
      'dcs-plugin-neon',
    ])
      expect(refs).to.include(`pkg:npm/${name}`);
    for (const name of ['mocha', 'esbuild', 'npm', 'yarn', 'verdaccio']) expect(refs).to.not.include(`pkg:npm/${name}`);
    const known = new Set(bill.dependencies.map(({ ref }) => ref));
    for (const { dependsOn } of bill.dependencies) for (const ref of dependsOn) expect(known).to.include(ref);
  });

  it('has a Homebrew formula of the very file', () => {
    const formula = readFileSync(join(dist, 'dcs.rb'), 'utf8');
    const [, file] = /url "https:\/\/registry\.npmjs\.org\/doppler-cloud-syncs\/-\/(.+)"/.exec(formula)!;
    const sum = execFileSync('sha256sum', [file!], { cwd: join(dist, 'npm'), encoding: 'utf8' }).slice(0, 64);
    expect(formula).to.contain(`sha256 "${sum}"`);
    // Homebrew gives descriptions 80 characters, and none begins with the name.
    expect(/desc "(.+)"/.exec(formula)![1]!.length).to.be.at.most(80);
  });
});
