// `dcs status --all` over 40 members with 3 targets each, every request 50 ms away, in a workspace that is in sync: docs/performance.md
// holds the last result. Ends with 1 when a bar is missed.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { linkPlugins } from '../link.mjs';

const MEMBERS = 40;
const TARGETS = ['worker', 'jobs', 'cron'];
const LATENCY_MS = 50;
const ROUNDS = 7;
const MOST_MS = 3000;
const ACCOUNT = '7f3ac0de51b84c2f9e60a1d2b3c4d5e6';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'dcs-bench-members-'));
const project = join(home, 'project');
const own = { PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: join(home, 'data'), XDG_CACHE_HOME: join(home, 'cache') };
const put = (path, text) => {
  mkdirSync(join(project, path, '..'), { recursive: true });
  writeFileSync(join(project, path), text);
};
put('.git/HEAD', 'ref: refs/heads/work\n');
put('dcs.yaml', `workspaces: ["services/*"]\ndefaults: {doppler: shop, targets: {cloudflare: {account_id: ${ACCOUNT}, include: ["*"]}}}\n`);
linkPlugins(join(home, 'data'));
const sandbox = (word) =>
  execFileSync(process.execPath, [bin, 'sandbox', word, '--folder', join(home, 'sandbox'), '--json'], { cwd: project, env: own });

sandbox('start');
try {
  const env = { ...own, ...JSON.parse(sandbox('env')).env };
  const { origin } = new URL(env.DOPPLER_API_HOST);
  const dcs = (...words) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...words], { cwd: project, env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`dcs ${words.join(' ')} ended with ${status}: ${stderr}`);
    return stdout;
  };
  const post = (path, body) =>
    fetch(`${origin}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  await post('/_sandbox/cloudflare/limits', { quota: 1_000_000, seconds: 300 });
  for (let member = 0; member < MEMBERS; member++) {
    const targets = TARGETS.map((target) => `  ${target}: {type: cloudflare, worker: {staging: s${member}-${target}}}\n`);
    put(`services/s${member}/dcs.yaml`, `targets:\n${targets.join('')}`);
    await Promise.all(TARGETS.map((target) => upload(origin, env, `s${member}-${target}`)));
  }
  dcs('sync', '--all', '-e', 'staging', '--yes');
  await post('/_sandbox/delay', { ms: LATENCY_MS });

  const times = [];
  let worst = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    await fetch(`${origin}/_sandbox/journal`, { method: 'DELETE' });
    const started = performance.now();
    const out = dcs('status', '--all');
    if (round > 0) times.push(performance.now() - started); // the first round fills the caches
    if (!out.includes(`in sync  ${MEMBERS * TARGETS.length} targets`)) throw new Error(out);
    const journal = await (await fetch(`${origin}/_sandbox/journal`)).json();
    worst = Math.max(worst, journal.filter(({ path }) => path === '/v3/configs/config/secrets').length);
  }
  const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
  console.log('| command | median | slowest | bar | reads of the config |\n|---|---|---|---|---|');
  console.log(
    `| \`dcs status --all\`, ${MEMBERS} members x ${TARGETS.length} targets, ${LATENCY_MS} ms | ${(median / 1000).toFixed(2)} s | ${(Math.max(...times) / 1000).toFixed(2)} s | ${MOST_MS / 1000} s | ${worst} |`,
  );
  if (median > MOST_MS || worst > 1) process.exitCode = 1;
} finally {
  sandbox('stop');
  rmSync(home, { recursive: true });
}

async function upload(origin, env, name) {
  const form = new FormData();
  form.set('metadata', JSON.stringify({ main_module: 'index.js' }));
  form.set('index.js', new File(['export default {}'], 'index.js', { type: 'application/javascript+module' }));
  const answer = await fetch(`${origin}/client/v4/accounts/${ACCOUNT}/workers/scripts/${name}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${env.CLOUDFLARE_API_TOKEN}` },
    body: form,
  });
  if (!answer.ok) throw new Error(`the upload answered ${answer.status}`);
}
