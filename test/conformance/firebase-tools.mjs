import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { recordingProxy } from './proxy.mjs';
import { must, oneLine, Record } from './record.mjs';
import { throughProxy, verdicts } from './requests.mjs';
import { HERE, ROOT, run, SEED, world } from './world.mjs';
import { linkPlugins } from '../../scripts/link.mjs';

const require = createRequire(import.meta.url);
const BIN = join(HERE, 'node_modules', 'firebase-tools', 'lib', 'bin', 'firebase.js');
const { project, region, fn, legacyFunction, runAccount, backend } = SEED.google;

/** The vendor's CLI, aimed at the sandbox by its own variables. */
export async function firebaseTools() {
  const record = new Record('firebase-tools', require('firebase-tools/package.json').version);
  const w = await world();
  const proxy = await recordingProxy(w.origin);
  const env = throughProxy(w, proxy);
  await writeFile(join(w.work, 'firebase.json'), JSON.stringify({ functions: { source: 'functions' } }));
  const go = async (args, input) => {
    const ran = await run(process.execPath, [BIN, ...args, '--project', project], { env, cwd: w.work, input });
    if (ran.code !== 0) throw new Error(`exit ${ran.code}: ${oneLine(`${ran.err} ${ran.out}`)}`);
    return ran.out;
  };
  const hand = async (path, body) =>
    (await fetch(`${w.origin}/_sandbox/google/${path}`, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) })).json();
  try {
    await secrets(go, hand, record);
    await bound(go, hand, w, record);
    await hosting(go, hand, record);
    await rest(go, record);
    await besides(go, hand, w, record);
    if (process.env.DCS_SPECS) await verdicts(process.env.DCS_SPECS, proxy.requests.filter(described), record);
  } finally {
    await proxy.close();
    await w.close();
  }
  return record;
}

/** The descriptions are of the newer versions of these APIs. */
const described = ({ url }) => /\/(secretmanager\/v1|cloudfunctions\/v2)\//.test(url.pathname);

const peek = async (hand, query) => (await hand(`peek?${new URLSearchParams({ project, ...query })}`)).value;
const set = (name, more = ['--non-interactive']) => ['functions:secrets:set', name, '--data-file', '-', ...more];

async function secrets(go, hand, record) {
  await record.try('functions:secrets:set (stdin)', async () => {
    await go(set('API_KEY'), 'line\nline');
    must((await peek(hand, { name: 'API_KEY' })) === 'line\nline', 'another value is there');
  });
  await record.try('functions:secrets:get', async () =>
    must((await go(['functions:secrets:get', 'API_KEY'])).includes('ENABLED'), 'the version is not listed'),
  );
  await record.try('functions:secrets:access', async () =>
    must((await go(['functions:secrets:access', 'API_KEY'])).startsWith('line\nline'), 'another value came back'),
  );
}

/** Both generations pin version 1; the CLI moves them to the version that it writes. */
async function bound(go, hand, w, record) {
  await hand('grants', { project, member: `serviceAccount:${runAccount}`, roles: ['roles/secretmanager.secretAccessor'] });
  const references = [{ key: 'API_KEY', projectId: project, secret: 'API_KEY', version: '1' }];
  const patch = (path, mask, body) =>
    fetch(`${w.origin}/google/cloudfunctions/${path}?updateMask=${mask}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${SEED.google.token}` },
      body: JSON.stringify(body),
    });
  const at = `projects/${project}/locations/${region}/functions`;
  await patch(`v1/${at}/${legacyFunction}`, 'secretEnvironmentVariables', { secretEnvironmentVariables: references });
  const serviceConfig = { secretEnvironmentVariables: references };
  await patch(`v2/${at}/${fn}`, 'serviceConfig.secretEnvironmentVariables', { serviceConfig });
  await record.try('functions:secrets:set with its own redeploy (both generations)', async () => {
    await go(set('API_KEY', ['--interactive', '--force']), 'second');
    for (const one of [fn, legacyFunction])
      must((await peek(hand, { function: one, name: 'API_KEY' })) === 'second', `${one} reads another value`);
  });
  await record.try('functions:secrets:destroy', async () => {
    await go(['functions:secrets:destroy', 'API_KEY@1', '--force']);
    must((await peek(hand, { name: 'API_KEY', version: '1' })) === '', 'the version still has its value');
  });
  await record.try('functions:secrets:prune', () => go(['functions:secrets:prune', '--force']).then(() => ''));
}

