import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recordingProxy } from './proxy.mjs';
import { must, oneLine, Record } from './record.mjs';
import { judge } from './specs.mjs';
import { ROOT, run, SEED, world } from './world.mjs';

const YAML = `doppler: shop
targets:
  api:
    type: cloudflare
    account_id: ${SEED.cloudflare.accountId}
    worker: {staging: shop-api-staging, prod: shop-api}
    include: ["*"]
`;

const GOOGLE = `doppler: shop
targets:
  google: {type: gcp, project_id: ${SEED.google.project}, include: ["*"]}
`;

const CLOUD_RUN = `doppler: shop
targets:
  service: {type: gcp-run, project_id: ${SEED.google.project}, region: ${SEED.google.region}, service: ${SEED.google.service}, grant: true, id_prefix: run-, include: [STRIPE_KEY]}
  job: {type: gcp-run, project_id: ${SEED.google.project}, region: ${SEED.google.region}, job: ${SEED.google.job}, grant: true, id_prefix: run-, include: [STRIPE_KEY]}
  fn: {type: gcp-run, project_id: ${SEED.google.project}, region: ${SEED.google.region}, function: ${SEED.google.fn}, grant: true, id_prefix: run-, include: [STRIPE_KEY]}
`;

const FIREBASE = `doppler: shop
targets:
  firebase: {project_id: ${SEED.google.project}, include: [STRIPE_KEY, JWT_SECRET]}
`;

const WEBHOOK = `doppler: shop
targets:
  api: {type: cloudflare, account_id: ${SEED.cloudflare.accountId}, worker: {staging: shop-api-staging}, include: ["*"]}
triggers:
  - {type: webhook, environment: staging, targets: [api]}
`;
const NEON = 'doppler: {project: shop, configs: {dev: dev, staging: stg}}\n';
const HOOK = 'https://hooks.shop.example/webhook';

/** Commands, and the dcs.yaml that each finds. */
const SCENES = [
  { args: ['whoami'] },
  { args: ['init', '--yes', '--name', 'shop'] },
  { args: ['diff', '-e', 'staging'], yaml: YAML },
  { args: ['sync', '-e', 'staging', '--yes'], yaml: YAML },
  { args: ['status', '-e', 'staging'], yaml: YAML },
  { args: ['diff', '-e', 'prod'], yaml: YAML },
  { args: ['diff', 'google', '-e', 'staging'], yaml: GOOGLE },
  { args: ['sync', 'google', '-e', 'staging', '--yes'], yaml: GOOGLE },
  { args: ['status', '-e', 'staging'], yaml: GOOGLE },
  { args: ['provision', 'gcp', '--accessor', SEED.google.runAccount, '--yes'], yaml: GOOGLE },
  { args: ['gcp', 'versions', 'list', '-e', 'staging'], yaml: GOOGLE },
  { args: ['sync', 'service', '-e', 'staging', '--yes'], yaml: CLOUD_RUN },
  { args: ['sync', 'job', 'fn', '-e', 'staging', '--yes'], yaml: CLOUD_RUN },
  { args: ['sync', 'firebase', '-e', 'staging', '--yes'], yaml: FIREBASE },
  { args: ['diff', 'firebase', '-e', 'staging'], yaml: FIREBASE },
  { args: ['firebase', 'import-config', '-e', 'staging', '--yes', '--allow', 'adopt'], yaml: FIREBASE },
  { args: ['secrets', 'set', 'CONFORMANCE', '@dcs.yaml', '-e', 'dev', '--yes'], yaml: YAML },
  { args: ['secrets', 'list', '-e', 'dev'], yaml: YAML },
  { args: ['secrets', 'unset', 'CONFORMANCE', '-e', 'dev', '--yes'], yaml: YAML },
  { args: ['provision', 'doppler', '-e', 'dev_conformance', '--yes'], yaml: YAML },
  { args: ['provision', 'neon', '--project-name', 'shop', '-e', 'dev', '--yes', '--allow', 'adopt'], yaml: NEON },
  { args: ['neon', 'branch', 'create', 'pr-1', '-e', 'dev', '--yes'] },
  { args: ['neon', 'branch', 'list', '-e', 'dev'] },
  { args: ['neon', 'branch', 'reset', 'pr-1', '-e', 'dev', '--yes'] },
  { args: ['neon', 'branch', 'delete', 'pr-1', '-e', 'dev', '--yes'] },
  { args: ['neon', 'status', '-e', 'dev'] },
  { args: ['webhook', 'setup', HOOK, '--key-file', 'webhook.key', '--yes'], yaml: WEBHOOK },
  { args: ['webhook', 'setup', HOOK, '--key-file', 'webhook.key', '--rotate', '--yes'], yaml: WEBHOOK },
  { args: ['webhook', 'list'], yaml: WEBHOOK },
  { args: ['webhook', 'remove', HOOK, '--yes'], yaml: WEBHOOK },
];

