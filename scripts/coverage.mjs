// `npm run coverage`: the tests, runs of the built `dcs` included, and the bar of every package.
import { spawn, spawnSync } from 'node:child_process';
import { globSync, readFileSync, rmSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { transformSync } from 'esbuild';

/** Covered lines in percent, at least. */
const LEAST = {
  src: 90,
  sdk: 90,
  runtime: 90,
  'plugins/dcs-plugin-automation': 90,
  'plugins/dcs-plugin-cloudflare': 90,
  'plugins/dcs-plugin-firebase': 90,
  'plugins/dcs-plugin-gcp': 90,
  'plugins/dcs-plugin-neon': 90,
  'plugins/dcs-plugin-sandbox': 90,
};

rmSync('coverage', { recursive: true, force: true });
const tests = await runTests();
const lines = measure();
let failed = tests.code !== 0;
for (const [folder, least] of Object.entries(LEAST)) {
  const { covered, total } = lines.get(folder);
  const percent = (100 * covered) / total;
  failed ||= percent < least;
  console.log(`${percent < least ? '✗' : '✓'} ${folder.padEnd(32)} ${percent.toFixed(1)} % of ${total} lines, at least ${least} %`);
}
// CI reads the last line.
console.log(`\n${tests.last}`);
process.exitCode = failed ? 1 : 0;

function runTests() {
  return new Promise((settle, reject) => {
    // c8 itself only sets NODE_V8_COVERAGE. Code from the compile cache would not be counted.
    const env = { ...process.env, NODE_V8_COVERAGE: resolve('coverage/raw'), NODE_DISABLE_COMPILE_CACHE: '1' };
    const mocha = spawn('mocha', process.argv.slice(2), { stdio: ['ignore', 'pipe', 'inherit'], env });
    let tail = '';
    mocha.stdout.setEncoding('utf8').on('data', (text) => {
      process.stdout.write(text);
      tail = (tail + text).slice(-2000);
    });
    mocha.on('error', reject);
    mocha.on('close', (code) => settle({ code, last: tail.trimEnd().split('\n').at(-1) }));
  });
}

/** Lines of each package; a file that no test loads counts as uncovered. */
function measure() {
  const sources = Object.keys(LEAST).map((folder) => (folder === 'src' ? 'src' : `${folder}/src`));
  // Nothing of a file of types is left to run.
  const typesOnly = sources.flatMap((folder) => globSync(`${folder}/**/*.ts`)).filter((file) => !hasCode(readFileSync(file, 'utf8')));
  const report = spawnSync(
    'c8',
    [
      'report',
      '--temp-directory=coverage/raw',
      '--reports-dir=coverage',
      '--reporter=json-summary',
      '--reporter=html',
      '--exclude-after-remap', // else the maps of lib/ are not followed
      '--merge-async',
      '--all',
      ...sources.flatMap((folder) => [`--src=${folder}`, `--include=${folder}/**/*.ts`]),
      ...typesOnly.map((file) => `--exclude=${file}`),
    ],
    { stdio: 'inherit' },
  );
  if (report.status !== 0) throw new Error('c8 report failed');
  const summary = JSON.parse(readFileSync('coverage/coverage-summary.json', 'utf8'));
  const sums = new Map(Object.keys(LEAST).map((folder) => [folder, { covered: 0, total: 0 }]));
  for (const [file, { lines: counted }] of Object.entries(summary)) {
    const folder = Object.keys(LEAST).find((one) => relative('.', file).startsWith(`${one}/`));
    if (folder === undefined) continue;
    sums.get(folder).covered += counted.covered;
    sums.get(folder).total += counted.total;
  }
  return sums;
}

function hasCode(text) {
  return transformSync(text, { loader: 'ts', minify: true, legalComments: 'none' }).code.trim() !== '';
}
