import { readdirSync } from 'node:fs';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { SEED } from '../plugins/dcs-plugin-sandbox/src/seed.ts';
import { program } from '../runtime/test/program.ts';
import { neonProject } from './e2e/neon.ts';
import { world, type World } from './e2e/world.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

describe('examples/', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(() => w.close());

  const examples = readdirSync(join(ROOT, 'examples'));

  it('has these', () => {
    expect(examples).to.include.members(['worker', 'several-targets', 'transforms', 'gcp', 'firebase', 'running-app', 'neon', 'webhook']);
  });

  for (const name of examples)
    it(`${name} is valid and explained in five lines`, async () => {
      await cp(join(ROOT, 'examples', name), w.project, { recursive: true });
      const run = await w.dcs(['config', 'validate']);
      expect(run.code, run.err).to.equal(0);
      expect(run.out).to.match(/^✓ /);
      expect(run.out, 'a notice').to.not.match(/^!/m);
      const readme = await readFile(join(w.project, 'README.md'), 'utf8');
      expect(readme.trimEnd().split('\n').length).to.be.within(3, 5);
    });

  it('worker plans every secret of stg on the sandbox and writes none', async () => {
    await cp(join(ROOT, 'examples', 'worker'), w.project, { recursive: true });
    const run = await w.dcs(['diff', '-e', 'staging', '--json']);
    expect(run.code, run.err).to.equal(0);
    const [target] = run.json()['targets'] as { changes: { name: string }[] }[];
    expect(target!.changes.map(({ name }) => name)).to.include.members(['DATABASE_URL', 'JWT_SECRET', 'STRIPE_KEY']);
    expect((await w.journal()).filter(({ cloud, method }) => cloud === 'cloudflare' && method !== 'GET')).to.deep.equal([]);
  });

  it('transforms unpacks one key and writes a list with commas', async () => {
    await cp(join(ROOT, 'examples', 'transforms'), w.project, { recursive: true });
    const account = Buffer.from('{"private_key": "-----BEGIN-----\\n"}').toString('base64');
    await w.doppler('stg', { FIREBASE_ACCOUNT: `${account}\n`, ALLOWED_ORIGINS: '["https://a.example", "https://b.example"]' });
    const run = await w.dcs(['sync', '-e', 'staging', '--yes']);
    expect(run.code, run.err + run.out).to.equal(0);
    expect(await w.worker('FIREBASE_KEY')).to.equal('-----BEGIN-----\n');
    expect(await w.worker('ALLOWED_ORIGINS')).to.equal('https://a.example,https://b.example');
  });

  it('webhook starts a sync of staging, and of nothing else', async () => {
    await cp(join(ROOT, 'examples', 'webhook'), w.project, { recursive: true });
    await w.dcs(['trust']);
    const info = await w.dcs(['webhook', 'info', '--json']);
    expect(info.json()).to.deep.include({ triggers: [{ environment: 'staging', project: 'shop', config: 'stg' }], trusted: true });
    const run = await w.dcs(['sync', '-e', 'staging', '--trigger', 'webhook']);
    expect(run.code, run.err).to.equal(0);
    expect(await w.worker('STRIPE_KEY')).to.be.a('string');
    expect((await w.dcs(['sync', '-e', 'prod', '--trigger', 'webhook'])).code).to.equal(7);
  });

  it('running-app reads a secret, and needs no edit', async () => {
    await cp(join(ROOT, 'examples', 'running-app'), w.project, { recursive: true });
    await mkdir(join(w.project, 'node_modules'));
    await symlink(join(ROOT, 'runtime'), join(w.project, 'node_modules', 'dcs-runtime'));
    const server = await program(['server.js'], w.project, { DOPPLER_TOKEN: SEED.tokens.dev, DOPPLER_API_HOST: w.origin });
    try {
      expect((await server.get('/')).body).to.equal('The key has 25 characters.\n');
    } finally {
      await server.stop();
    }
    expect((await w.dcs(['runtime', 'add', 'node'])).out).to.contain('Nothing was written');
  });

  it('gcp writes each name under its own prefix', async () => {
    await cp(join(ROOT, 'examples', 'gcp'), w.project, { recursive: true });
    const run = await w.dcs(['sync', '-e', 'staging', '--yes']);
    expect(run.code, run.err + run.out).to.equal(0);
    const peek = await fetch(`${w.origin}/_sandbox/google/peek?project=demo-shop&name=shop-staging-stripe-key`);
    expect(((await peek.json()) as { value: string }).value).to.be.a('string');
  });

  it('cloud-run binds two names to the service in one revision', async () => {
    await cp(join(ROOT, 'examples', 'cloud-run'), w.project, { recursive: true });
    const run = await w.dcs(['sync', 'api', '-e', 'staging', '--yes']);
    expect(run.code, run.err + run.out).to.equal(0);
    expect(run.out).to.match(/2 written, verified, live as revision shop-api-00002-/);
  });

  it('firebase writes the two names that functions read', async () => {
    await cp(join(ROOT, 'examples', 'firebase'), w.project, { recursive: true });
    const run = await w.dcs(['sync', '-e', 'staging', '--yes']);
    expect(run.code, run.err + run.out).to.equal(0);
    const made = (await w.journal()).filter(({ method, path }) => method === 'POST' && path.endsWith(':addVersion'));
    expect(made.map(({ path }) => path.split('/').at(-1))).to.have.members(['SENDGRID_KEY:addVersion', 'STRIPE_KEY:addVersion']);
  });

  it('neon becomes tables and an index, rehearsed first, once', async () => {
    await cp(join(ROOT, 'examples', 'neon'), w.project, { recursive: true });
    const { id } = await neonProject(w);
    const yaml = await readFile(join(w.project, 'dcs.yaml'), 'utf8');
    await w.yaml(yaml.replace('royal-sun-12', id));
    const run = await w.dcs(['neon', 'migrate', '-e', 'dev', '--rehearse', '--yes', '--json']);
    expect(run.code, run.err + run.out).to.equal(0);
    const [{ applied } = { applied: [] }] = run.json()['done'] as { applied: { version: string }[] }[];
    expect(applied.map(({ version }) => version)).to.deep.equal(['0001', '0002', '0003']);
    expect(JSON.stringify(run.json()['rehearsals'])).to.contain('CREATE TABLE public.orders').and.to.contain('orders_by_customer');
    expect((await w.dcs(['neon', 'migrate', '-e', 'dev', '--yes'])).out).to.contain('nothing to do, 3 migrations applied');
  });

  it('several-targets renames and divides: api without SENDGRID_*, web with its two', async () => {
    await cp(join(ROOT, 'examples', 'several-targets'), w.project, { recursive: true });
    const run = await w.dcs(['diff', '-e', 'staging', '--json']);
    expect(run.code, run.err + run.out).to.equal(0);
    const names = new Map(
      (run.json()['targets'] as { target: string; changes: { name: string }[] }[]).map(({ target, changes }) => [
        target,
        changes.map(({ name }) => name),
      ]),
    );
    expect(names.get('api')).to.include('STRIPE_SECRET_KEY').and.to.not.include('STRIPE_KEY').and.to.not.include('SENDGRID_KEY');
    expect(names.get('web')).to.have.members(['SESSION_KEY', 'SENDGRID_KEY']);
  });
});