const NULLABLE = 'body: type at #/properties/change_requests/items/properties/(originalName|originalValue|value)/type';
/** What a description allows in words and forbids in its schema. */
const IN_PROSE = new Map([
  [
    'POST /v3/configs/config/secrets',
    {
      reason:
        'a change that makes or deletes a name bears null, "an actual null", as the prose of doppler-openapi.json wants it; its schema knows text only',
      fails: ({ message }) => new RegExp(`^(${NULLABLE}(; |$))+$`).test(message),
    },
  ],
]);

/** Every request of the built dcs, held against the vendors' descriptions in the folder that DCS_SPECS names. */
export async function requests() {
  const record = new Record('Requests of dcs', '');
  const folder = process.env.DCS_SPECS;
  if (!folder) {
    record.notRun('all', 'DCS_SPECS names no folder of API descriptions');
    return record;
  }
  const w = await world();
  const proxy = await recordingProxy(w.origin);
  try {
    const { linkPlugins } = await import('../../scripts/link.mjs');
    linkPlugins(w.env.XDG_DATA_HOME);
    await scenes(w, proxy, record);
    await verdicts(folder, proxy.requests, record);
  } finally {
    await proxy.close();
    await w.close();
  }
  return record;
}

/** Every variable that names the sandbox names the proxy. */
export const throughProxy = (w, proxy) =>
  Object.fromEntries(
    Object.entries(w.env).map(([name, value]) => [
      name,
      value.replace(w.origin, proxy.origin).replace(new URL(w.origin).host, new URL(proxy.origin).host),
    ]),
  );

async function scenes(w, proxy, record) {
  const env = throughProxy(w, proxy);
  for (const { args, yaml } of SCENES) {
    if (yaml !== undefined) await writeFile(join(w.work, 'dcs.yaml'), yaml);
    const before = proxy.requests.length;
    await record.try(`\`dcs ${args.join(' ')}\``, async () => {
      const ran = await run(process.execPath, [join(ROOT, 'bin', 'run.js'), ...args], { env, cwd: w.work });
      must(ran.code === 0, `exit ${ran.code}: ${oneLine(ran.err)}`);
      return `${proxy.requests.length - before} requests`;
    });
  }
}

export async function verdicts(folder, made, record) {
  const verdictOf = await judge(folder);
  const seen = new Map();
  for (const request of made) {
    const verdict = verdictOf(request);
    const key = `${request.method} ${verdict.path}`;
    const known = seen.get(key) ?? { count: 0, faults: new Set(), source: verdict.source };
    known.count += 1;
    for (const fault of verdict.faults) known.faults.add(fault);
    seen.set(key, known);
  }
  for (const [key, { count, faults, source }] of seen) {
    if (source === undefined) record.notRun(`\`${key}\``, 'none of the descriptions, which are subsets, has this operation');
    else {
      const check = () => {
        must(faults.size === 0, [...faults].join('; '));
        return `${count} times; ${source}`;
      };
      const prose = faults.size === 0 ? undefined : IN_PROSE.get(key);
      await (prose ? record.known(`\`${key}\``, prose, check) : record.try(`\`${key}\``, check));
    }
  }
}
