import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { world, YAML, type World } from './world.ts';

const NEW = `doppler:
  project: bakery
  configs: {dev: dev, checkout: dev_checkout, qa: qa, staging: stg, prod: prd}
`;

describe('dcs provision doppler, and the configs that -e takes', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(NEW);
  });
  afterEach(() => w.close());

  const provision = (...more: string[]) => w.dcs(['provision', 'doppler', ...more]);
  const get = async (path: string) =>
    (await (await fetch(`${w.origin}${path}`, { headers: { authorization: `Bearer ${SEED.tokens.user}` } })).json()) as Record<
      string,
      unknown
    >;
  const configs = async (project = 'bakery') =>
    ((await get(`/v3/configs?project=${project}&per_page=100`))['configs'] as { name: string }[]).map(({ name }) => name).toSorted();
  const made = async () =>
    (await w.journal())
      .filter(({ cloud, method, status }) => cloud === 'doppler' && method === 'POST' && status === 200)
      .map(({ path }) => path);
  const ALL = ['dev', 'dev_checkout', 'dev_personal', 'prd', 'qa', 'stg'];

  it('shows what is missing, asks, makes it once, and then has nothing to do', async () => {
    const dry = await provision('--dry-run');
    expect(dry.code, dry.err).to.equal(0);
    expect(dry.out)
      .to.contain('+ create  project bakery')
      .and.to.contain('+ create  environment qa')
      .and.to.contain('+ create  config dev_checkout in dev');
    expect(dry.out).to.contain('+ with it dev, stg, prd');
    const refused = await provision();
    expect([refused.code, refused.err.includes('--yes')]).to.deep.equal([7, true]);
    expect(await made()).to.deep.equal([]);
    const run = await provision('--yes', '--json');
    expect(run.code, run.err).to.equal(0);
    expect((run.json()['created'] as { make: string }[]).map(({ make }) => make).toSorted()).to.deep.equal([
      'config',
      'environment',
      'project',
    ]);
    expect(await configs()).to.deep.equal(ALL);
    expect(await made()).to.have.length(3);
    const again = await provision('--yes');
    expect([again.code, again.out.includes('Nothing to do')]).to.deep.equal([0, true]);
    expect(await made()).to.have.length(3);
  });

  it('-e makes one environment only, a branch config with its root', async () => {
    await w.yaml(NEW.replace('bakery', 'shop'));
    expect((await provision('-e', 'dev_feature', '--yes')).code).to.equal(0);
    expect(await configs('shop')).to.deep.equal(['dev', 'dev_feature', 'dev_personal', 'prd', 'stg']);
  });

  it('killed at any request, a second run finishes and nothing is made twice', async function () {
    this.timeout(180_000);
    for (let nth = 1; ; nth++) {
      const project = `bakery${nth}`;
      await w.yaml(NEW.replace('bakery', project));
      await w.forget();
      await fetch(`${w.origin}/_sandbox/faults`, { method: 'DELETE' });
      await w.post('/_sandbox/faults', { cloud: 'doppler', nth, kind: 'delay', ms: 4000 });
      const killed = await w.dcs(['provision', 'doppler', '--yes'], { killAfter: 1300 });
      const run = await provision('--yes');
      expect(run.code, `${nth}: ${run.err}`).to.equal(0);
      expect(await configs(project), `killed at ${nth}`).to.deep.equal(ALL);
      expect((await made()).filter((path) => path === '/v3/projects')).to.have.length.at.most(1);
      expect(await made(), `killed at ${nth}`).to.have.length.at.most(3);
      if (killed.code === 0) return expect(nth).to.be.greaterThan(8);
    }
  });

  it('a lost answer is looked at before anything is made again', async () => {
    for (const route of ['POST /v3/projects', 'POST /v3/environments', 'POST /v3/configs'])
      await w.post('/_sandbox/faults', { cloud: 'doppler', route, kind: 'reset-after-commit' });
    const run = await provision('--yes');
    expect(run.code, run.err).to.equal(0);
    expect(await configs()).to.deep.equal(ALL);
    expect((await w.journal()).filter(({ method }) => method === 'POST')).to.have.length(3);
  });

  it('explains a plan that is full, and a token that may not', async () => {
    await w.post('/_sandbox/doppler/tier', { tier: 'developer' });
    await w.yaml(NEW.replace('qa: qa', 'qa: qa, perf: perf, demo: demo'));
    const full = await provision('--yes');
    expect(full.code).to.equal(3);
    expect(full.err)
      .to.contain('did not make the environment')
      .and.to.contain('at most 4 environments')
      .and.to.contain('What was made before stays');
    expect(await configs()).to.include('qa');
    const narrow = await w.dcs(['provision', 'doppler', '--yes'], { env: { DOPPLER_TOKEN: SEED.tokens.dev } });
    expect(narrow.code).to.equal(3);
  });

  it('context lists personal and branch configs, and goes on where Doppler cannot be asked', async () => {
    await provision('--yes');
    const run = await w.dcs(['context']);
    expect(run.out).to.match(/dev \* +bakery\/dev +none +dev_checkout, dev_personal/);
    const json = (await w.dcs(['context', '--json'])).json();
    expect((json['environments'] as { name: string; configs: string[] }[])[0]).to.deep.include({
      configs: ['dev_checkout', 'dev_personal'],
    });
    const offline = await w.dcs(['context'], { env: { DOPPLER_TOKEN: 'dp.ct.revoked' } });
    expect(offline.code).to.equal(0);
    expect(offline.err).to.contain('branch configs are not shown: Doppler refused the token');
    expect(offline.out).to.contain('bakery/dev');
    await w.forget();
    await w.dcs(['context', '--prompt']);
    expect(await w.journal()).to.deep.equal([]);
  });

  it('-e takes a personal or branch config, for secrets, run and env; a sync never', async () => {
    await w.yaml(YAML);
    await w.doppler('dev', { SHARED: 'of dev', OWN: 'of dev' });
    const set = await w.dcs(['secrets', 'set', 'OWN', '-e', 'dev_personal', '--yes'], { input: 'mine' });
    expect(set.code, set.err).to.equal(0);
    expect(set.err).to.contain('dev_personal · Doppler shop/dev_personal · -e, a config of dev');
    const value = async (name: string, config: string) => (await w.dcs(['secrets', 'get', name, '-e', config, '--reveal', '-q'])).out;
    expect([await value('OWN', 'dev'), await value('OWN', 'dev_personal'), await value('SHARED', 'dev_personal')]).to.deep.equal([
      'of dev',
      'mine',
      'of dev',
    ]);
    const print = ['--', process.execPath, '-p', 'process.env.OWN'];
    expect((await w.dcs(['run', '-q', '--no-mask', '-e', 'dev_personal', ...print])).out.trim()).to.equal('mine');
    const list = await w.dcs(['secrets', 'list', '-e', 'dev_personal']);
    expect(list.out)
      .to.match(/SHARED .*inherited/)
      .and.not.to.match(/OWN .*inherited/);

    const inherited = await w.dcs(['secrets', 'unset', 'SHARED', '-e', 'dev_personal', '--yes']);
    expect([inherited.code, inherited.err.includes('inherits SHARED')]).to.deep.equal([64, true]);
    const unset = await w.dcs(['secrets', 'unset', 'OWN', '-e', 'dev_personal', '--yes']);
    expect(unset.code, unset.err).to.equal(0);
    expect(unset.err).to.contain('dev_personal then inherits OWN from its root');
    expect(await value('OWN', 'dev_personal')).to.equal('of dev');

    const sync = await w.dcs(['sync', '-e', 'stg_mine', '--yes']);
    expect([sync.code, sync.err.includes('No target takes stg_mine')]).to.deep.equal([2, true]);
    const unknown = await w.dcs(['secrets', 'list', '-e', 'dev_nobody']);
    expect([unknown.code, unknown.err.includes('shop/dev_nobody')]).to.deep.equal([2, true]);
    expect((await w.dcs(['secrets', 'list', '-e', 'nowhere'])).code).to.equal(2);
  });

  it('a config of a protected environment is protected too', async () => {
    await w.yaml(YAML.replace('doppler: shop', 'doppler: {project: shop, configs: {dev: dev, staging: stg, prod: prd}}'));
    expect((await provision('-e', 'prd_canary', '--yes')).code).to.equal(0);
    const byVariable = await w.dcs(['secrets', 'set', 'A', '--yes'], { input: 'x', env: { DCS_ENV: 'prd_canary' } });
    expect([byVariable.code, byVariable.err.includes('prd_canary is protected')]).to.deep.equal([7, true]);
    expect((await w.dcs(['secrets', 'set', 'A', '-e', 'prd_canary', '--yes'], { input: 'x' })).code).to.equal(0);
  });

  it('dcs init counts the names of local files that Doppler lacks, and shows none of their values', async () => {
    const folder = join(w.home, 'shop');
    await mkdir(folder);
    await writeFile(join(folder, '.dev.vars'), 'FRESH=hunter2\nSTRIPE_KEY=hunter2\nEMPTY=\n');
    await writeFile(join(folder, '.env'), 'broken\n');
    const run = await w.dcs(['init', '--yes'], { cwd: folder });
    expect(run.code, run.err).to.equal(0);
    expect(run.out).to.contain('dcs import .dev.vars -e dev     1 name that Doppler does not have yet').and.not.contain('import .env');
    expect(run.out + run.err).not.to.contain('hunter2');
  });

  it('dcs init makes the project that it is told to, after showing it; a typo makes none', async () => {
    const folder = join(w.home, 'new-thing');
    await mkdir(folder);
    const init = (...words: string[]) => w.dcs(['init', ...words], { cwd: folder });
    const typo = await init('--name', 'shpo', '--yes');
    expect([typo.code, typo.err.includes('dcs init --name shop')]).to.deep.equal([7, true]);
    expect((await init('--name', 'new-thing')).code).to.equal(7);
    expect(await made()).to.deep.equal([]);
    const run = await init('--name', 'new-thing', '--yes');
    expect(run.code, run.err).to.equal(0);
    expect(run.err).to.contain('+ create  project new-thing').and.to.contain('+ with it dev, stg, prd');
    expect(await configs('new-thing')).to.deep.equal(['dev', 'dev_personal', 'prd', 'stg']);
    expect(await readFile(join(folder, 'dcs.yaml'), 'utf8')).to.contain('doppler: new-thing');
  });
});
