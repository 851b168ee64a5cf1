import { mkdir, rename, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { world, YAML, type World } from '../e2e/world.ts';
import { evidence, FULL, stopwatch } from './evidence.ts';
import { plantedDcs, type Fault } from './planted.ts';

const TYPES = ['git-hook', 'webhook', 'schedule', 'ci'] as const;
const TRIGGERED = `${YAML}triggers: [${TYPES.map((type) => `{type: ${type}, environment: staging}`).join(', ')}]\n`;

const WORKERS = '{staging: shop-api-staging, prod: shop-api}';
const ELSEWHERE = '{staging: shop-api}';

const put = (w: World, text: string): Promise<void> => w.yaml(text);
const swap =
  (from: string, to: string) =>
  (w: World): Promise<void> => {
    if (!TRIGGERED.includes(from)) throw new Error(`${from} is not in it`);
    return put(w, TRIGGERED.replace(from, to));
  };

/** What a branch can bring, in a folder whose dcs.yaml somebody trusted as it was. */
const BRANCHES: readonly (readonly [what: string, bring: (w: World) => Promise<void>])[] = [
  ['another Worker', swap(WORKERS, ELSEWHERE)],
  ['another account', swap('7f3ac0de51b84c2f9e60a1d2b3c4d5e6', 'f0'.repeat(16))],
  ['another config of Doppler', swap('doppler: shop', 'doppler: {project: shop, configs: {dev: dev, staging: prd, prod: stg}}')],
  ['another project of Doppler', swap('doppler: shop', 'doppler: other')],
  ['a trigger for production', swap('{type: git-hook, environment: staging}', '{type: git-hook, environment: prod}')],
  [
    'a trigger for other hooks',
    swap('{type: git-hook, environment: staging}', '{type: git-hook, environment: staging, hooks: [post-checkout]}'),
  ],
  ['a production without protection', (w) => put(w, `${TRIGGERED}environments: {prod: {protected: false}}\n`)],
  ['other names', swap('include: ["*"]', 'include: ["*"]\n    rename: {STRIPE_KEY: LEAK}')],
  ['a prefix', swap('include: ["*"]', 'include: ["*"]\n    prefix: X_')],
  ['a policy that deletes', swap('include: ["*"]', 'include: ["*"]\n    policy: mirror')],
  ['strangers overwritten', swap('include: ["*"]', 'include: ["*"]\n    existing: replace')],
  [
    'a second target',
    swap(
      'triggers:',
      '  web: {type: cloudflare-pages, account_id: 7f3ac0de51b84c2f9e60a1d2b3c4d5e6, project: {staging: shop-web}, include: ["*"]}\ntriggers:',
    ),
  ],
  ['another place for the record', (w) => put(w, `${TRIGGERED}ledger: git\n`)],
  ['credentials out of Doppler', (w) => put(w, `${TRIGGERED}credentials: {doppler: stg}\n`)],
  ['a channel to tell', (w) => put(w, `${TRIGGERED}notifications: {ops: {type: slack}}\n`)],
  ['a comment', (w) => put(w, `${TRIGGERED}# harmless\n`)],
  ['other line ends', (w) => put(w, TRIGGERED.replaceAll('\n', '\r\n'))],
  ['another file of the same size and time', sameSizeAndTime],
  ['a link to another file', linked],
  ['a dcs.yaml.bak over it, moved', moved],
];

async function sameSizeAndTime(w: World): Promise<void> {
  const file = join(w.project, 'dcs.yaml');
  const { atime, mtime } = await stat(file);
  await put(w, TRIGGERED.replace(WORKERS, '{prod: shop-api-staging, staging: shop-api}'));
  await utimes(file, atime, mtime);
}

async function linked(w: World): Promise<void> {
  const folder = join(w.project, 'elsewhere');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'dcs.yaml'), TRIGGERED.replace(WORKERS, ELSEWHERE));
  await rename(join(w.project, 'dcs.yaml'), join(w.project, 'trusted.yaml'));
  await symlink(join(folder, 'dcs.yaml'), join(w.project, 'dcs.yaml'));
}

