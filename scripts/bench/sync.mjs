// A first sync, and one with nothing to do: by secrets, targets and how far away every request is. The targets are Cloudflare Pages
// projects, which take 100 names a request and have no limit of names that a Worker (128) has. A config of Doppler holds at most 1,200
// secrets: 5,000 are those of five projects, the members of a workspace, and the targets are those of each.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ground, SEED } from './ground.mjs';
import { measure, ms, table } from './measure.mjs';

const SECRETS = [10, 100, 1000, 5000];
const TARGETS = [1, 5, 20];
const DELAYS = [0, 50, 200];
const MOST_OF_A_CONFIG = 1000;
const entry = (name) =>
  `  ${name}: {type: cloudflare-pages, account_id: ${SEED.cloudflare.accountId}, project: {staging: ${name}}, include: ["S_*"]}`;

console.log(
  table(['secrets', 'targets', 'away', 'first sync', 'CPU', 'requests', 'memory', 'nothing to do', 'CPU', 'requests', 'memory'], []),
);
for (const secrets of SECRETS) {
  const g = await ground('workspaces: ["m*"]\n');
  try {
    await g.post('/_sandbox/cloudflare/limits', { quota: 1_000_000, seconds: 300 });
    const members = Array.from({ length: Math.ceil(secrets / MOST_OF_A_CONFIG) }, (_, at) => `m${at}`);
    const pairs = Array.from({ length: secrets / members.length }, (_, at) => [
      `S_${String(at).padStart(5, '0')}`,
      `value-${at}-${'v'.repeat(40)}`,
    ]);
    for (const member of members) await project(g, member, Object.fromEntries(pairs));
    for (const targets of TARGETS)
      for (const delay of DELAYS) console.log(`| ${(await cell(g, members, secrets, targets, delay)).join(' | ')} |`);
  } finally {
    await g.close();
  }
}

async function project(g, name, secrets) {
  mkdirSync(join(g.project, name));
  await g.post('/v3/projects', { name }, SEED.tokens.user);
  await g.doppler('stg', secrets, name);
}

/** On projects of its own. */
async function cell(g, members, secrets, targets, delay) {
  for (const member of members) {
    const names = Array.from({ length: targets }, (_, at) => `${member}-${targets}-${delay}-${at}`);
    writeFileSync(join(g.project, member, 'dcs.yaml'), `doppler: ${member}\ntargets:\n${names.map(entry).join('\n')}\n`);
    for (const name of names) await g.cloudflare('/pages/projects', { name, production_branch: 'main' });
  }
  await g.delay(delay);
  const sync = async () => {
    g.forget();
    const used = await measure(g.dcs('sync', '--all', '-e', 'staging', '--yes', '-q'), { cwd: g.project, env: g.env });
    return [ms(used.wall), ms(used.cpu), g.requests(), `${used.mb.toFixed(0)} MB`];
  };
  const line = [secrets.toLocaleString('en'), targets, `${delay} ms`, ...(await sync()), ...(await sync())];
  await g.delay(0);
  return line;
}
