import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { BOX, startCloud, TOKEN, type Cloud } from '../../plugins/_template/test/template-server.ts';
import { hits, sinks } from './canaries.ts';
import { meanwhile } from './meanwhile.ts';
import { ROOT, world, YAML, type World } from './world.ts';

describe('dcs import: a file or a target into Doppler', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  afterEach(() => w.close());

  const file = (name: string, text: string) => writeFile(join(w.project, name), text);
  const bring = (from: string, ...more: string[]) => w.dcs(['import', from, '-e', 'dev', ...more]);
  const value = async (name: string, config = 'dev') => {
    const run = await w.dcs(['secrets', 'get', name, '-e', config, '--reveal', '-q']);
    return run.code === 0 ? run.out : undefined;
  };
  const writes = async () => (await w.journal()).filter(({ cloud, method }) => cloud === 'doppler' && method !== 'GET').length;

  it('previews, asks, writes all in one request, reads back, and then has nothing to do', async () => {
    await file('.env', `NEW='a # b'\nMULTI="x\ny"\nSTRIPE_KEY=sandbox-stripe-key-of-dev\n`);
    const preview = await bring('.env', '--dry-run');
    expect(preview.code, preview.err).to.equal(0);
    expect(preview.out).to.contain('+ create  MULTI').and.to.contain('2 create, 0 update, 0 delete on 1 target; 1 same');
    expect((await bring('.env')).code).to.equal(7);
    expect(await writes()).to.equal(0);
    const run = await bring('.env', '--yes');
    expect(run.code, run.err + run.out).to.equal(0);
    expect(run.out).to.contain('2 written, verified');
    expect([await value('NEW'), await value('MULTI'), await value('JWT_SECRET')]).to.deep.equal([
      'a # b',
      'x\ny',
      'sandbox-jwt-secret-of-dev',
    ]);
    expect((await bring('.env', '--yes')).out).to.contain('Nothing to do');
    expect(await writes()).to.equal(1);
    expect((await w.dcs(['history'])).out).to.contain('2 done: MULTI, NEW');
  });

  it('overwrites nothing by --yes alone, names what it would overwrite, and Doppler keeps the former value', async () => {
    await file('.env', 'STRIPE_KEY=from-file\nNEW=x\n');
    const refused = await bring('.env', '--yes');
    expect(refused.code).to.equal(7);
    expect(refused.err).to.contain('~ update  STRIPE_KEY').and.to.contain('--allow adopt').and.not.to.contain('from-file');
    expect(await value('NEW')).to.equal(undefined);
    expect((await bring('.env', '--yes', '--except', 'STRIPE_KEY')).code).to.equal(0);
    expect([await value('NEW'), await value('STRIPE_KEY')]).to.deep.equal(['x', 'sandbox-stripe-key-of-dev']);
    expect((await bring('.env', '--yes', '--allow', 'adopt')).code).to.equal(0);
    expect(await value('STRIPE_KEY')).to.equal('from-file');
  });

  it('dcs undo brings back what it overwrote, and what was unset', async () => {
    await file('.env', 'STRIPE_KEY=from-file\n');
    const run = await bring('.env', '--yes', '--allow', 'adopt');
    const [, id] = /Undo {2}dcs undo (\w+)/.exec(run.out) ?? [];
    const undo = await w.dcs(['undo', id!, '--yes']);
    expect(undo.code, undo.err).to.equal(0);
    expect(await value('STRIPE_KEY')).to.equal('sandbox-stripe-key-of-dev');
    const unset = await w.dcs(['secrets', 'unset', 'STRIPE_KEY', '-e', 'dev', '--yes']);
    const [, other] = /Undo {2}dcs undo (\w+)/.exec(unset.out) ?? [];
    expect((await w.dcs(['undo', other!, '--yes'])).code).to.equal(0);
    expect(await value('STRIPE_KEY')).to.equal('sandbox-stripe-key-of-dev');
  });

  it('an edit between plan and write is a CONFLICT, nothing of the file is written', async () => {
    await file('.env', 'A=1\nSTRIPE_KEY=from-file\n');
    const run = await meanwhile(
      w,
      () => bring('.env', '--yes', '--allow', 'adopt'),
      () => w.doppler('dev', { STRIPE_KEY: 'theirs' }),
    );
    expect(run.code, run.err + run.out).to.equal(6);
    expect([await value('STRIPE_KEY'), await value('A')]).to.deep.equal(['theirs', undefined]);
  });

  it('is done by the next run when it is killed at the write', async () => {
    await file('.env', Array.from({ length: 40 }, (_, i) => `K${i}=v${i}`).join('\n'));
    await w.post('/_sandbox/faults', { cloud: 'doppler', route: 'POST /v3/configs/config/secrets', kind: 'delay', ms: 3000 });
    await w.dcs(['import', '.env', '-e', 'dev', '--yes'], { killAfter: 1500 });
    const again = await bring('.env', '--yes');
    expect(again.code, again.err).to.equal(0);
    expect([await value('K0'), await value('K39')]).to.deep.equal(['v0', 'v39']);
  });

  it('to a protected environment only with -e and --yes, both typed', async () => {
    await file('.env', 'NEW=x\n');
    const run = await w.dcs(['import', '.env', '--yes'], { env: { DCS_ENV: 'prod' } });
    expect([run.code, run.err.includes('dcs import .env -e prod --yes')]).to.deep.equal([7, true]);
    expect((await w.dcs(['import', '.env', '-e', 'prod', '--yes'])).code).to.equal(0);
    expect(await value('NEW', 'prod')).to.equal('x');
  });

  it('leaves empty values, placeholders and names of Doppler out, line by line, unless --as-is', async () => {
    await file('.env', 'EMPTY=\nTODO_KEY=changeme\nYOURS=<your key>\nDOPPLER_TOKEN=dp.st.x\nGOOD=1\n');
    const run = await bring('.env', '--yes');
    expect(run.code, run.err).to.equal(0);
    expect(run.err)
      .to.contain('.env:1: EMPTY is empty')
      .and.to.contain('.env:2: TODO_KEY is a placeholder')
      .and.to.contain('.env:3: YOURS');
    expect(run.err).to.contain(".env:4: DOPPLER_TOKEN is Doppler's own name");
    expect((run.err.match(/\+ create/g) ?? []).length).to.equal(1);
    expect((await bring('.env', '--yes', '--as-is')).err)
      .to.contain('+ create  EMPTY')
      .and.to.contain('+ create  TODO_KEY');
  });

  it('refuses names and values that Doppler cannot hold, all of them with their lines', async () => {
    await file('.env', 'lower=hunter2\nREF=x${OTHER}hunter2\nA-B=hunter2\nGOOD=1\n');
    const run = await bring('.env', '--yes');
    expect(run.code).to.equal(2);
    expect(run.err).to.contain('.env:1: this is no name for Doppler').and.to.contain('.env:2: REF holds ${...}').and.to.contain('.env:3');
    expect(run.err).not.to.contain('hunter2').and.not.to.contain('lower');
    expect(await writes()).to.equal(0);
  });

  it('reads JSON, YAML and stdin, by ending or --format', async () => {
    await file('s.json', '{"J": "json"}');
    await file('s.yaml', 'Y: yaml\nN: 12\n');
    expect((await bring('s.json', '--yes')).code).to.equal(0);
    expect((await bring('s.yaml', '--yes')).code).to.equal(0);
    for (const [input, ...format] of [['{"S1": "1"}'], ['S2=2'], ['S3: 3', '--format', 'yaml']] as const) {
      const run = await w.dcs(['import', '-', '-e', 'dev', '--yes', ...format], { input });
      expect(run.code, run.err).to.equal(0);
    }
    expect(await Promise.all(['J', 'Y', 'N', 'S1', 'S2', 'S3'].map((name) => value(name)))).to.deep.equal([
      'json',
      'yaml',
      '12',
      '1',
      '2',
      '3',
    ]);
    await file('nested.json', '{"DB": {"HOST": "hunter2"}}');
    const nested = await bring('nested.json');
    expect([nested.code, nested.err.includes('nested.json:1: DB.HOST is a map')]).to.deep.equal([2, true]);
    expect((await bring('no-such-file')).code).to.equal(2);
    expect((await bring('A=hunter2')).err).not.to.contain('hunter2');
    expect((await bring('.env', '--only', 'NOBODY')).code).to.not.equal(0);
  });

  it('of a target that shows no values it lists the names that Doppler lacks, writes nothing, and exits 4', async () => {
    await w.edit('ONLY_THERE', 'x');
    await w.edit('STRIPE_KEY', 'y');
    const run = await w.dcs(['import', 'api', '-e', 'staging', '--yes']);
    expect(run.code, run.err).to.equal(4);
    expect(run.out).to.contain('! missing  ONLY_THERE').and.not.to.contain('STRIPE_KEY');
    expect(run.out).to.contain('dcs secrets set ONLY_THERE -e staging');
    expect(await writes()).to.equal(0);
    await w.edit('ONLY_THERE', null);
    expect((await w.dcs(['import', 'api', '-e', 'staging'])).code).to.equal(0);
  });

  it('a folder that bears the name of a target is not meant', async () => {
    await mkdir(join(w.project, 'api'));
    expect((await w.dcs(['import', 'api', '-e', 'staging'])).code).to.equal(0);
  });

  it('canaries: no value in output, errors, or any file but the given one', async () => {
    const canary = `canary-${randomBytes(16).toString('hex')}`;
    const found = new Map<string, string>();
    for (const [name, text] of [
      ['.env', `CANARY=${canary}\n`],
      ['broken.env', `CANARY="${canary}\n${canary}\n${canary}=x\n`],
      ['c.json', `{"CANARY": "${canary}", "b": ["${canary}"]}`],
      ['broken.json', `{"CANARY": ${canary}}`],
      ['broken.yaml', `CANARY: [${canary}\n ${canary}: ${canary}: x`],
    ] as const)
      for (const more of [['--verbose'], ['--json']])
        for (const kind of [undefined, 'html', 'truncate', 'reset-after-commit']) {
          if (kind !== undefined) await w.post('/_sandbox/faults', { cloud: 'doppler', kind, status: 502 });
          const run = await w.dcs(['import', '-', '-e', 'dev', '--yes', '--allow', 'adopt', '--format', formatOf(name), ...more], {
            input: text,
          });
          found.set(`${name} ${kind} ${more[0]}`, run.out + run.err);
        }
    for (const [path, text] of await sinks(w)) found.set(path, text);
    expect(hits([canary], found)).to.deep.equal([]);
  }).timeout(120_000);
});

