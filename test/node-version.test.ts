import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const BIN = fileURLToPath(new URL('../bin/run.js', import.meta.url));

describe('an old Node', () => {
  const told = (run: { status: number | null; stdout: string; stderr: string }, version: RegExp): void => {
    expect(run.stderr).to.match(new RegExp(`^dcs needs Node\\.js 22\\.15 or newer; this is ${version.source}\\.\\n$`));
    expect(run.stdout).to.equal('');
    expect(run.status).to.equal(1);
  };

  // import() hoists nothing, so that the faked version stands before the file is read.
  for (const version of ['14.21.3', '20.20.2', '22.14.0'])
    it(`is told in one line: ${version}, faked`, () => {
      const script = `for (const [object, name, value] of [[process.versions, 'node', '${version}'], [process, 'version', 'v${version}']]) Object.defineProperty(object, name, { value }); import(${JSON.stringify(BIN)})`;
      told(spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }), new RegExp(`v${version.replaceAll('.', '\\.')}`));
    });

  it('lets the oldest supported one in', () => {
    const script = `Object.defineProperty(process.versions, 'node', { value: '22.15.0' }); process.argv = ['node', 'dcs', '--version']; import(${JSON.stringify(BIN)})`;
    const run = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect(run.stderr).to.equal('');
    expect(run.stdout).to.contain(
      `/${(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version} `,
    );
  });

  it('is told in one line: a real one, where this machine has one', function () {
    const old = (process.env['PATH'] ?? '')
      .split(delimiter)
      .concat('/usr/bin', '/usr/local/bin')
      .filter((folder) => !folder.includes('node_modules') && existsSync(join(folder, 'node')))
      .map((folder) => join(folder, 'node'))
      .find((node) => Number(spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout.split('.')[0]) < 22);
    if (old === undefined) return this.skip();
    told(spawnSync(old, [BIN, 'context'], { encoding: 'utf8' }), /v\d+\.\d+\.\d+/);
  });
});
