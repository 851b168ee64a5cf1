import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../e2e/world.ts';
import { hasWords } from '../titles.ts';
import type { Defect } from './defect.ts';
import { DEFECTS } from './defects.ts';
import { evidence, stopwatch } from './evidence.ts';

const PAGE = join(ROOT, 'docs', 'defects.md');

/** Defects that nothing holds: no test, a file that is gone, words that no test of it has. */
const unheld = (defects: readonly Defect[]): string[] =>
  defects
    .filter(({ tests }) => tests.length === 0 || tests.some(({ file, title }) => title === '' || !hasWords(file, title)))
    .map(({ id }) => id);

/** Ids that are missing, twice or out of order. */
const misnumbered = (defects: readonly Defect[]): string[] =>
  Array.from({ length: Math.max(51, defects.length) }, (_, index) => `D${String(index + 1).padStart(2, '0')}`).filter(
    (id, index) => defects[index]?.id !== id,
  );

const link = (file: string): string => `[${file.split('/').at(-1)!}](../${file})`;
const page = (): string => `# Defects that tools of this kind have had

What has gone wrong in tools that carry secrets from one place to others, and what keeps it out of dcs: the tests that fail if it comes back. Where a defect cannot be written without tearing down something
larger, that stands in italics. Checked by [defects.test.ts](../test/evidence/defects.test.ts); how the rest is measured: [evidence.md](evidence.md).

| | defect | held by |
|---|---|---|
${DEFECTS.map(({ id, what, design, tests }) => {
  const files = [...new Set(tests.map(({ file }) => file))];
  return `| ${id} | ${what} | ${design === undefined ? '' : `*${design}* `}${files.map(link).join(', ')} |`;
}).join('\n')}
`;

describe('defects that tools of this kind have had', () => {
  it('are each held by tests that are there', () => {
    const seconds = stopwatch();
    expect(misnumbered(DEFECTS)).to.deep.equal([]);
    expect(unheld(DEFECTS)).to.deep.equal([]);
    const [first, ...others] = DEFECTS as [Defect, ...Defect[]];
    const planted: readonly (readonly string[])[] = [
      unheld([{ ...first, tests: [] }]),
      unheld([{ ...first, tests: [{ file: 'test/gone.test.ts', title: 'x' }] }]),
      unheld([{ ...first, tests: [{ ...first.tests[0]!, title: 'words that no test has' }] }]),
      unheld([{ ...first, tests: [{ ...first.tests[0]!, title: '' }] }]),
      misnumbered(others),
    ];
    const caught = planted.filter((found) => found.length > 0).length;
    expect(caught).to.equal(planted.length);
    const impossible = DEFECTS.filter(({ design }) => design !== undefined).length;
    const tests = DEFECTS.reduce((sum, each) => sum + each.tests.length, 0);
    evidence(23, {
      figure: `${DEFECTS.length} of ${DEFECTS.length}: ${impossible} impossible by design, ${DEFECTS.length - impossible} tested, by ${tests} tests ([the list](defects.md))`,
      met: true,
      seconds: seconds(),
      planted: planted.length,
      caught,
    });
  });

  it('stand in docs/defects.md (changed? UPDATE_DEFECTS=1)', () => {
    if (process.env['UPDATE_DEFECTS'] !== undefined) writeFileSync(PAGE, page());
    expect(readFileSync(PAGE, 'utf8')).to.equal(page());
  });
});
