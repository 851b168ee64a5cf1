// npm run mutation [-- mask plan]: breaks the sources of these rooms (all) in every small way, one at a time, and looks whether a test
// notices. Writes test/mutation/results/ROOM.json and docs/mutation.md; --page only the latter.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { page, resultOf } from '../test/mutation/page.mjs';
import { ROOMS } from '../test/mutation/rooms.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

const asked = process.argv.slice(2).filter((word) => !word.startsWith('-'));
if (!process.argv.includes('--page'))
  for (const [name, room] of Object.entries(ROOMS))
    if (asked.length === 0 || asked.includes(name)) {
      const start = performance.now();
      const found = count(await mutate(room));
      const seconds = Math.round((performance.now() - start) / 1000);
      const measured = { seconds, date: new Date().toISOString().slice(0, 10), ...found };
      mkdirSync('test/mutation/results', { recursive: true });
      writeFileSync(resultOf(name), `${JSON.stringify(measured, undefined, 2)}\n`);
    }
writeFileSync('docs/mutation.md', page());

async function mutate({ mutate, tests, env = {}, without = [] }) {
  const { Stryker } = await import('@stryker-mutator/core');
  const plugin = (name) => fileURLToPath(new URL(`../test/mutation/${name}.mjs`, import.meta.url));
  const stryker = new Stryker({
    mutate,
    testRunner: 'in-process',
    inProcess: { tests, env, without },
    coverageAnalysis: 'perTest',
    // Stryker reads a tsconfig with TypeScript, and version 7 has no such function.
    tsconfigFile: 'none.json',
    plugins: [plugin('words'), plugin('in-process')],
    ignorers: ['words'],
    reporters: ['progress-append-only'],
    concurrency: Number(process.env.MUTATION_CONCURRENCY ?? 2),
    // On a busy machine nothing else may look like a loop without end.
    timeoutMS: 10_000,
    testRunnerNodeArgs: ['--max-old-space-size=1024'],
    tempDirName: `tmp/mutation-${process.pid}`,
    ignorePatterns: ['docs', 'dist', 'tmp', 'coverage', '**/lib', 'test/conformance'],
    warnings: { unknownOptions: false },
  });
  return stryker.runMutationTest();
}

/** By file: what became of the mutants; and those that no test noticed, as text, for lines move. */
function count(mutants) {
  const files = {};
  const survivors = [];
  for (const { fileName, location, mutatorName, replacement, status } of mutants) {
    const file = relative(root, fileName);
    // What ends the process, or leaves it of no use, says nothing of the tests.
    if (status === 'Ignored' || status === 'RuntimeError') continue;
    const counted = (files[file] ??= { killed: 0, timeout: 0, survived: 0 });
    if (status === 'Killed' || status === 'Timeout') counted[status.toLowerCase()]++;
    else if (status === 'Survived' || status === 'NoCoverage') {
      counted.survived++;
      survivors.push({ file, line: location.start.line, mutator: mutatorName, ...textsAt(file, location), replacement });
    } else throw new Error(`${file}: a mutant is ${status}`);
  }
  return { files, survivors };
}

/** What was mutated, and the line that it begins in. */
function textsAt(file, { start, end }) {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .slice(start.line - 1, end.line);
  const within = lines[0].trim();
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  return { within, original: lines.join('\n') };
}
