import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { startRegistry } from '../e2e/registry.ts';
import { tarball } from '../e2e/tarball.ts';
import { battery, failed } from './battery.ts';
import { evidence, FULL, stopwatch } from './evidence.ts';

const CANARY = 'dp.st.prd.canaryCanaryCanary';

describe('what is installed', function () {
  this.timeout(1_800_000);

  it('by dcs update is signed: every attack is refused, and comes through where its check is taken out', async function () {
    if (!FULL) return this.skip(); // test/e2e/update-attacks.test.ts runs by itself
    const took = stopwatch();
    const ran = await battery('test/e2e/update-attacks.test.ts');
    expect(failed(ran)).to.deep.equal([]);
    const refused = ran.filter(({ title }) => /^(refuses|passes by): /.test(title));
    const open = ran.filter(({ title }) => title.startsWith('without the check'));
    expect(refused.length).to.be.at.least(12);
    evidence(21, {
      figure: `${refused.length} kinds of attack, 0 installed`,
      met: true,
      note: 'Planted: the same attacks on a dcs built without the check that stops them',
      seconds: took(),
      planted: open.length,
      caught: open.filter(({ passed }) => passed).length,
    });
  });

  let hostile = false;

  /** What the hostile package does to whoever installs it by plain npm: otherwise its silence under dcs would prove nothing. */
  it('by plain npm runs scripts that read tokens: the planted package is hostile', async () => {
    const registry = await startRegistry();
    const folder = mkdtempSync(join(tmpdir(), 'dcs-hostile-'));
    const trace = join(folder, 'trace');
    const script = `node -e "require('fs').appendFileSync('${trace}', JSON.stringify(process.env))"`;
    try {
      await registry.publish(
        tarball({ 'package.json': JSON.stringify({ name: 'hostile-plain', version: '1.0.0', scripts: { postinstall: script } }) }),
      );
      mkdirSync(join(folder, 'project'));
      writeFileSync(join(folder, 'project', 'package.json'), '{"private": true}');
      await promisify(execFile)('npm', ['install', 'hostile-plain', '--no-audit', '--no-fund'], {
        cwd: join(folder, 'project'),
        env: { PATH: process.env['PATH'], HOME: folder, DOPPLER_TOKEN: CANARY, ...registry.env },
      });
      hostile = existsSync(trace) && readFileSync(trace, 'utf8').includes(CANARY);
      expect(hostile).to.equal(true);
    } finally {
      await registry.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('by dcs plugins runs nothing and sees nothing', async function () {
    if (!FULL) return this.skip(); // these tests run by themselves
    const took = stopwatch();
    const ran = await battery('test/e2e/plugins-attacks.test.ts', 'test/plugins/unpacked.test.ts', 'test/plugins/npmrc.test.ts');
    expect(failed(ran)).to.deep.equal([]);
    expect(ran.some(({ title }) => title.startsWith('runs no lifecycle script'))).to.equal(true);
    evidence(22, {
      figure: `${ran.length} tests of hostile plugins and registries: 0 scripts run, 0 tokens seen`,
      met: true,
      note: 'Ten kinds of lifecycle scripts and a binding.gyp, in the plugin and in what it needs. Planted: the same script under plain npm, which runs it with the token',
      seconds: took(),
      planted: 1,
      caught: hostile ? 1 : 0,
    });
  });
});