async function moved(w: World): Promise<void> {
  await writeFile(join(w.project, 'dcs.yaml.bak'), TRIGGERED.replace(WORKERS, ELSEWHERE));
  await rename(join(w.project, 'dcs.yaml.bak'), join(w.project, 'dcs.yaml'));
}

const CI = { CI: 'true', GITHUB_ACTIONS: 'true' };
/** What acts by itself. */
const STARTS: readonly (readonly [words: readonly string[], env?: Record<string, string>])[] = [
  ...TYPES.map((type) => [['sync', '-e', 'staging', '--trigger', type]] as const),
  [['sync', '-e', 'staging', '--trigger', 'git-hook'], CI],
  [['sync', '-e', 'staging', '--trigger', 'webhook'], CI],
  [['sync', '-e', 'prod', '--trigger', 'git-hook']],
  [['hooks', 'run', 'post-checkout', '1', '2', '1']],
  [['hooks', 'run', 'post-merge', '0']],
  [['reconcile']],
];

async function writes(w: World): Promise<number> {
  return (await w.journal()).filter(({ cloud, method, status }) => cloud !== 'doppler' && method !== 'GET' && status < 400).length;
}

/** How many writes this start makes. */
async function started(w: World, [words, env = {}]: (typeof STARTS)[number], root?: string): Promise<number> {
  const before = await writes(w);
  const ran = await w.dcs(words, { env, ...(root === undefined ? {} : { root }) });
  if (words[0] === 'sync' && root === undefined) expect(ran.code, `${words.join(' ')}: ${ran.out}${ran.err}`).to.not.equal(0);
  return (await writes(w)) - before;
}

async function trusted(): Promise<World> {
  const w = await world();
  await put(w, TRIGGERED);
  const said = await w.dcs(['trust']);
  expect(said.code, said.err).to.equal(0);
  return w;
}

const UNTRUSTED = 'if (!(ci !== undefined && OF_CI.has(type)) && !(await isTrusted';
const FAULTS: readonly (Fault & { readonly start: number })[] = [
  { what: 'every file is trusted', edits: [['src/trigger.ts', UNTRUSTED, 'if (false && !(await isTrusted']], start: 0 },
  {
    what: 'what was trusted once stays trusted',
    edits: [['src/config/trust.ts', 'digest !== undefined && digest === (await digestOf(files))', 'digest !== undefined']],
    start: 1,
  },
  {
    what: 'CI is trust for every trigger',
    edits: [['src/trigger.ts', "new Set(['ci', 'schedule'])", "new Set(['ci', 'schedule', 'webhook'])"]],
    start: 5,
  },
];

describe('what a branch of a repository brings', function () {
  this.timeout(900_000);

  it('writes nothing before somebody trusts it', async () => {
    const seconds = stopwatch();
    let count = 0;
    for (const [what, bring] of FULL ? BRANCHES : BRANCHES.filter((_, index) => index === 0 || index === 17)) {
      const w = await trusted();
      try {
        await bring(w);
        for (const start of FULL ? STARTS : [STARTS[0]!, STARTS[7]!]) {
          expect(await started(w, start), `${what}: ${start[0].join(' ')}`).to.equal(0);
          count++;
        }
      } finally {
        await w.close();
      }
    }
    const planted = FULL ? FAULTS : FAULTS.slice(1, 2);
    const found: string[] = [];
    for (const fault of planted) {
      const w = await trusted();
      try {
        await BRANCHES[0]![1](w);
        if ((await started(w, STARTS[fault.start]!, await plantedDcs(['sync'], fault))) > 0) found.push(fault.what);
      } finally {
        await w.close();
      }
    }
    expect(found).to.deep.equal(planted.map(({ what }) => what));
    evidence(20, {
      figure: `${BRANCHES.length} edits of a trusted dcs.yaml, each started in ${STARTS.length} ways: ${count} runs, 0 writes`,
      met: true,
      seconds: seconds(),
      planted: planted.length,
      caught: found.length,
    });
  });
});
