import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { clone, script } from './release.ts';

describe('npm run version-packages', function () {
  this.timeout(180_000);
  let folder: string;
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  const versionOf = (file: string): string => (JSON.parse(read(file)) as { version: string }).version;
  const inFolder = (program: string, ...words: readonly string[]): string =>
    execFileSync(program, words, {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${folder}/node_modules/.bin:${process.env['PATH']}` },
    });
  const commit = (): void => {
    inFolder('git', 'add', '--all');
    inFolder('git', '-c', 'user.name=dcs', '-c', 'user.email=dcs@example.com', 'commit', '--quiet', '--message', 'a release');
  };
  let notes: readonly string[];

  before(async () => {
    folder = await clone();
    inFolder('git', 'init', '--quiet', '--initial-branch', 'main');
    writeFileSync(join(folder, '.changeset', 'one-more.md'), "---\n'doppler-cloud-syncs': minor\n---\n\nWhat somebody did.\n");
    commit();
    notes = globSync('.changeset/*.md', { cwd: folder })
      .map((file) => read(file))
      .filter((text) => text.includes("'doppler-cloud-syncs'"))
      .map((text) => text.split('\n---\n')[1]!.trim().split('\n')[0]!);
    await script(folder, 'version-packages');
  });

  it('gives all packages one new version, and what depends on them', () => {
    const version = versionOf('package.json');
    expect(version).to.not.equal('0.1.0');
    const packages = ['sdk', 'runtime', ...globSync('plugins/*', { cwd: folder })].map((name) => `${name}/package.json`);
    for (const file of packages) {
      expect(versionOf(file), file).to.equal(version);
      const { dependencies = {} } = JSON.parse(read(file)) as { dependencies?: Record<string, string> };
      for (const [name, range] of Object.entries(dependencies))
        if (name.startsWith('dcs-')) expect(range, `${file} ${name}`).to.equal(version);
    }
    const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { version?: string }> };
    expect(lock.packages['']!.version).to.equal(version);
    expect(lock.packages['sdk']!.version).to.equal(version);
  });

  it('writes every note into the CHANGELOG, under the new version, below the title', () => {
    const log = read('CHANGELOG.md');
    expect(log.split('\n').slice(0, 3)).to.deep.equal(['# doppler-cloud-syncs', '', `## ${versionOf('package.json')}`]);
    for (const note of notes) expect(log).to.contain(note);
    expect(log).to.contain('What somebody did.');
    expect(readdirSync(join(folder, '.changeset'))).to.deep.equal(['config.json']);
  });

  it('leaves nothing stale: manifests, formats, the lock', () => {
    for (const file of ['oclif.manifest.json', ...globSync('plugins/dcs-plugin-*/oclif.manifest.json', { cwd: folder })])
      expect(versionOf(file), file).to.equal(versionOf('package.json'));
    const changed = inFolder('git', 'ls-files', '--modified', '--others', '--exclude-standard', '--deduplicate').trim().split('\n');
    inFolder('oxfmt', '--check', ...changed.filter((file) => existsSync(join(folder, file))));
    inFolder('npm', 'ci', '--dry-run', '--offline', '--no-audit', '--no-fund');
  });

  it('puts the next version above the last', () => {
    const before = versionOf('package.json');
    commit();
    writeFileSync(join(folder, '.changeset', 'mended.md'), "---\n'dcs-plugin-neon': patch\n---\n\nMended.\n");
    commit();
    inFolder('changeset', 'version');
    const after = versionOf('package.json');
    expect(after).to.equal(before.replace(/\d+$/, (patch) => String(Number(patch) + 1)));
    const log = read('CHANGELOG.md');
    expect(log.indexOf(`## ${after}\n`)).to.be.within(1, log.indexOf(`## ${before}\n`));
    expect(read('plugins/dcs-plugin-neon/CHANGELOG.md')).to.match(
      new RegExp(`## ${after.replaceAll('.', '\\.')}\\n\\n### Patch Changes\\n\\n- \\w+: Mended\\.`),
    );
  });
});
