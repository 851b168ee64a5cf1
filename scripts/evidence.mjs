// npm run evidence [-- 7 9]: measures all rows, or these, at full size, and writes docs/evidence.md from what was measured.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PROOFS, ROWS } from '../test/evidence/rows.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const resultOf = (row) => `${root}test/evidence/results/${String(row).padStart(2, '0')}.json`;

/** docs/evidence.md as the results have it. */
export function page() {
  const lines = ROWS.map(({ row, priority, statement, target }) => {
    if (!existsSync(resultOf(row))) return `| ${row} | ${priority} | ${statement} | ${target} | **not measured** | | | |`;
    const { figure, met, note, seed, seconds, planted, caught, date } = JSON.parse(readFileSync(resultOf(row), 'utf8'));
    const said = `${met ? '' : '**not met:** '}${figure}${note === undefined ? '' : `. ${note}`}`;
    return `| ${row} | ${priority} | ${statement} | ${target} | ${said} | ${seed ?? ''} | ${seconds} s, ${date} | ${caught}/${planted} |`;
  });
  return `# Evidence

What dcs promises, and what was measured of it: \`npm run evidence\` measures all of it anew, \`npm run evidence -- 7\` one row. A proof counts only with faults planted to see whether it can fail; the last
column says how many of them it found. \`npm test\` runs the same proofs at a smaller size. Machine: 2 cores, Linux, the pinned Node.

| | | statement | target | measured | seed | took | planted faults found |
|---|---|---|---|---|---|---|---|
${lines.join('\n')}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const asked = process.argv
    .slice(2)
    .filter((word) => word !== '--page')
    .map(Number);
  const proofs = process.argv.includes('--page')
    ? []
    : PROOFS.filter(({ rows }) => asked.length === 0 || rows.some((row) => asked.includes(row)));
  let failed = 0;
  for (const { file, env } of proofs) {
    console.log(`\n${file}`);
    const mocha = ['--no-config', '--require', './test/setup.ts', '--timeout', '7200000', file];
    const { status } = spawnSync('mocha', mocha, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env, DCS_EVIDENCE: '1' } });
    if (status !== 0) failed++;
  }
  writeFileSync(`${root}docs/evidence.md`, page());
  console.log(`\ndocs/evidence.md; ${failed} of ${proofs.length} proofs failed`);
  if (failed > 0) process.exitCode = 1;
}
