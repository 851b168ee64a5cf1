import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../e2e/world.ts';
import { clone, script } from '../release/release.ts';
import { battery, failed } from './battery.ts';
import { evidence, FULL, stopwatch } from './evidence.ts';

interface Finding {
  readonly ident: string;
  readonly determinations: { readonly severity: string };
}

/** What zizmor (https://docs.zizmor.sh) finds without a network, or undefined where it is not installed. */
function zizmor(): { version: string; high: string[]; medium: string[] } | undefined {
  const run = (...words: string[]) => spawnSync('zizmor', words, { cwd: ROOT, encoding: 'utf8' });
  const version = run('--version');
  if (version.error !== undefined) return undefined;
  const { stdout } = run('--offline', '--no-exit-codes', '--no-progress', '--persona=auditor', '--format=json', '.github', 'actions');
  const found = JSON.parse(stdout) as Finding[];
  const of = (severity: string): string[] =>
    found.filter(({ determinations }) => determinations.severity === severity).map(({ ident }) => ident);
  return { version: version.stdout.trim(), high: of('High'), medium: of('Medium') };
}

/** The checksums that a pack of a clean clone leaves. */
async function packed(folder: string): Promise<string> {
  await script(folder, 'pack:npm');
  return readFileSync(join(folder, 'dist', 'SHA256SUMS'), 'utf8');
}

describe('a build that anybody can repeat', function () {
  this.timeout(3_600_000);

  it('gives the same bytes three times, other bytes after any change, and comes from workflows without a high finding', async function () {
    if (!FULL) return this.skip(); // test/release/pack.test.ts packs twice
    const took = stopwatch();
    // All at once: nobody edits between them.
    const [one, two, three, changed] = (await Promise.all([clone(), clone(), clone(), clone()])) as [string, string, string, string];
    appendFileSync(join(changed, 'sdk', 'README.md'), '\n');
    const sums = [await packed(one), await packed(two), await packed(three)];
    expect(new Set(sums).size).to.equal(1);
    const other = await packed(changed);
    const rules = await battery('test/workflows/rules.test.ts');
    expect(failed(rules)).to.deep.equal([]);
    const notices = rules.filter(({ title }) => title.startsWith('notices'));
    const audit = zizmor();
    expect(audit?.high ?? []).to.deep.equal([]);
    const files = sums[0]!.trimEnd().split('\n').length;
    evidence(40, {
      figure: `3 of 3 packs the same, ${files} files; ${audit === undefined ? 'zizmor is not installed' : `${audit.version}: 0 high, ${audit.medium.length} medium`}`,
      met: audit !== undefined,
      note: 'Clones of one machine. OpenSSF Scorecard asks GitHub about the repository and was not run',
      seconds: took(),
      planted: notices.length + 1,
      caught: notices.filter(({ passed }) => passed).length + (other === sums[0] ? 0 : 1),
    });
  });
});
