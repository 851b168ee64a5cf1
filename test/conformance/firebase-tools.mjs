import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { recordingProxy } from './proxy.mjs';
import { must, oneLine, Record } from './record.mjs';
import { throughProxy, verdicts } from './requests.mjs';
import { HERE, run, SEED, world } from './world.mjs';

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
