import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { build } from 'esbuild';
import { linkPlugins } from '../../scripts/link.mjs';
import { must, oneLine, Record } from './record.mjs';
import { HERE, ROOT, run, SEED, world } from './world.mjs';

const BIN = join(HERE, 'node_modules', 'firebase-tools', 'lib', 'bin', 'firebase.js');
const PROJECT = 'demo-shop';
const STRIPE = 'sandbox-stripe-key-of-dev';

/** The app of test/e2e/apps/functions with its adapter, on Google's own package and in Google's own emulator. */
export async function firebaseFunctions() {
  const { version } = JSON.parse(await readFile(join(HERE, 'node_modules/firebase-functions/package.json'), 'utf8'));
  const record = new Record('firebase-functions, in the emulator', version);
  const w = await world();
  try {
    const functions = await app(w);
    await record.try('`dcs runtime add firebase`: it compiles against the types', () => compiled(w, functions));
    await emulated(w, functions, record);
  } finally {
    await w.close();
  }
  return record;
}

async function app(w) {
  await cp(join(ROOT, 'test/e2e/apps/functions'), w.work, { recursive: true });
  const functions = join(w.work, 'functions');
  await mkdir(join(functions, 'node_modules'));
  for (const name of ['firebase-functions', 'firebase-admin'])
    await symlink(join(HERE, 'node_modules', name), join(functions, 'node_modules', name));
  await symlink(join(ROOT, 'runtime'), join(functions, 'node_modules/dcs-runtime'));
  await writeFile(join(w.work, 'dcs.yaml'), 'doppler: shop\n');
  linkPlugins(w.env.XDG_DATA_HOME);
  const ran = await run(process.execPath, [join(ROOT, 'bin/run.js'), 'runtime', 'add', 'firebase', '--yes'], { env: w.env, cwd: w.work });
  if (ran.code !== 0) throw new Error(`dcs runtime add: ${oneLine(ran.err)}`);
  return functions;
}

async function compiled(w, functions) {
  const options = { strict: true, noEmit: true, target: 'es2023', module: 'nodenext', skipLibCheck: true, types: ['node'] };
  const typeRoots = [join(ROOT, 'node_modules/@types')];
  await writeFile(join(functions, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...options, typeRoots }, include: ['src'] }));
  const { code, out } = await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', functions], { env: { PATH: process.env.PATH }, cwd: w.work });
  must(code === 0, out);
}

async function emulated(w, functions, record) {
  const entry = join(functions, 'src/index.ts');
  await build({
    entryPoints: [entry],
    outfile: join(functions, 'lib/index.js'),
    bundle: true,
    format: 'cjs',
    platform: 'node',
    packages: 'external',
  });
  await writeFile(join(functions, '.secret.local'), `DOPPLER_TOKEN=${SEED.tokens.dev}\n`);
  await writeFile(join(functions, '.env'), `DOPPLER_API_HOST=${w.origin}\n`);
  const [port, hub, logging] = [await freePort(), await freePort(), await freePort()];
  const emulators = { functions: { port }, hub: { port: hub }, logging: { port: logging }, ui: { enabled: false } };
  await writeFile(join(w.work, 'firebase.json'), JSON.stringify({ functions: { source: 'functions' }, emulators }));
  await writeFile(join(w.work, 'probe.mjs'), PROBE);
  const at = `http://127.0.0.1:${port}/${PROJECT}/us-central1`;
  const args = ['emulators:exec', '--only', 'functions', '--project', PROJECT, `${process.execPath} probe.mjs ${at}`];
  const ran = await run(process.execPath, [BIN, ...args], { env: w.env, cwd: w.work, timeout: 180_000 });
  await record.try('onRequest reads a secret through the adapter', async () => {
    must(ran.code === 0, `exit ${ran.code}: ${oneLine(`${ran.err} ${ran.out}`)}`);
    must((await told(w)).api.key === STRIPE, 'another value came');
  });
  await record.try('onCall reads a secret through the adapter', async () => {
    const { result } = (await told(w)).charge;
    must(result.with === STRIPE && result.of === 7, 'another value came');
  });
}

/** What the emulator answered goes into a file: its own output would hold values otherwise. */
const PROBE = `import { writeFileSync } from 'node:fs';
const at = process.argv[2];
const api = await (await fetch(at + '/api/pay')).json();
const charge = await (await fetch(at + '/charge', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"data": {"of": 7}}' })).json();
writeFileSync('told.json', JSON.stringify({ api, charge }));
`;

const told = async (w) => JSON.parse(await readFile(join(w.work, 'told.json'), 'utf8'));

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
