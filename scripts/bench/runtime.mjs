// What an adapter of dcs-runtime costs an app: docs/performance.md holds the last result. Doppler is a sandbox of its own.
import { gzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { clearSecretsCache, getSecrets } from 'dcs-runtime';
import * as cloudflare from 'dcs-runtime/cloudflare';
import * as cloudrun from 'dcs-runtime/cloudrun';
import * as firebase from 'dcs-runtime/firebase';
import { SEED } from '../../plugins/dcs-plugin-sandbox/lib/seed.js';
import { startSandbox } from '../../plugins/dcs-plugin-sandbox/lib/server/server.js';

const CALLS = 200_000;
const ROUNDS = 9;
const DELAY = 100;
const sandbox = await startSandbox({});
Object.assign(process.env, { DOPPLER_TOKEN: SEED.tokens.dev, DOPPLER_API_HOST: sandbox.origin });
const keys = ['STRIPE_KEY', 'SESSION_KEY', 'DATABASE_URL'];
const rows = [];
const row = (what, value, unit, most) => rows.push({ what, value, unit, most });
const median = (all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];
const asked = () => sandbox.journal.entries().filter(({ path }) => path.endsWith('/download')).length;

try {
  for (const entry of ['cloudflare', 'firebase', 'cloudrun', 'neon', 'node']) {
    const options = { bundle: true, minify: true, format: 'esm', target: 'es2022', platform: 'neutral', write: false };
    const built = await build({ ...options, entryPoints: [fileURLToPath(import.meta.resolve(`dcs-runtime/${entry}`))] });
    row(`\`dcs-runtime/${entry}\`, minified and packed`, gzipSync(built.outputFiles[0].contents, { level: 9 }).length, 'bytes', 2048);
  }
  for (const { name, bare, wrapped } of await warm())
    row(`a warm call of ${name}, over the bare handler`, await over(bare, wrapped), 'µs', 2);
  clearSecretsCache();
  sandbox.journal.clear();
  await Promise.all(Array.from({ length: 1000 }, () => getSecrets({ keys })));
  row('requests for 1,000 cold calls at the same time', asked(), '', 1);
  await fetch(`${sandbox.origin}/_sandbox/delay`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"ms": ${DELAY}}`,
  });
  row('round trips that a cold start waits for', (await coldStart(false)) / DELAY, '', 1.5);
  row('with prefetch, the module loading for as long', (await coldStart(true)) / DELAY, '', 0.2);
} finally {
  await sandbox.close();
}

console.log('| dcs-runtime | measured | bar |\n|---|---|---|');
for (const { what, value, unit, most } of rows)
  console.log(`| ${what} | ${Number.isInteger(value) ? value : value.toFixed(2)}${unit && ` ${unit}`} | ${most}${unit && ` ${unit}`} |`);
process.exitCode = rows.some(({ value, most }) => value > most) ? 1 : 0;

async function warm() {
  const env = { DOPPLER_TOKEN: SEED.tokens.dev, DOPPLER_API_HOST: sandbox.origin };
  const ctx = { waitUntil() {} };
  const request = new Request('http://app.example/');
  const answer = { ok: true };
  const worker = cloudflare.withSecrets({ keys }, { fetch: (_request, _env, secrets) => (secrets.STRIPE_KEY ? answer : undefined) });
  const bound = cloudflare.withSecrets({ keys: ['A'] }, { fetch: (_request, _env, secrets) => (secrets.A ? answer : undefined) });
  const boundEnv = { A: 'a' };
  const http = firebase.withSecrets({ keys }, (_req, _res, secrets) => (secrets.STRIPE_KEY ? answer : undefined));
  await cloudrun.initSecrets({ keys });
  const bare = async () => answer;
  return [
    { name: 'a Worker', bare, wrapped: () => worker.fetch(request, env, ctx) },
    { name: 'a Worker with bindings', bare, wrapped: () => bound.fetch(request, boundEnv, ctx) },
    { name: 'a function', bare, wrapped: () => http(request, answer) },
    { name: 'getSecret', bare, wrapped: async () => (cloudrun.getSecret('STRIPE_KEY') ? answer : undefined) },
  ];
}

/** Microseconds a call takes longer than the other. */
async function over(bare, wrapped) {
  const times = { bare: [], wrapped: [] };
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, call] of Object.entries({ bare, wrapped })) {
      const started = process.hrtime.bigint();
      for (let n = 0; n < CALLS; n++) await call();
      times[name].push(Number(process.hrtime.bigint() - started) / 1000 / CALLS);
    }
  return median(times.wrapped) - median(times.bare);
}

/** Milliseconds of the first call, the module having been loaded as long ago as a round trip and a half takes. */
async function coldStart(prefetch) {
  const times = [];
  for (let round = 0; round < 5; round++) {
    clearSecretsCache();
    const api = firebase.withSecrets({ keys, prefetch }, () => undefined);
    await sleep(DELAY * 1.5);
    const started = performance.now();
    await api({}, {});
    times.push(performance.now() - started);
  }
  return median(times);
}