async function hosting(go, hand, record) {
  await record.try('apphosting:backends:list', async () =>
    must((await go(['apphosting:backends:list', '--non-interactive'])).includes(backend), 'the list lacks the backend'),
  );
  await record.try('apphosting:secrets:set (stdin), grantaccess, describe', async () => {
    await go(['apphosting:secrets:set', 'WEB_KEY', '--data-file', '-', '--force', '--non-interactive'], 'web');
    await go(['apphosting:secrets:grantaccess', 'WEB_KEY', '--backend', backend, '--non-interactive']);
    must((await go(['apphosting:secrets:describe', 'WEB_KEY'])).includes('ENABLED'), 'the version is not listed');
    must((await peek(hand, { name: 'WEB_KEY' })) === 'web', 'another value is there');
  });
}

async function rest(go, record) {
  await record.try('functions:list', async () => {
    const out = await go(['functions:list']);
    must(out.includes(fn) && out.includes(legacyFunction), 'the list lacks a function');
  });
  await record.try('functions:config:get', async () => {
    const { stripe } = JSON.parse(await go(['functions:config:get']));
    must(stripe.webhook.secret === 'sandbox-legacy-webhook', 'a variable is missing');
  });
  await record.try('projects:list', async () => must((await go(['projects:list'])).includes(project), 'the list lacks the project'));
}

/** dcs and the CLI on one project: each reads what the other wrote. */
async function besides(go, hand, w, record) {
  linkPlugins(w.env.XDG_DATA_HOME);
  await writeFile(join(w.work, 'dcs.yaml'), `doppler: shop\ntargets:\n  firebase: {project_id: ${project}, include: [STRIPE_KEY]}\n`);
  const dcs = async (...args) => {
    const ran = await run(process.execPath, [join(ROOT, 'bin', 'run.js'), ...args, '-e', 'staging'], { env: w.env, cwd: w.work });
    if (ran.code !== 0) throw new Error(`dcs ${args[0]}: exit ${ran.code}: ${oneLine(`${ran.err} ${ran.out}`)}`);
    return ran.out;
  };
  const inDoppler = (value) =>
    fetch(`${w.origin}/v3/configs/config/secrets`, {
      method: 'POST',
      headers: { authorization: `Bearer ${SEED.tokens.user}`, 'content-type': 'application/json' },
      body: JSON.stringify({ project: 'shop', config: 'stg', secrets: { STRIPE_KEY: value } }),
    });
  await record.try('reads what `dcs sync firebase` wrote', async () => {
    await inDoppler('from dcs');
    await dcs('sync', 'firebase', '--yes');
    must((await go(['functions:secrets:access', 'STRIPE_KEY'])).startsWith('from dcs'), 'another value came back');
  });
  await record.try('what it pinned, `dcs diff` names and `dcs sync --redeploy` moves', async () => {
    await pin(w, '1');
    await inDoppler('second');
    await dcs('sync', 'firebase', '--yes');
    must((await dcs('diff')).includes(`function ${fn} (${region}): STRIPE_KEY 1 (newest 2)`), 'dcs does not name the function');
    await dcs('sync', 'firebase', '--redeploy', '--yes');
    must((await peek(hand, { function: fn, name: 'STRIPE_KEY' })) === 'second', 'the function reads another value');
    must((await go(['functions:secrets:get', 'STRIPE_KEY'])).includes('ENABLED'), 'the versions are not listed');
  });
  await record.try('what it wrote by functions:secrets:set, `dcs status` calls drifted', async () => {
    await go(set('STRIPE_KEY'), 'by the CLI');
    must((await dcs('status')).includes('drifted'), 'dcs does not see it');
  });
  await record.try('reads .secret.local as `dcs env --for firebase` wrote it', async () => {
    await inDoppler(`it's "so"\\n\n# \\ $X`);
    const file = join(w.home, '.secret.local');
    await dcs('env', '--for', 'firebase', '--out', file, '--allow', 'reveal');
    const { parseStrict } = require('firebase-tools/lib/functions/env.js');
    const { STRIPE_KEY } = parseStrict(await readFile(file, 'utf8'));
    must(STRIPE_KEY === `it's "so"\\n\n# \\ $X`, 'another value was read');
  });
}

/** As its deployments leave a function: the secret by number, the project by number. */
function pin(w, version) {
  const secretEnvironmentVariables = [{ key: 'STRIPE_KEY', projectId: SEED.google.number, secret: 'STRIPE_KEY', version }];
  const at = `projects/${project}/locations/${region}/functions/${fn}?updateMask=serviceConfig.secretEnvironmentVariables`;
  return fetch(`${w.origin}/google/cloudfunctions/v2/${at}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${SEED.google.token}` },
    body: JSON.stringify({ serviceConfig: { secretEnvironmentVariables } }),
  });
}
