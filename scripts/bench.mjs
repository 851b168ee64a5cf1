// `npm run bench [-- PART...]`: measures, each part in a process of its own, and writes the tables of docs/performance.md and its plot.
// `npm run bench:peers` is the part that compares with other tools. Ends with 1 when a part misses its bar.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { plot } from './bench/plot.mjs';

const PARTS = ['start', 'commands', 'sync', 'members', 'plan', 'masking', 'runtime', 'neon'];
const root = fileURLToPath(new URL('..', import.meta.url));
const file = `${root}docs/performance.md`;
const asked = process.argv.slice(2);
const unknown = asked.find((part) => ![...PARTS, 'peers'].includes(part));
if (unknown !== undefined) throw new Error(`there is no part ${unknown}: ${PARTS.join(', ')}, peers`);

let missed = false;
for (const part of asked.length > 0 ? asked : PARTS) {
  const { status, stdout } = spawnSync(process.execPath, ['--expose-gc', `${root}scripts/bench/${part}.mjs`], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.stdout.write(`\n${part}\n${stdout}`);
  missed ||= status !== 0;
  if (stdout.includes('|')) keep(part, stdout.trim());
}
plot(readFileSync(file, 'utf8'), `${root}docs/performance.svg`);
if (missed) process.exitCode = 1;

/** Between its marks, with the day and how busy the machine was: 2 cores and a load of 20 are other figures than an idle machine's. */
function keep(part, table) {
  const text = readFileSync(file, 'utf8');
  const [begin, end] = [`<!-- ${part} -->`, `<!-- /${part} -->`];
  const [at, to] = [text.indexOf(begin), text.indexOf(end)];
  if (at < 0 || to < at) throw new Error(`docs/performance.md has no marks for ${part}`);
  const when = `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, load of the machine ${loadavg()[0].toFixed(0)}.`;
  writeFileSync(file, `${text.slice(0, at + begin.length)}\n\n${table}\n\n${when}\n\n${text.slice(to)}`);
}
