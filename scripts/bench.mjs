// Start-up of the packed CLI as ratios to `node -e 0`, all in one run, interleaved: docs/performance.md holds the last result.
// What reads secrets reads them from a sandbox of its own; the Doppler CLI runs beside it where it is on the PATH.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { linkPlugins } from './link.mjs';

const ROUNDS = 25;
const root = fileURLToPath(new URL('..', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'dcs-bench-'));
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
execFileSync('tar', ['xzf', join(root, 'dist', 'npm', `${name}-${version}.tgz`), '-C', home]);
symlinkSync(join(root, 'node_modules'), join(home, 'package', 'node_modules')); // its optional packages
const bin = join(home, 'package', 'bin', 'run.js');
const project = join(home, 'project');
mkdirSync(join(project, '.git'), { recursive: true });
writeFileSync(join(project, '.git', 'HEAD'), 'ref: refs/heads/work\n');
writeFileSync(
  join(project, 'dcs.yaml'),
  'doppler: shop\ntargets:\n  cloudflare: {account_id: 7f3ac0de51b84c2f9e60a1d2b3c4d5e6, worker: {staging: a, prod: b}}\n',
);
linkPlugins(join(home, 'data'));
installTen(join(home, 'ten'));
const own = { PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: join(home, 'data'), XDG_CACHE_HOME: join(home, 'cache') };
const dcs = (...words) => [process.execPath, [bin, ...words]];
const sandbox = (word) => execFileSync(...dcs('sandbox', word, '--folder', join(home, 'sandbox'), '--json'), { cwd: project, env: own });
const doppler = spawnSync('doppler', ['--version'], { env: own }).status === 0;

const rows = [
  { name: 'node -e 0', command: [process.execPath, ['-e', '0']] },
  { name: 'dcs --version', command: dcs('--version'), most: 1.25 },
  { name: 'dcs context --prompt, no plugins', command: dcs('context', '--prompt'), most: 3.5, more: { XDG_DATA_HOME: join(home, 'none') } },
  { name: 'dcs context --prompt, ten plugins', command: dcs('context', '--prompt'), most: 4.2, more: { XDG_DATA_HOME: join(home, 'ten') } },
  { name: 'dcs context, not signed in', command: dcs('context'), most: 3.5, alone: true },
  { name: 'dcs --help', command: dcs('--help'), most: 4.5 },
  { name: 'dcs run --no-mask -- true (304)', command: dcs('run', '--no-mask', '--', 'true'), most: 6 },
  { name: 'dcs env (304)', command: dcs('env'), most: 6 },
  { name: 'dcs run --no-mask --offline -- true', command: dcs('run', '--no-mask', '--offline', '--', 'true'), most: 4 },
  ...(doppler ? [{ name: 'doppler run -- true (304)', command: ['doppler', ['run', '-p', 'shop', '-c', 'dev', '--', 'true']] }] : []),
].map((row) => ({ ...row, times: [] }));

sandbox('start');
try {
  const env = { ...own, ...JSON.parse(sandbox('env')).env };
  for (let round = 0; round <= ROUNDS; round++)
    for (const { command, times, more, alone } of rows) {
      const started = process.hrtime.bigint();
      const { status, stderr } = spawnSync(...command, { cwd: project, env: { ...(alone ? own : env), ...more }, encoding: 'utf8' });
      if (status !== 0) throw new Error(`${command.flat().join(' ')} ended with ${status}: ${stderr}`);
      if (round > 0) times.push(Number(process.hrtime.bigint() - started) / 1e6); // the first round fills the caches
    }
} finally {
  sandbox('stop');
  rmSync(home, { recursive: true });
}

const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
const base = median(rows[0].times);
console.log('| command | median | ratio | bar |\n|---|---|---|---|');
for (const { name, times, most } of rows)
  console.log(`| \`${name}\` | ${median(times).toFixed(1)} ms | ${(median(times) / base).toFixed(2)}x | ${most ? `${most}x` : ''} |`);

/** Plugins as big as Neon's, the biggest, installed as npm does. */
function installTen(dataHome) {
  const from = join(root, 'plugins', 'dcs-plugin-neon');
  const manifest = JSON.stringify(JSON.parse(readFileSync(join(from, 'oclif.manifest.json'), 'utf8')));
  const { dependencies: _, ...rest } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
  const plugins = Array.from({ length: 10 }, (__, at) => {
    const folder = join(dataHome, 'dcs', 'node_modules', `dcs-plugin-p${at}`);
    mkdirSync(folder, { recursive: true });
    const dcs = { contract: 1, sources: { [`p${at}`]: './lib/source.js' } };
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...rest, name: `dcs-plugin-p${at}`, oclif: { ...rest.oclif, dcs } }));
    writeFileSync(join(folder, 'oclif.manifest.json'), manifest.replaceAll('neon', `p${at}`));
    return { name: `dcs-plugin-p${at}`, type: 'user', tag: 'latest' };
  });
  writeFileSync(join(dataHome, 'dcs', 'package.json'), JSON.stringify({ dependencies: {}, oclif: { schema: 1, plugins } }));
}
