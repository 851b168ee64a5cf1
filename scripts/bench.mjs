// Start-up of the built CLI as ratios to `node -e 0`, all in one run, interleaved: docs/performance.md holds the last result.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { linkPlugins } from './link.mjs';

const ROUNDS = 25;
const bin = fileURLToPath(new URL('../bin/run.js', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'dcs-bench-'));
const project = join(home, 'project');
mkdirSync(join(project, '.git'), { recursive: true });
writeFileSync(join(project, '.git', 'HEAD'), 'ref: refs/heads/work\n');
writeFileSync(
  join(project, 'dcs.yaml'),
  'doppler: shop\ntargets:\n  cloudflare: {account_id: 7f3ac0de51b84c2f9e60a1d2b3c4d5e6, worker: {staging: a, prod: b}}\n',
);
linkPlugins(join(home, 'data'));
const env = { PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: join(home, 'data'), XDG_CACHE_HOME: join(home, 'cache') };

const rows = [
  { name: 'node -e 0', args: ['-e', '0'] },
  { name: 'dcs --version', args: [bin, '--version'], most: 1.5 },
  { name: 'dcs context', args: [bin, 'context'], most: 4 },
  { name: 'dcs --help', args: [bin, '--help'], most: 4.5 },
].map((row) => ({ ...row, times: [] }));

for (let round = 0; round <= ROUNDS; round++)
  for (const { args, times } of rows) {
    const started = process.hrtime.bigint();
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: project, env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
    if (round > 0) times.push(Number(process.hrtime.bigint() - started) / 1e6); // the first round fills the compile cache
  }

const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
const base = median(rows[0].times);
console.log('| command | median | ratio | bar |\n|---|---|---|---|');
for (const { name, times, most } of rows)
  console.log(`| \`${name}\` | ${median(times).toFixed(1)} ms | ${(median(times) / base).toFixed(2)}x | ${most ? `${most}x` : ''} |`);
