import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');

const make = (...args: string[]) => run(process.execPath, ['scripts/new-plugin.mjs', ...args], { cwd: root });
const exitOf = (...args: string[]): Promise<unknown> =>
  make(...args).then(
    () => 0,
    (error: { code: unknown }) => error.code,
  );

describe('npm run new:plugin', function () {
  this.timeout(60_000);
  let into: string;
  beforeEach(() => {
    // Inside the repository, so that the copy finds its dependencies.
    mkdirSync(join(root, 'tmp'), { recursive: true });
    into = mkdtempSync(join(root, 'tmp', 'new-plugin-'));
  });
  afterEach(() => rmSync(into, { recursive: true }));

  it('makes a plugin without a trace of the template, whose contract test passes', async () => {
    const { stdout } = await make('acme-vault', into);
    expect(stdout).to.include('docs/writing-a-plugin.md');
    const folder = join(into, 'dcs-plugin-acme-vault');
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const file of files) {
      const path = join(file.parentPath, file.name);
      expect(relative(folder, path)).to.not.match(/template/i);
      expect(readFileSync(path, 'utf8'), path).to.not.match(/template/i);
    }
    const names = files.map((file) => file.name);
    expect(names).to.include.members(['acme-vault.ts', 'acme-vault-server.ts']).and.not.include('oclif.manifest.json');
    expect(readFileSync(join(folder, 'src/target.ts'), 'utf8'))
      .to.include("title: 'Acme Vault Cloud'")
      .and.include('ACME_VAULT_TOKEN');

    const mocha = [join(root, 'node_modules/mocha/bin/mocha.js'), '--no-config', '--timeout', '20000', '--reporter', 'json'];
    const result = await run(process.execPath, [...mocha, join(folder, 'test/target.test.ts')], { cwd: root });
    const { stats } = JSON.parse(result.stdout) as { stats: { passes: number; failures: number } };
    expect(stats.failures).to.equal(0);
    expect(stats.passes).to.be.greaterThan(20);
  });

  it('refuses a name that is none, and one that exists', async () => {
    for (const name of ['', 'Foo', '../foo', 'foo_bar', 'template', 'dcs-foo']) expect(await exitOf(name, into), name).to.equal(64);
    expect(await exitOf('twice', into)).to.equal(0);
    expect(await exitOf('twice', into)).to.equal(64);
    expect(await exitOf('cloudflare')).to.equal(64);
  });
});