const formatOf = (name: string): string => (name.endsWith('.env') ? 'dotenv' : name.split('.').at(-1)!);

describe('dcs import: a target that shows its values', () => {
  let w: World;
  let cloud: Cloud;
  beforeEach(async () => {
    w = await world();
    cloud = await startCloud();
    Object.assign(w.env, { TEMPLATE_TOKEN: TOKEN, TEMPLATE_API_URL: cloud.url });
    const list = join(w.home, 'data', 'dcs', 'package.json');
    const linked = JSON.parse(await readFile(list, 'utf8')) as { oclif: { plugins: object[] } };
    linked.oclif.plugins.push({ name: 'dcs-plugin-template', type: 'link', root: join(ROOT, 'plugins', '_template') });
    await writeFile(list, JSON.stringify(linked));
    await w.yaml(`doppler: shop
targets:
  box: {type: template, box: {dev: ${BOX}}, include: ["*"], exclude: [NEON_*], rename: {STRIPE_KEY: STRIPE}, prefix: APP_}
`);
  });
  afterEach(async () => {
    await cloud.close();
    await w.close();
  });

  it('brings its values back, rename and prefix undone, and takes nothing that is not of its rules', async () => {
    cloud.put('APP_FRESH', 'from the box');
    cloud.put('APP_STRIPE', 'sandbox-stripe-key-of-dev');
    cloud.put('APP_NEON_URL', 'left out');
    cloud.put('STRANGE', 'left out');
    const run = await w.dcs(['import', 'box', '-e', 'dev', '--yes']);
    expect(run.code, run.err + run.out).to.equal(0);
    expect(run.err).to.contain('+ create  FRESH').and.to.contain('1 create, 0 update, 0 delete on 1 target; 1 same');
    expect((await w.dcs(['secrets', 'get', 'FRESH', '-e', 'dev', '--reveal'])).out).to.equal('from the box');
    const names = (await w.dcs(['secrets', 'list', '-e', 'dev', '--json'])).json()['secrets'] as { name: string }[];
    expect(names.map(({ name }) => name))
      .to.include('FRESH')
      .and.not.include.members(['STRANGE', 'NEON_URL', 'STRIPE']);
    // What came from there needs no write there.
    const diff = await w.dcs(['diff', 'box', '-e', 'dev', '--only', 'FRESH', '--only', 'STRIPE_KEY']);
    expect(diff.out).to.contain('0 create, 0 update, 0 delete on 1 target; 2 same');
  });
});
