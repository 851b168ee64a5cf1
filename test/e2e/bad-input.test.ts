import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT, world, YAML, type Ran, type World } from './world.ts';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';

const CANARY = 'c4n4ry-6f1e0b';

describe('bad input through the built CLI: one clear message, the documented exit code, no value anywhere', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  afterEach(() => w.close());

  const sync = (...more: string[]) => w.dcs(['sync', '-e', 'staging', '--yes', ...more]);
  const is = (run: Ran, code: number, ...says: string[]): void => {
    expect(run.code, run.err + run.out).to.equal(code);
    for (const text of says) expect(run.err + run.out).to.contain(text);
    expect(run.err).not.to.match(/\n\s+at .*:\d+:\d+/);
    expect(run.err + run.out).not.to.contain(CANARY);
  };
  const fault = (body: Record<string, unknown>) => w.post('/_sandbox/faults', body);

  it('words that are missing, or that would do nothing: 64 and which', async () => {
    is(await w.dcs(['plugins', 'inspect']), 64, 'Missing 1 required arg: plugin');
    is(await w.dcs(['plugins', 'install']), 64, 'Which plugin?');
    is(await w.dcs(['webhook', 'list', '--queue', `redis://:${CANARY}@127.0.0.1`]), 64, '--dead');
    is(await w.dcs(['hooks', 'install', '--hook', CANARY]), 64, 'Expected --hook to be one of: post-checkout');
    is(await w.dcs(['autocomplete', 'bash', '--refresh-cache']), 0, 'complete -F');
    is(await w.dcs(['reconcile', 'nowhere']), 2, `${join(w.project, 'nowhere')} cannot be read (ENOENT).`);
  });
  it('no dcs.yaml: 2 and dcs init', async () => is(await w.dcs(['diff'], { cwd: w.home }), 2, 'dcs init'));
  it('broken YAML: 2 with line and column', async () => {
    await w.yaml('doppler: shop\ntargets:\n  api: {type: cloudflare\n');
    is(await w.dcs(['diff']), 2, 'dcs.yaml:');
  });
  it('an unknown key: 2, where, and the nearest key', async () => {
    await w.yaml(`${YAML}targts: {}\n`);
    is(await w.dcs(['diff']), 2, 'targts', 'targets', 'dcs.yaml:8');
  });
  it('a variable says where a protected environment goes: 2 and where; elsewhere it may', async () => {
    await w.yaml(YAML.replaceAll('shop-api-staging', '"${STAGING}"').replace('prod: shop-api', 'prod: "${PROD}"'));
    const env = { STAGING: 'shop-api-staging', PROD: 'shop-api' };
    is(await w.dcs(['sync', '-e', 'prod', '--yes'], { env }), 2, 'prod is protected, and api.worker is a variable', 'dcs.yaml:6');
    is(await w.dcs(['diff', '-e', 'staging'], { env }), 0);
    await w.yaml(`${YAML.replace('prod: shop-api', 'prod: "${PROD}"')}environments: {prod: {protected: false}}\n`);
    const loose = await w.dcs(['diff', '-e', 'prod'], { env });
    is(loose, 0, 'UNPROTECTED');
  });
  it('a misspelt option of the plugin: 2 and the nearest key', async () => {
    await w.yaml(YAML.replace('account_id', 'acount_id'));
    is(await w.dcs(['diff', '-e', 'staging']), 2, 'acount_id', 'account_id');
  });
  it('a wrong type: 2', async () => {
    await w.yaml(YAML.replace('include: ["*"]', 'include: 7'));
    is(await w.dcs(['diff', '-e', 'staging']), 2, 'include');
  });
  it('a misspelt target type: 2 and the nearest; one without its plugin: never an empty success', async () => {
    await w.yaml(YAML.replace('type: cloudflare', 'type: clouflare'));
    is(await w.dcs(['sync', '-e', 'staging', '--yes']), 2, 'clouflare', 'cloudflare');
  });
  it('an unknown environment, and `constructor`: 2 and the names there are', async () => {
    is(await w.dcs(['diff', '-e', 'nowhere']), 2, 'nowhere', 'staging');
    is(await w.dcs(['diff', '-e', 'constructor']), 2, 'staging');
  });
  it('an unknown target: 64', async () => is(await w.dcs(['sync', 'apy', '-e', 'staging', '--yes']), 64, 'apy', 'api'));
  it('an environment no target takes: 2, not an empty success', async () => is(await w.dcs(['diff', '-e', 'dev']), 2, 'dev'));
  it('an unknown flag, on every command: 64', async () => {
    const manifest = JSON.parse((await w.dcs(['help', '--json'])).out || '{}') as Record<string, unknown>;
    expect(manifest).to.be.an('object');
    for (const command of [
      'diff',
      'sync',
      'status',
      'context',
      'targets',
      'doctor',
      'whoami',
      'login',
      'logout',
      'init',
      'trust',
      'untrust',
    ])
      is(await w.dcs([command, '--bogus']), 64, 'bogus');
  });
  it('a boolean with a value: 64', async () => is(await w.dcs(['sync', '--yes=no']), 64, '--yes takes no value'));
  it('${VAR} with a newline, #, quotes changes no structure', async () => {
    await w.yaml(YAML.replace('worker: {staging: shop-api-staging, prod: shop-api}', 'worker: {staging: "${WORKER}", prod: shop-api}'));
    const evil = await w.dcs(['diff', '-e', 'staging', '--json'], { env: { WORKER: 'x"\n  evil: {type: cloudflare} # ' } });
    expect(evil.code).to.be.oneOf([2, 4]);
    expect(evil.out).not.to.contain('"evil"');
    const good = await w.dcs(['diff', '-e', 'staging', '--json'], { env: { WORKER: 'shop-api-staging' } });
    expect(good.code, good.err).to.equal(0);
  });
  it('no token: 3 and the ways to one', async () =>
    is(await w.dcs(['diff', '-e', 'staging'], { env: { DOPPLER_TOKEN: undefined } }), 3, 'login'));
  it('a revoked token: 3', async () =>
    is(await w.dcs(['diff', '-e', 'staging'], { env: { DOPPLER_TOKEN: `dp.pt.${'x'.repeat(40)}` } }), 3));
  it('a service token of another config: 3, naming both', async () =>
    is(await w.dcs(['diff', '-e', 'staging'], { env: { DOPPLER_TOKEN: SEED.tokens.prd } }), 3));
  it('no Cloudflare token, and a refused one: 3, nothing written', async () => {
    is(await w.dcs(['sync', '-e', 'staging', '--yes'], { env: { CLOUDFLARE_API_TOKEN: 'revoked' } }), 3);
  });
  it('an unknown project: 2', async () => {
    await w.yaml(YAML.replace('doppler: shop', 'doppler: nothere'));
    is(await w.dcs(['diff', '-e', 'staging']), 2, 'nothere');
  });
  for (const [name, body] of Object.entries({
    'HTML 200': { kind: 'html', status: 200 },
    'HTML 502': { kind: 'html', status: 502 },
    'a redirect': { kind: 'redirect' },
    'truncated JSON': { kind: 'truncate' },
  }))
    for (const cloud of ['doppler', 'cloudflare'])
      it(`${name} from ${cloud}: 8, nothing written`, async function () {
        this.timeout(60_000);
        await fault({ cloud, times: 'forever', ...body });
        is(await sync(), 8);
        expect((await w.journal()).filter(({ cloud: each, method }) => each === 'cloudflare' && method !== 'GET')).to.deep.equal([]);
      });
  it('the Worker is missing (10007): 4 and how to make it', async () => {
    await w.yaml(YAML.replace('shop-api-staging', 'not-there'));
    is(await sync(), 4, 'not-there');
  });
  it('a value over 5 KB: blocked by name, the rest written: 5', async () => {
    await w.doppler('stg', { BIG: CANARY.repeat(500) });
    is(await sync(), 5, 'BIG');
    expect(await w.worker('BIG')).to.equal(undefined);
    expect(await w.worker('STRIPE_KEY')).to.be.a('string');
  });
  it('101 secrets: two writes, all there', async () => {
    await w.doppler('stg', Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`K_${index}`, `${index}`])));
    is(await sync(), 0);
    expect(await w.worker('K_100')).to.equal('100');
  });
  it('an empty config: 7 (guard: empty)', async () => {
    await sync();
    await w.yaml(YAML.replace('include: ["*"]', 'include: ["NOTHING_LIKE_IT"]'));
    is(await sync(), 7, 'empty');
  });
  it('a config that shrank by half: 7 (guard: shrink), nothing deleted', async () => {
    await w.doppler('stg', Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`S_${index}`, `${index}`])));
    await sync();
    await w.doppler('stg', Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`S_${index}`, null])));
    is(await sync(), 7, 'shrink');
    expect(await w.worker('S_1')).to.equal('1');
  });
  it('two names shaped into one: 2, no write at all', async () => {
    await w.yaml(`${YAML}    rename: {STRIPE_KEY: SENDGRID_KEY}\n`);
    is(await sync(), 2, 'SENDGRID_KEY');
    expect(await w.worker('SENDGRID_KEY')).to.equal(undefined);
  });
  it('values with newlines, trailing newline, emoji, quotes arrive byte for byte', async () => {
    const values = { PEM: '-----BEGIN-----\nabc=\n-----END-----\n', EMOJI: 'zażółć 🔑', QUOTES: `$HOME "a" 'b' \\c #d`, SPACES: '  x  ' };
    await w.doppler('stg', values);
    is(await sync(), 0);
    for (const [name, value] of Object.entries(values)) expect(await w.worker(name)).to.equal(value);
  });
  it('a lost answer is unknown or proven, and the next run converges', async () => {
    await fault({
      cloud: 'cloudflare',
      route: 'PATCH /client/v4/accounts/:account/workers/scripts/:script/secrets-bulk',
      kind: 'reset-after-commit',
    });
    const first = await sync();
    expect(first.code).to.be.oneOf([0, 4, 5, 8]);
    is(await sync('--allow', 'adopt', '--allow', 'rewrite'), 0);
    is(await w.dcs(['status', '-e', 'staging', '--exit-code', '--strict']), 0);
  });
  it('kill -9 in the middle: the next run converges', async () => {
    await w.doppler('stg', Object.fromEntries(Array.from({ length: 120 }, (_, index) => [`N_${index}`, `${index}`])));
    for (const after of [250, 400, 600]) await w.dcs(['sync', '-e', 'staging', '--yes'], { killAfter: after });
    is(await sync('--allow', 'adopt', '--allow', 'rewrite'), 0);
    expect(await w.worker('N_119')).to.equal('119');
    is(await w.dcs(['status', '-e', 'staging', '--exit-code', '--strict']), 0);
  });
  it('two syncs at once: one writes, the other is a conflict or has nothing to do', async () => {
    await w.post('/_sandbox/delay', { ms: 150 });
    const both = await Promise.all([sync(), sync()]);
    expect(both.map(({ code }) => code).toSorted((a, b) => Number(a) - Number(b))).to.be.deep.oneOf([
      [0, 6],
      [0, 0],
    ]);
    expect((await w.journal()).filter(({ cloud, method }) => cloud === 'cloudflare' && method !== 'GET')).to.have.length(1);
  });
  it('no network: 8', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const nowhere = `http://127.0.0.1:${port}`;
    is(await w.dcs(['diff', '-e', 'staging'], { env: { DOPPLER_API_HOST: nowhere, CLOUDFLARE_API_BASE_URL: `${nowhere}/client/v4` } }), 8);
  }).timeout(90_000);
  it('sandbox and real hosts together: 6', async () =>
    is(await w.dcs(['diff', '-e', 'staging'], { env: { CLOUDFLARE_API_BASE_URL: undefined } }), 6));
  it('a damaged record is a conflict that names the file, never "no record"', async () => {
    await sync();
    const { globSync } = await import('node:fs');
    const [file] = globSync(join(w.home, 'state', 'dcs', '**', '*.jsonl')).filter((each) => each.includes('ledgers'));
    expect(file).to.be.a('string');
    await writeFile(file!, '{"version":1,');
    is(await sync(), 6, file!);
  });
  it('a home that cannot be written: 2 and the folder, nothing written', async () => {
    await writeFile(join(w.home, 'file'), '');
    is(await w.dcs(['sync', '-e', 'staging', '--yes'], { env: { XDG_STATE_HOME: join(w.home, 'file') } }), 2, join(w.home, 'file'));
    expect(await w.worker('STRIPE_KEY')).to.equal(undefined);
  });
  it('429 for ever: 8, nothing written', async function () {
    this.timeout(60_000);
    await fault({ cloud: 'cloudflare', kind: 'status', status: 429, times: 'forever', retryAfter: 0 });
    is(await sync(), 8, '429');
  });
  it('stdout closed early ends quietly', async () => {
    const { execFileSync } = await import('node:child_process');
    const shown = execFileSync('bash', ['-c', `"${process.execPath}" "${ROOT}bin/run.js" --help | head -1`], {
      env: w.env,
      encoding: 'utf8',
    });
    expect(shown.split('\n')).to.have.length(2);
  });
  it('100 new secrets are one write', async () => {
    await w.doppler('stg', Object.fromEntries(Array.from({ length: 93 }, (_, index) => [`K_${index}`, `${index}`])));
    await w.forget();
    is(await sync(), 0, '100 written');
    expect((await w.journal()).filter(({ cloud, method }) => cloud === 'cloudflare' && method !== 'GET')).to.have.length(1);
  });
});
