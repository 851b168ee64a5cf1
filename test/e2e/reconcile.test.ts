import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { workspace, type Workspace } from './workspace.ts';
import { world, YAML, type Ran, type World } from './world.ts';

interface Environment {
  environment: string;
  scheduled: boolean;
  inSync: string[];
  written: { target: string; names: string[] }[];
  drifted: { target: string; names: string[] }[];
  left: { target: string; state: string; names: string[] }[];
  failed: { target: string | null; code: string; message: string }[];
}
interface Project {
  project: string;
  environments: Environment[];
  failed: Environment['failed'];
}
const projects = (ran: Ran): Project[] => ran.json()['projects'] as Project[];
const SCHEDULED = `${YAML}triggers: [{type: schedule, environment: staging}]\n`;

describe('dcs reconcile', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(SCHEDULED);
  });
  afterEach(() => w.close());
  const run = (...more: string[]): Promise<Ran> => w.dcs(['reconcile', ...more, '--json']);
  const of = (ran: Ran, name: string): Environment => projects(ran)[0]!.environments.find(({ environment }) => environment === name)!;

  it('writes where a schedule trigger of a trusted file says so, reports the rest, and then has nothing to do', async () => {
    const untrusted = await run();
    expect([untrusted.code, of(untrusted, 'staging').failed[0]!.code]).to.deep.equal([7, 'REFUSED']);
    expect((await w.dcs(['reconcile'])).out)
      .to.contain('not trusted to act by itself.\n    Try  dcs trust\n')
      .and.not.contain('dcs diff -e staging     no trigger');
    expect(await w.worker('STRIPE_KEY')).to.equal(undefined);
    await w.dcs(['trust']);
    const first = await run();
    expect(first.code, first.out).to.equal(0);
    expect(of(first, 'staging')).to.deep.include({ scheduled: true, inSync: ['api'], left: [], failed: [] });
    expect(of(first, 'staging').written[0]!.names).to.have.length(7);
    expect(of(first, 'prod')).to.deep.include({ scheduled: false, written: [], failed: [] });
    expect(of(first, 'prod').left).to.have.length(1);
    expect(await w.worker('STRIPE_KEY', 'shop-api')).to.equal(undefined);
    await w.forget();
    const text = await w.dcs(['reconcile']);
    expect([text.code, text.out]).to.satisfy(
      ([code, out]: [number, string]) =>
        code === 0 &&
        out.includes('✓ staging  1 target in sync\n') &&
        /^! prod {2}0 targets in sync, 1 target left$/m.test(out) &&
        out.includes('dcs diff -e prod'),
    );
    expect((await w.journal()).filter(({ cloud, method }) => cloud === 'cloudflare' && method !== 'GET')).to.deep.equal([]);
  });

  it('mends drift where it may and says so; -e narrows', async () => {
    await w.dcs(['trust']);
    await run();
    await w.dcs(['sync', '-e', 'prod', '--yes']);
    await w.edit('STRIPE_KEY', 'by-hand');
    await w.edit('STRIPE_KEY', 'by-hand', 'shop-api');
    const prod = await run('-e', 'prod');
    expect([prod.code, projects(prod)[0]!.environments.map(({ environment }) => environment)]).to.deep.equal([0, ['prod']]);
    expect(of(prod, 'prod').left[0]!.state).to.equal('drifted');
    const both = await run();
    expect(both.code).to.equal(0);
    expect(of(both, 'staging').drifted[0]!.names).to.include('STRIPE_KEY');
    expect(of(both, 'staging')).to.deep.include({ inSync: ['api'], left: [] });
    expect(await w.worker('STRIPE_KEY')).to.not.equal('by-hand');
    expect(await w.worker('STRIPE_KEY', 'shop-api')).to.equal('by-hand');
    expect(both.out + both.err).to.not.contain('by-hand');
  });

  it('a target that fails stops no other, and the exit code says which kind it was', async () => {
    await w.yaml(
      `${SCHEDULED.replace('triggers', '  gone: {type: cloudflare, account_id: 7f3ac0de51b84c2f9e60a1d2b3c4d5e6, worker: {staging: no-such-worker}, include: ["STRIPE_*"]}\ntriggers')}`,
    );
    await w.dcs(['trust']);
    const ran = await run('-e', 'staging');
    expect(of(ran, 'staging').written.map(({ target }) => target)).to.deep.equal(['api']);
    expect(of(ran, 'staging').failed.map(({ target }) => target)).to.deep.equal(['gone']);
    expect(ran.code).to.equal(5);
    expect((await run('-e', 'staging')).code).to.equal(4);
  });

  it('tells the channels of dcs.yaml: drift, what was written, what was refused, and that all is well again', async () => {
    await w.yaml(`${SCHEDULED}notifications: {webhook: {type: webhook}, pagerduty: {type: pagerduty}}\n`);
    const kept = async (name: string): Promise<Record<string, unknown>[]> =>
      (await (await fetch(`${w.origin}/_sandbox/${name}`)).json()) as Record<string, unknown>[];
    await run();
    expect(JSON.stringify(await kept('inbox')))
      .to.contain('refused')
      .and.to.contain('not trusted');
    await w.dcs(['trust']);
    await w.dcs(['sync', '-e', 'prod', '--yes']);
    await w.edit('STRIPE_KEY', 'by-hand', 'shop-api');
    await run();
    const told = JSON.stringify(await kept('inbox'));
    expect(told).to.contain('synced').and.to.contain('drifted').and.to.not.contain('by-hand');
    expect((await kept('pagerduty')).filter(({ status }) => status !== 'resolved').length).to.be.above(0);
    await w.dcs(['sync', '-e', 'prod', '--yes']);
    await run();
    expect((await kept('pagerduty')).filter(({ status }) => status !== 'resolved')).to.deep.equal([]);
  });

  it('two runs for one folder do not overlap', async () => {
    await w.dcs(['trust']);
    await w.post('/_sandbox/faults', { cloud: 'doppler', kind: 'delay', ms: 3000, times: 1 });
    const [one, two] = await Promise.all([run(), run()]);
    const codes = [one.code, two.code].toSorted((a, b) => a! - b!);
    expect(codes).to.deep.equal([0, 6]);
    expect(JSON.stringify((one.code === 6 ? one : two).json()['error'])).to.contain('is under way');
    expect((await run()).code).to.equal(0);
  });

  it('a list of folders and files: one report, in order, and one project that cannot be read stops no other', async () => {
    const places = ['one', 'two', 'three'].map((name) => join(w.home, name));
    for (const place of places) await mkdir(place);
    await Promise.all(places.map((place) => writeFile(join(place, 'dcs.yaml'), YAML)));
    await rename(join(places[1]!, 'dcs.yaml'), join(places[1]!, 'other.yaml'));
    await writeFile(join(places[2]!, 'dcs.yaml'), 'targets: [');
    const loop = join(w.home, 'loop');
    await symlink(loop, loop);
    const ran = await run(
      places[0]!,
      join(places[1]!, 'other.yaml'),
      places[2]!,
      join(w.home, 'none'),
      loop,
      '-e',
      'staging',
      '--at-once',
      '2',
    );
    expect(
      projects(ran).map(({ project, environments, failed }) => [project, environments[0]?.left.length ?? failed[0]!.code]),
    ).to.deep.equal([
      [places[0], 1],
      [places[1], 1],
      [places[2], 'CONFIG'],
      [join(w.home, 'none'), 'CONFIG'],
      [loop, 'CONFIG'],
    ]);
    expect(ran.code).to.equal(2);
    expect((await w.dcs(['reconcile', ...places])).out).to.contain('3 projects, 0 in sync');
  });

  it('usage: neither a kind nor a number of its own making', async () => {
    for (const words of [
      ['--print', 'at'],
      ['--at-once', '0'],
      ['--config-file', 'dcs.yaml', '.'],
    ])
      expect((await run(...words)).code, words.join(' ')).to.equal(64);
  });
});

