// `dcs neon branch create x -e dev` with every request 50 ms away: requests and time, beside Neon's own CLI and a write into Doppler where
// a `neon` is on the PATH. docs/performance.md holds the last result. Ends with 1 when a bar is missed.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { linkPlugins } from '../link.mjs';

const LATENCY_MS = 50;
const ROUNDS = 5;
const MOST_CALLS = 6;

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'dcs-bench-neon-'));
const project = join(home, 'project');
mkdirSync(join(project, '.git'), { recursive: true });
writeFileSync(join(project, '.git', 'HEAD'), 'ref: refs/heads/work\n');
writeFileSync(join(project, 'dcs.yaml'), 'doppler: shop\n');
linkPlugins(join(home, 'data'));
const own = { PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: join(home, 'data'), XDG_CACHE_HOME: join(home, 'cache') };
const sandbox = (word) =>
  execFileSync(process.execPath, [bin, 'sandbox', word, '--folder', join(home, 'sandbox'), '--json'], { cwd: project, env: own });
const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];

sandbox('start');
try {
  const env = { ...own, CI: '1', ...JSON.parse(sandbox('env')).env };
  const { origin } = new URL(env.DOPPLER_API_HOST);
  const run = (program, words) => {
    const started = performance.now();
    const { status, stdout, stderr } = spawnSync(program, words, { cwd: project, env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${status}: ${stderr}`);
    return { took: performance.now() - started, stdout };
  };
  const dcs = (...words) => run(process.execPath, [bin, ...words]);
  // A kept connection may have been closed while a program ran.
  const ask = (path, init) => fetch(`${origin}${path}`, init).catch(() => fetch(`${origin}${path}`, init));
  const post = (path, body) =>
    ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${env.DOPPLER_TOKEN}` },
      body: JSON.stringify(body),
    });
  const made = JSON.parse(dcs('provision', 'neon', '--project-name', 'shop', '-e', 'dev', '--yes', '--json', '--allow', 'adopt').stdout);
  const id = made.project.id;
  const vendor = spawnSync('neon', ['--version'], { env: own }).status === 0;
  await post('/_sandbox/delay', { ms: LATENCY_MS });

  const ours = [];
  const theirs = [];
  let calls = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    await ask('/_sandbox/journal', { method: 'DELETE' });
    await post('/_sandbox/neon/settled', {}); // the vendor's CLI does not wait until its branch answers
    const { took, stdout } = dcs('neon', 'branch', 'create', `ours-${round}`, '-e', 'dev', '--yes', '--json');
    if (JSON.parse(stdout).doppler === null) throw new Error('Doppler was not written');
    if (round > 0) ours.push(took); // the first round fills the caches
    const journal = await (await ask('/_sandbox/journal')).json();
    calls = Math.max(calls, journal.filter(({ cloud, path }) => cloud === 'neon' && !path.includes('/operations')).length);
    if (!vendor) continue;
    const made = run('neon', ['branches', 'create', '--project-id', id, '--name', `theirs-${round}`, '--output', 'json']);
    const started = performance.now();
    const secrets = { DATABASE_URL: JSON.parse(made.stdout).connection_uris[0].connection_uri };
    await post('/v3/configs/config/secrets', { project: 'shop', config: 'dev_personal', secrets });
    if (round > 0) theirs.push(made.took + performance.now() - started);
  }
  console.log('| command, 50 ms a request | median | calls of the API, polling aside |\n|---|---|---|');
  console.log(`| \`dcs neon branch create x -e dev\` | ${(median(ours) / 1000).toFixed(2)} s | ${calls} (bar: ${MOST_CALLS}) |`);
  if (vendor) console.log(`| \`neon branches create\` and a write into Doppler | ${(median(theirs) / 1000).toFixed(2)} s | |`);
  if (calls > MOST_CALLS || (vendor && median(ours) > median(theirs))) process.exitCode = 1;
} finally {
  sandbox('stop');
  rmSync(home, { recursive: true });
}
