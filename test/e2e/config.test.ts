import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { world, YAML, type World } from './world.ts';

describe('dcs config', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  afterEach(() => w.close());
  const file = (): Promise<string> => readFile(join(w.project, 'dcs.yaml'), 'utf8');

  it('get prints one setting, explain where it comes from', async () => {
    await w.yaml(YAML.replace('include:', 'policy: mirror\n    include:'));
    expect((await w.dcs(['config', 'get', 'targets.api.policy'])).out).to.equal('mirror\n');
    expect((await w.dcs(['config', 'get', 'environment', '-e', 'prd'])).out).to.equal('prod\n');
    expect((await w.dcs(['config', 'get', 'targets.api.worker', '--json'])).json()['value']).to.deep.equal({
      staging: 'shop-api-staging',
      prod: 'shop-api',
    });
    const explained = (await w.dcs(['config', 'explain'], { env: { DCS_MAX_AGE: '10m' } })).out;
    expect(explained).to.match(/^targets\.api\.policy +mirror +dcs\.yaml:\d+:5$/m);
    expect(explained).to.match(/^targets\.api\.existing +ask +default$/m);
    expect(explained).to.match(/^max-age +10m +DCS_MAX_AGE$/m);
    expect(explained).to.match(/^doppler\.host +http:\/\/127\S+ +DOPPLER_API_HOST$/m);
    const unknown = await w.dcs(['config', 'get', 'targets.api.polciy']);
    expect(unknown.code).to.equal(64);
    expect(unknown.err).to.contain('did you mean targets.api.policy?');
  });

  it('get answers although another setting misses its variable', async () => {
    await w.yaml(YAML.replace('["*"]', '["${NOT_SET}"]'));
    expect((await w.dcs(['config', 'get', 'targets.api.policy'])).out).to.equal('upsert-only\n');
    expect((await w.dcs(['config', 'get', 'targets.api.include'])).code).to.equal(2);
  });

  it('explain says what a personal default loses against', async () => {
    const { mkdir, writeFile } = await import('node:fs/promises');
    await mkdir(join(w.home, 'config', 'dcs'), { recursive: true });
    await writeFile(join(w.home, 'config', 'dcs', 'config.yaml'), 'defaults: {strict: true}\n');
    await w.yaml(`${YAML}defaults: {strict: false}\n`);
    expect((await w.dcs(['config', 'explain', 'defaults.strict'])).out).to.match(/false +dcs\.yaml:\d+:\d+ +beats \S+config\.yaml/);
  });

  it('migrate rewrites a file of the first version: the same project, its comments kept', async () => {
    const before = await readFile(new URL('../config/fixtures/first-version.yaml', import.meta.url), 'utf8');
    await w.yaml(before);
    const shown = async (): Promise<Record<string, unknown>> => {
      const { notices: _, ...rest } = (await w.dcs(['config', 'show', '--json'])).json();
      return rest;
    };
    const was = await shown();
    const refused = await w.dcs(['config', 'migrate']);
    expect(refused.code).to.equal(7);
    expect(await file()).to.equal(before);
    const migrated = await w.dcs(['config', 'migrate', '--yes']);
    expect(migrated.code, migrated.err).to.equal(0);
    expect(migrated.err).to.contain('~ platforms is targets').and.contain('! gcp: stays');
    expect(await file())
      .to.match(/^# The shape of the published first version\.\nversion: 1\n/)
      .and.not.contain('worker_name');
    expect(await shown()).to.deep.equal(was);
    expect((await w.dcs(['config', 'migrate', '--yes'])).out).to.contain('Nothing to do');
  });

  it('migrate gives a place to the environment that owns it', async () => {
    await w.yaml(await readFile(new URL('../config/fixtures/first-version.yaml', import.meta.url), 'utf8'));
    for (const owner of ['nope=production', 'cloudflare', 'cloudflare=nowhere'])
      expect((await w.dcs(['config', 'migrate', '--yes', '--owner', owner])).code).to.be.oneOf([64, 2]);
    const told = await w.dcs(['config', 'migrate', '--yes', '--owner', 'cloudflare=prod']);
    expect(told.code, told.err).to.equal(0);
    expect(await file()).to.contain('worker: {production: shop-api}');
    const target = ((await w.dcs(['config', 'show', '--json'])).json()['targets'] as { name: string; environments: string[] }[])[0]!;
    expect(target).to.include({ name: 'cloudflare' });
    expect(target.environments).to.deep.equal(['production']);
  });
});