const MEMBERS = 200;

describe('dcs reconcile of 200 projects on clouds that fail in every tenth request', () => {
  let w: Workspace;
  before(async function () {
    this.timeout(60_000);
    w = await workspace();
    await w.post('/_sandbox/cloudflare/limits', { quota: 1_000_000, seconds: 300 });
    const names = Array.from({ length: MEMBERS }, (_, index) => `m${index}`);
    await w.deploy(...names.map((name) => `${name}-worker`));
    const yaml = (name: string): string =>
      `targets: {worker: {type: cloudflare, worker: {staging: ${name}-worker}}}\ntriggers: [{type: schedule, environment: staging}]\n`;
    await Promise.all(names.map((name) => w.put(`services/${name}/dcs.yaml`, yaml(name))));
    const trusted = await w.dcs(['trust', '--all']);
    expect(trusted.out).to.contain('and the dcs.yaml of 200 members');
  });
  after(() => w.close());

  it('converges within a few runs, reports in few lines, and then writes nothing', async function () {
    this.timeout(180_000);
    const faults = [
      { kind: 'status', status: 503 },
      { kind: 'reset' },
      { kind: 'reset-after-commit' },
      { kind: 'html', status: 502 },
      { kind: 'status', status: 500 },
    ];
    for (const [index, fault] of faults.entries())
      await w.post('/_sandbox/faults', { cloud: 'cloudflare', nth: 1 + index * 10, every: 50, times: 'forever', ...fault });
    await w.forget();
    const start = Date.now();
    const lacking = async (): Promise<number> => {
      const held = await Promise.all(Array.from({ length: MEMBERS }, (_, index) => w.worker('STRIPE_KEY', `m${index}-worker`)));
      return held.filter((value) => value !== 'sk-of-staging-0001').length;
    };
    for (let left = MEMBERS, round = 1; left > 0; round++) {
      expect(round, `${left} of 200 lack their secrets`).to.be.at.most(5);
      const { code, out } = await w.dcs(['reconcile']);
      expect([0, 4, 5], out).to.include(code);
      expect(out.split('\n').length).to.be.at.most(40);
      const now = await lacking();
      expect(now).to.be.below(left);
      left = now;
    }
    const cloud = (await w.journal()).filter((entry) => entry.cloud === 'cloudflare');
    expect(cloud.filter(({ status }) => status === 0 || status >= 429).length / cloud.length).to.be.within(0.07, 0.13);
    expect((Date.now() - start) / 1000).to.be.below(120);
    await fetch(`${w.origin}/_sandbox/faults`, { method: 'DELETE' });
    // What a lost answer had written is found out.
    expect((await w.dcs(['reconcile'])).code).to.equal(0);
    await w.forget();
    const calm = await w.dcs(['reconcile']);
    expect([calm.code, calm.out]).to.deep.equal([0, '✓ staging  200 targets in sync\n']);
    expect((await w.journal()).filter(({ method }) => method !== 'GET')).to.deep.equal([]);
  });
});
