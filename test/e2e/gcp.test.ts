import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { world, type World } from './world.ts';

const PROJECT = 'demo-shop';
const YAML = `doppler: shop\ntargets:\n  gcp: {project_id: ${PROJECT}}\n`;

describe('gcp: the built CLI on the sandbox', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  afterEach(() => w.close());

  const sync = (...more: string[]) => w.dcs(['sync', 'gcp', '-e', 'staging', '--yes', ...more]);
  const peek = async (name: string): Promise<string | undefined> => {
    const answer = await fetch(`${w.origin}/_sandbox/google/peek?${new URLSearchParams({ project: PROJECT, name })}`);
    return ((await answer.json()) as { value: string | null }).value ?? undefined;
  };
  const edit = (name: string, value: string | null): Promise<unknown> =>
    w.post('/_sandbox/google/hand-edit', { project: PROJECT, name, value });
  const calls = async (): Promise<string[]> => (await w.journal()).map(({ method, path }) => `${method} ${path.split('/').at(-1)}`);
  const state = async (): Promise<unknown> =>
    ((await w.dcs(['status', '-e', 'staging', '--json'])).json()['targets'] as { state: string }[])[0]?.state;
  /** Another machine: nothing of this one's record, and not its key either. */
  const otherMachine = async (): Promise<void> => rm(join(w.home, 'state'), { recursive: true });

  it('writes with two requests a secret, and a sync with nothing to do takes three and makes no version', async () => {
    await w.forget();
    const first = await sync();
    expect(first.code, first.err + first.out).to.equal(0);
    expect((await calls()).filter((call) => call.endsWith(':addVersion'))).to.have.length(7);
    expect((await calls()).filter((call) => call === 'POST secrets')).to.have.length(7);
    expect((await calls()).filter((call) => call.startsWith('PATCH'))).to.deep.equal([]);
    expect(await peek('STRIPE_KEY')).to.be.a('string');
    await w.forget();
    const again = await sync();
    expect(again.code, again.err).to.equal(0);
    expect(again.out).to.contain('Nothing to do');
    expect(await calls()).to.deep.equal(['GET secrets', 'GET secrets', 'POST batch']);
  });

  it('another machine without a ledger plans nothing, sees a hand edit as drift, and what Doppler changed as that', async () => {
    await sync();
    await otherMachine();
    await w.forget();
    const other = await sync();
    expect(other.code, other.err).to.equal(0);
    expect(other.out).to.contain('Nothing to do');
    expect((await calls()).filter((call) => !call.startsWith('GET') && call !== 'POST batch')).to.deep.equal([]);
    await otherMachine();
    await w.doppler('stg', { STRIPE_KEY: 'sk_test_changed' });
    const behind = await w.dcs(['diff', '-e', 'staging', '--json']);
    expect(behind.out).to.contain('"changed"').and.to.not.contain('adopt');
    expect(await state()).to.equal('behind');
    await edit('JWT_SECRET', 'by hand');
    await otherMachine();
    expect(await state()).to.equal('drifted');
    const mended = await sync();
    expect(mended.code, mended.err).to.equal(0);
    expect(await peek('JWT_SECRET')).to.not.equal('by hand');
    expect(await peek('STRIPE_KEY')).to.equal('sk_test_changed');
  });

  it('another machine deletes what this source made, and nothing else', async () => {
    await edit('THEIRS', 'x');
    await w.doppler('stg', { EXTRA: 'one' });
    await sync();
    await w.doppler('stg', { EXTRA: null });
    await otherMachine();
    const pruned = await sync('--prune');
    expect(pruned.code, pruned.err).to.equal(0);
    const gone = await fetch(`${w.origin}/_sandbox/google/peek?${new URLSearchParams({ project: PROJECT, name: 'EXTRA' })}`);
    expect(((await gone.json()) as { value?: string | null }).value ?? null).to.equal(null);
    expect(await peek('THEIRS')).to.equal('x');
  });

  it('leaves a stranger’s secret alone without --allow adopt, and a secret of another config always', async () => {
    await edit('STRIPE_KEY', 'theirs');
    const refused = await sync();
    expect(refused.code).to.equal(7);
    expect(refused.err).to.contain('STRIPE_KEY').and.to.contain('--allow adopt').and.not.to.contain('theirs');
    expect((await sync('--allow', 'adopt')).code).to.equal(0);
    expect(await peek('STRIPE_KEY')).to.not.equal('theirs');
    await w.doppler('prd', { STRIPE_KEY: 'sk_live_other' });
    const other = await w.dcs(['sync', 'gcp', '-e', 'prod', '--yes', '--allow', 'adopt', '--allow', 'rewrite', '--allow', 'identity']);
    expect(other.code, other.out).to.not.equal(0);
    expect(await peek('STRIPE_KEY')).to.not.equal('sk_live_other');
  });

  it('keeps no value in what it leaves on disk, on the platform or on the screen', async () => {
    await w.doppler('stg', { STRIPE_KEY: 'canary-4711' });
    const run = await sync('--verbose');
    expect(run.out + run.err).to.not.contain('canary');
    const secret = await fetch(`${w.origin}/google/secretmanager/v1/projects/${PROJECT}/secrets`, {
      headers: { authorization: `Bearer ${w.env['GOOGLE_OAUTH_ACCESS_TOKEN']}` },
    });
    expect(await secret.text())
      .to.contain('dcs-hmac')
      .and.to.not.contain('canary');
    await mkdir(join(w.home, 'copy'));
    await cp(join(w.home, 'state'), join(w.home, 'copy'), { recursive: true });
    for (const file of await readdir(join(w.home, 'copy'), { recursive: true, withFileTypes: true }))
      if (file.isFile()) expect(await readFile(join(file.parentPath, file.name), 'latin1')).to.not.contain('canary');
  });

  it('never gives two names one id: the one that would lose is blocked in the plan', async () => {
    await w.yaml(`doppler: shop\ntargets:\n  gcp:\n    project_id: ${PROJECT}\n    case: lower\n    rename: {STRIPE_KEY: jwt_secret}\n`);
    await w.doppler('stg', { JWT_SECRET: 'the-jwt', STRIPE_KEY: 'the-key' });
    const diff = await w.dcs(['diff', '-e', 'staging']);
    expect(diff.out + diff.err).to.match(/jwt_secret.*same id/);
    expect((await sync()).code).to.equal(5);
    expect(await peek('jwt_secret')).to.equal('the-jwt');
  });

  it('goes on after a kill with no question, and no value is written twice', async () => {
    const killed = await w.dcs(['sync', 'gcp', '-e', 'staging', '--yes'], { killAfter: 1300 });
    expect(killed.code).to.equal(null);
    const resumed = await sync();
    expect(resumed.code, resumed.err + resumed.out).to.equal(0);
    for (const name of ['DATABASE_URL', 'JWT_SECRET', 'STRIPE_KEY']) expect(await peek(name), name).to.be.a('string');
    expect((await calls()).filter((call) => call.endsWith(':addVersion'))).to.have.length(7);
    expect((await sync()).out).to.contain('Nothing to do');
  });

  it('is not misled by lists and a latest that are late', async () => {
    await w.post('/_sandbox/google/consistency', { held: true });
    expect((await sync()).code).to.equal(0);
    expect((await sync()).out).to.contain('Nothing to do');
    await w.doppler('stg', { STRIPE_KEY: 'sk_test_changed' });
    expect((await sync()).code).to.equal(0);
    expect((await sync()).out).to.contain('Nothing to do');
    expect((await calls()).filter((call) => call === 'POST STRIPE_KEY:addVersion')).to.have.length(2);
    await w.post('/_sandbox/google/consistency', { held: false });
    expect((await sync()).out).to.contain('Nothing to do');
  });

  it('two targets in one project: each prunes what it made, and says nothing false of the other’s', async () => {
    await w.yaml(
      `doppler: shop\ntargets:\n  all: {type: gcp, project_id: ${PROJECT}, include: ["*"]}\n  few: {type: gcp, project_id: ${PROJECT}, id_prefix: web-, include: [STRIPE_KEY]}\n  code: {type: firebase, project_id: ${PROJECT}, include: [STRIPE_KEY]}\n`,
    );
    await w.doppler('stg', { EXTRA: 'one' });
    const first = await w.dcs(['sync', '-e', 'staging', '--yes']);
    expect(first.code, first.err + first.out).to.equal(0);
    const again = await w.dcs(['sync', '-e', 'staging', '--yes']);
    expect(again.out).to.contain('Nothing to do');
    expect(again.err).to.not.contain('no longer has it');
    await w.doppler('stg', { EXTRA: null });
    for (const target of ['code', 'few', 'all']) {
      const pruned = await w.dcs(['sync', target, '-e', 'staging', '--yes', '--prune']);
      expect(pruned.code, pruned.err + pruned.out).to.equal(0);
    }
    expect((await calls()).filter((call) => call.startsWith('DELETE'))).to.deep.equal(['DELETE EXTRA']);
    expect(await peek('web-STRIPE_KEY')).to.be.a('string');
    expect(await peek('DATABASE_URL')).to.be.a('string');
  });

  it('says plainly that there is no credential, and keeps Google’s own for Google', async () => {
    const run = await w.dcs(['diff', '-e', 'staging'], { env: { GOOGLE_OAUTH_ACCESS_TOKEN: undefined } });
    expect(run.code).to.equal(3);
    expect(run.out + run.err)
      .to.contain('no Google credential')
      .and.to.contain('gcloud auth application-default login');
    const whoami = await w.dcs(['whoami']);
    expect(whoami.out).to.contain('you@sandbox.example');
  });

  it('gcp-run binds to the service what it wrote, reports the revision, and then has nothing to do', async () => {
    await w.yaml(
      `doppler: shop\ntargets:\n  api: {type: gcp-run, project_id: ${PROJECT}, region: europe-west3, service: shop-api, grant: true}\n`,
    );
    const first = await w.dcs(['sync', '-e', 'staging', '--yes']);
    expect(first.code, first.err + first.out).to.equal(0);
    expect(first.out).to.match(/live as revision shop-api-00002-/);
    const bound = await fetch(
      `${w.origin}/_sandbox/google/peek?${new URLSearchParams({ project: PROJECT, name: 'STRIPE_KEY', service: 'shop-api' })}`,
    );
    expect(((await bound.json()) as { value: string }).value).to.be.a('string');
    await w.forget();
    expect((await w.dcs(['sync', '-e', 'staging', '--yes'])).out).to.contain('Nothing to do');
    expect((await calls()).filter((call) => !call.startsWith('GET') && call !== 'POST batch')).to.deep.equal([]);
    await edit('STRIPE_KEY', 'not bound, so not live');
    expect((await w.dcs(['status', '-e', 'staging', '--exit-code'])).code).to.equal(0);
  });

  it('gcp-run on another machine: nothing to do, and pruning unbinds what this target bound and leaves its secret', async () => {
    await w.yaml(
      `doppler: shop\ntargets:\n  api: {type: gcp-run, project_id: ${PROJECT}, region: europe-west3, service: shop-api, grant: true, include: [STRIPE_KEY, EXTRA]}\n`,
    );
    await w.doppler('stg', { EXTRA: 'one' });
    expect((await w.dcs(['sync', '-e', 'staging', '--yes'])).code).to.equal(0);
    await otherMachine();
    expect((await w.dcs(['sync', '-e', 'staging', '--yes'])).out).to.contain('Nothing to do');
    await otherMachine();
    await w.doppler('stg', { EXTRA: null });
    const pruned = await w.dcs(['sync', '-e', 'staging', '--yes', '--prune']);
    expect(pruned.code, pruned.err + pruned.out).to.equal(0);
    const bound = async (name: string): Promise<unknown> =>
      (
        (await (
          await fetch(`${w.origin}/_sandbox/google/peek?${new URLSearchParams({ project: PROJECT, name, service: 'shop-api' })}`)
        ).json()) as { value: unknown }
      ).value;
    expect(await bound('EXTRA')).to.equal(null);
    expect(await bound('LOG_LEVEL')).to.equal('info');
    expect(await bound('STRIPE_KEY')).to.be.a('string');
    expect(await peek('EXTRA')).to.equal('one');
    await w.doppler('stg', { EXTRA: 'two' });
    expect((await w.dcs(['sync', '-e', 'staging', '--yes'])).code).to.equal(0);
    expect(await bound('EXTRA')).to.equal('two');
  });
});
