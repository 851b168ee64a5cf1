import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT_FILE, workspace, type Workspace } from './workspace.ts';

const SYNC = ['sync', '--all', '-e', 'staging', '--yes'];

describe('members of a workspace', () => {
  let w: Workspace;
  beforeEach(async () => {
    w = await workspace();
    await w.member('api', 'worker');
    await w.member('web', 'worker', 'jobs');
  });
  afterEach(() => w.close());

  const reads = async (): Promise<number[]> =>
    (await w.journal()).filter(({ method, path }) => method === 'GET' && path === '/v3/configs/config/secrets').map(({ status }) => status);
  const writes = async (): Promise<string[]> =>
    (await w.journal()).filter(({ method, cloud }) => method !== 'GET' && cloud === 'cloudflare').map(({ path }) => path.split('/')[7]!);
  const edit = async (file: string, from: string, to: string): Promise<void> => {
    const text = await readFile(join(w.project, file), 'utf8');
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
    await w.put(file, text.replace(from, to));
  };
  const broken = (): Promise<void> => w.put('services/old/dcs.yaml', 'doppler: shop\ntargts: {}\n');

  it('are planned, consented to, written and told as one, from one download', async () => {
    await w.forget();
    const diff = await w.dcs(['diff', '--all', '-e', 'staging']);
    expect(diff.code, diff.err).to.equal(0);
    expect(diff.err).to.contain('SANDBOX · staging · 2 members · -e');
    for (const name of ['api/worker', 'web/worker', 'web/jobs']) expect(diff.out).to.contain(`${name} · Worker ${name.replace('/', '-')}`);
    expect(diff.out).to.contain('6 create, 0 update, 0 delete on 3 targets').and.contain('Next  dcs sync --all -e staging');
    const refused = await w.dcs(SYNC.slice(0, -1));
    expect(refused.code).to.equal(7);
    expect(await writes()).to.deep.equal([]);

    await w.forget();
    const sync = await w.dcs([...SYNC, '--json']);
    expect(sync.code, sync.err).to.equal(0);
    expect(sync.json()).to.deep.include({ environment: 'staging', exit: 0, inSync: 0 });
    expect((sync.json()['targets'] as { target: string }[]).map(({ target }) => target)).to.deep.equal([
      'api/worker',
      'web/worker',
      'web/jobs',
    ]);
    expect((await writes()).toSorted()).to.deep.equal(['api-worker', 'web-jobs', 'web-worker']);

    await w.forget();
    const status = await w.dcs(['status', '--all', '--strict', '--exit-code']);
    expect(status.code, status.out).to.equal(0);
    expect(status.out).to.contain('✓ in sync  3 targets').and.not.contain('worker');
    expect(await reads()).to.deep.equal([304]);

    await w.doppler('stg', { STRIPE_KEY: 'sk-of-staging-0002' });
    await w.dcs(['sync', 'web/jobs', '-e', 'staging', '--yes']);
    for (const [words, behind] of [
      [['diff', '--all', '-e', 'staging'], '2 update, 0 delete on 3 targets'],
      [['status', '--all'], 'behind'],
    ] as const) {
      await w.forget();
      expect((await w.dcs(words)).out).to.contain(behind);
      expect((await reads()).filter((code) => code === 200)).to.deep.equal([200]);
    }
  });

  it('show what is not in sync, and only count the rest', async () => {
    await w.dcs(SYNC);
    await w.edit('STRIPE_KEY', 'by-hand', 'web-jobs');
    for (const words of [
      ['status', '--all'],
      ['status', '--all', '-e', 'staging'],
      ['diff', '--all', '-e', 'staging'],
    ]) {
      const { out } = await w.dcs(words);
      expect(out).to.contain('web/jobs').and.contain('STRIPE_KEY').and.not.contain('worker');
      expect(out).to.match(/in sync {2}2 targets|2 targets in sync/);
    }
    const json = (await w.dcs(['diff', '--all', '-e', 'staging', '--json'])).json();
    expect(json['inSync']).to.equal(2);
    expect((json['targets'] as { target: string }[]).map(({ target }) => target)).to.deep.equal(['web/jobs']);
  });

  it('are named as member/target, from anywhere in the workspace', async () => {
    await w.dcs(['sync', 'web/jobs', '-e', 'staging', '--yes']);
    expect([await w.worker('STRIPE_KEY', 'web-jobs'), await w.worker('STRIPE_KEY', 'web-worker')]).to.deep.equal([
      'sk-of-staging-0001',
      undefined,
    ]);
    const below = await w.dcs(['diff', 'services/api/', 'web/cloudflare', '-e', 'staging', '--json'], {
      cwd: join(w.project, 'services/api'),
    });
    expect(below.code, below.err).to.equal(0);
    expect((below.json()['targets'] as { target: string }[]).map(({ target }) => target)).to.deep.equal(['api/worker', 'web/worker']);
    for (const [words, said] of [
      [['diff', 'wbe/jobs'], 'did you mean web?'],
      [['diff', 'web/job'], 'did you mean jobs?'],
      [['diff', '--all', 'wrker'], 'No member has a target "wrker"'],
      [['status', 'web/jobs', 'worker'], 'worker: of which member?'],
      [['diff', '--all', '--out', 'x.plan'], '--out is for one dcs.yaml'],
      [['sync', '--all', '--plan', 'x.plan'], '--plan is for one dcs.yaml'],
      [['diff', '--all', '--from', 'dev', '--to', 'prod'], '--from is for one dcs.yaml'],
      [['diff', '--all', '--changed', 'HEAD'], 'do not go together'],
    ] as const) {
      const { code, err } = await w.dcs(words);
      expect([code, err.includes(said)], `${words.join(' ')}: ${err}`).to.deep.equal([64, true]);
    }
  });

  it('stop no other when one of them fails, for whatever reason', async () => {
    await broken();
    await w.put('services/far/dcs.yaml', 'targets: {gone: {type: cloudflare, worker: {staging: not-there}}}\n');
    await w.put('services/poor/dcs.yaml', 'doppler: not-there\ntargets: {x: {type: cloudflare, worker: {staging: poor-x}}}\n');
    expect((await w.dcs(['config', 'validate'])).err).to.contain('services/old/dcs.yaml:2:1: unknown key "targts"');
    const sync = await w.dcs(SYNC);
    expect(sync.code, sync.err).to.equal(5);
    expect(sync.out)
      .to.match(/✗ services\/old +services\/old\/dcs.yaml:2:1: unknown key "targts"; did you mean "targets"\?/)
      .and.match(/✗ far\/gone +\S.*not-there/)
      .and.match(/✗ poor\/x +Doppler has no project/)
      .and.contain('6 written');
    expect(await w.worker('SENTRY_DSN', 'web-worker')).to.equal('https://sentry.example/1');

    const status = await w.dcs(['status', '--all']);
    expect(status.code).to.not.equal(0);
    expect(status.out).to.contain('✓ in sync  3 targets').and.contain('services/old').and.contain('far/gone');
    expect(status.out).to.match(/poor\/x +✗ not set up +Doppler has no project/);
    const diff = await w.dcs(['diff', '--all', '-e', 'staging', '--json']);
    expect(diff.code).to.not.equal(0);
    expect((diff.json()['failures'] as { target: string }[]).map(({ target }) => target).toSorted()).to.deep.equal([
      'far/gone',
      'poor/x',
      'services/old',
    ]);
  });

  it('need a guard each: who has no consent is left out, the others are written', async () => {
    await w.edit('STRIPE_KEY', 'by-a-stranger', 'api-worker');
    const sync = await w.dcs(SYNC);
    expect(sync.code, sync.out).to.equal(5);
    expect(sync.out)
      .to.match(/✗ api\/worker +Cloudflare Worker api\/worker already holds 1 name/)
      .and.contain('4 written');
    expect(sync.out).to.contain('dcs sync api/worker -e staging --yes --allow adopt');
    expect(await w.worker('STRIPE_KEY', 'api-worker')).to.equal('by-a-stranger');
    const meant = await w.dcs(['sync', 'api/worker', '-e', 'staging', '--yes', '--allow', 'adopt']);
    expect(meant.code, meant.err).to.equal(0);
    expect(await w.worker('STRIPE_KEY', 'api-worker')).to.equal('sk-of-staging-0001');
  });

  it('are refused as a whole where two of them are one place, also in the folder of one', async () => {
    await edit('services/api/dcs.yaml', 'api-worker', 'web-worker');
    await w.forget();
    for (const cwd of [w.project, join(w.project, 'services/api')])
      for (const words of [SYNC, ['status', '--all'], ...(cwd === w.project ? [] : [['sync', '-e', 'staging', '--yes']])]) {
        const { code, err } = await w.dcs(words, { cwd });
        expect(code, `${words.join(' ')} ${err}`).to.equal(2);
        expect(err).to.match(/worker in staging and (web\/|api\/)?worker in staging are one place/);
      }
    expect(await w.journal()).to.deep.equal([]);
    for (const name of ['api', 'web']) await edit(`services/${name}/dcs.yaml`, 'cloudflare, ', 'cloudflare, shared: true, ');
    expect((await w.dcs(['diff', '--all', '-e', 'staging'])).code).to.equal(0);
    const twice = await w.dcs(SYNC);
    expect(twice.code, twice.out).to.equal(5);
    expect(twice.out).to.contain('web/worker and api/worker are one place').and.contain('dcs sync web/worker -e staging');
    expect((await w.dcs(['sync', 'web/', '-e', 'staging', '--yes'])).code).to.equal(0);
  });

  it('mean one environment, and one that only some of them have leaves the others out', async () => {
    await w.put(
      'services/own/dcs.yaml',
      'doppler: {project: shop, configs: {qa: stg}}\ntargets: {x: {type: cloudflare, worker: {qa: own-x}}}\n',
    );
    await w.deploy('own-x');
    const mixed = await w.dcs(['diff', '--all']);
    expect(mixed.code).to.equal(64);
    expect(mixed.err).to.contain('Which environment?');
    const one = await w.dcs(['diff', '--all', '-e', 'staging']);
    expect(one.err).to.contain('2 members, 1 without targets in it');
    expect((await w.dcs(['diff', '--all', '-e', 'qa'])).out)
      .to.contain('own/x')
      .and.not.contain('api/worker');
    expect((await w.dcs(['diff', '--all', '-e', 'stagng'])).err).to.contain('No member has a target in stagng');
  });

  it('write to a protected environment only where it is typed, once for all', async () => {
    await edit('services/api/dcs.yaml', 'staging', 'prod');
    await w.doppler('prd', { STRIPE_KEY: 'sk-of-prod-000001' });
    const told = await w.dcs(['sync', '--all', '--yes'], { env: { DCS_ENV: 'prod' } });
    expect([told.code, told.err.includes('prod is protected')], told.err).to.deep.equal([7, true]);
    const typed = await w.dcs(['sync', '--all', '-e', 'prod', '--yes']);
    expect(typed.code, typed.err).to.equal(0);
    expect(typed.err).to.contain('prod (protected) · 1 member, 1 without targets in it');
  });

  it('take what the root file says where they say nothing, alone as well as together', async () => {
    const folder = join(w.project, 'services/api');
    await w.dcs(SYNC);
    const alone = await w.dcs(['status', '--strict', '--exit-code'], { cwd: folder });
    expect(alone.code, alone.out + alone.err).to.equal(0);
    await w.yaml(ROOT_FILE.replace('account_id: 7', 'acount_id: 7'));
    for (const [words, cwd] of [
      [['diff', '-e', 'staging'], folder],
      [['diff', 'api/worker', '-e', 'staging'], w.project],
    ] as const) {
      const { code, err } = await w.dcs(words, { cwd });
      expect(code, err).to.equal(2);
      expect(err).to.match(/dcs.yaml:4:\d+: cloudflare has no key "acount_id"/);
    }
    await w.yaml('workspaces: ["services/*"]\n');
    const left = await w.dcs(['diff', '-e', 'staging'], { cwd: folder });
    expect([left.code, left.err.includes('doppler must name a Doppler project')], left.err).to.deep.equal([2, true]);
  });

  it('keep the trust of their dcs.yaml only while the root file they take from is the same', async () => {
    const cwd = join(w.project, 'services/api');
    const entering = async (): Promise<number | null> =>
      (await w.dcs(['shell', 'export', 'bash', '--reveal', '-e', 'staging'], { cwd })).code;
    await w.dcs(['trust'], { cwd });
    expect(await entering()).to.not.equal(7);
    await w.yaml(ROOT_FILE.replace('shop', 'other'));
    expect(await entering()).to.equal(7);
  });

  it('are examined together: of each what is not in order, of what they share one finding, from one read of a config', async () => {
    w.git('add', '-A');
    w.git('commit', '-qm', 'one');
    await w.dcs(SYNC);
    await w.forget();
    const well = await w.dcs(['doctor', '--all']);
    expect(well.code, well.out + well.err).to.equal(0);
    expect(well.out)
      .to.match(/! api, web: record +staging: on this machine only/)
      .and.contain('! members  0 of 2 in order');
    expect((await reads()).filter((status) => status === 200).length).to.equal(3);

    const ledger = (home: string): string => ROOT_FILE.replace('doppler: shop', `doppler: shop\n  ledger: ${home}`);
    for (const config of ['dev', 'stg', 'prd']) await w.doppler(config, { DCS_LEDGER_KEY: `${config}-`.padEnd(40, 'k') });
    await w.yaml(ledger('doppler'));
    w.git('commit', '-qam', 'shared');
    await w.dcs(SYNC);
    const shared = await w.dcs(['doctor', '--all']);
    expect(shared.out, shared.err).to.contain('✓ members  2 of 2 in order').and.not.contain('api');

    await broken();
    await edit('services/web/dcs.yaml', 'web-jobs', 'not-there');
    const ill = await w.dcs(['doctor', '--all', '--json']);
    expect(ill.code).to.not.equal(0);
    expect(ill.json()['members']).to.deep.equal({ all: 3, inOrder: 1 });
    const findings = (ill.json()['findings'] as { member?: string; what: string; level: string }[]).filter(
      ({ level }) => level === 'problem',
    );
    expect(findings.map(({ member, what }) => [member, what])).to.deep.equal([
      [undefined, 'services/old'],
      ['web', 'jobs staging'],
    ]);
    const one = await w.dcs(['doctor', '--changed', 'HEAD', '--json']);
    expect(one.json()['members']).to.deep.equal({ all: 2, inOrder: 0 });
  });

  it('are told by dcs alone, at a root that only holds them together', async () => {
    const home = await w.dcs([]);
    expect([home.code, home.err]).to.deep.equal([0, '']);
    expect(home.out).to.contain('A workspace of 2 members').and.contain('dcs status services/api/');
    expect((await w.dcs(['config', 'validate'])).out).to.contain('dcs.yaml: 2 members, 3 targets');
    const alone = await w.dcs(['diff']);
    expect([alone.code, alone.err.includes('the same with --all')], alone.err).to.deep.equal([2, true]);
  });
});
