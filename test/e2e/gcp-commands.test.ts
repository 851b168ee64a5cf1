import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { world, type World } from './world.ts';

const PROJECT = 'demo-shop';
const ACCOUNT = `shop-run@${PROJECT}.iam.gserviceaccount.com`;

describe('gcp: provision and versions, the built CLI on the sandbox', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(() => w.close());

  const linked = (more = ''): Promise<void> => w.yaml(`doppler: shop\ntargets:\n  gcp: {project_id: ${PROJECT}${more}}\n`);
  const call = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${w.origin}/google/${path}`, {
      method,
      headers: { authorization: `Bearer ${w.env['GOOGLE_OAUTH_ACCESS_TOKEN']}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
    return (await answer.json()) as Record<string, unknown>;
  };
  const writes = async (): Promise<string[]> =>
    (await w.journal())
      .filter(({ cloud, method, path }) => cloud === 'google' && method !== 'GET' && !path.endsWith('/batch'))
      .map(({ method, path }) => `${method} ${path.split('/').at(-1)}`);

  it('provision links the project, enables what is missing and waits for it, and a second run changes nothing', async () => {
    await w.yaml('doppler: shop\n');
    await call('POST', `serviceusage/v1/projects/${PROJECT}/services/secretmanager.googleapis.com:disable`, {});
    await w.post('/_sandbox/google/operations', { ms: 300 });
    const refused = await w.dcs(['provision', 'gcp']);
    expect(refused.code).to.equal(7);
    const run = await w.dcs(['provision', 'gcp', '--yes']);
    expect(run.code, run.err).to.equal(0);
    expect(run.out).to.contain('secretmanager.googleapis.com  enabled').and.to.contain('gcloud iam roles create');
    expect(await readFile(join(w.project, 'dcs.yaml'), 'utf8')).to.contain(`project_id: ${PROJECT}`);
    expect((await w.dcs(['sync', 'gcp', '-e', 'staging', '--yes'])).code).to.equal(0);
    await w.forget();
    const again = await w.dcs(['provision', 'gcp', '--yes', '--github', 'acme/shop', '--json']);
    expect(again.json()).to.include({ project: PROJECT, linked: false }).and.to.deep.include({ enabled: [], granted: [] });
    expect(again.out).to.contain('workload-identity-pools').and.to.contain('acme/shop');
    expect(await writes()).to.deep.equal([]);
  });

  it('provision --accessor lets an account read what dcs keeps, secret by secret, and keeps who could before', async () => {
    await linked();
    await call('POST', `secretmanager/v1/projects/${PROJECT}/secrets?secretId=theirs`, { replication: { automatic: {} } });
    await w.dcs(['sync', 'gcp', '-e', 'staging', '--yes']);
    const at = `secretmanager/v1/projects/${PROJECT}/secrets/STRIPE_KEY`;
    const other = { role: 'roles/secretmanager.viewer', members: ['user:a@example.com'] };
    await call('POST', `${at}:setIamPolicy`, { policy: { bindings: [other] } });
    const run = await w.dcs(['provision', 'gcp', '--accessor', ACCOUNT, '--yes', '--json']);
    expect(run.code, run.err).to.equal(0);
    const granted = run.json()['granted'] as { secret: string }[];
    expect(granted.map(({ secret }) => secret))
      .to.include('STRIPE_KEY')
      .and.to.not.include('theirs');
    const { bindings } = await call('GET', `${at}:getIamPolicy`);
    expect(bindings).to.have.deep.members([other, { role: 'roles/secretmanager.secretAccessor', members: [`serviceAccount:${ACCOUNT}`] }]);
    expect((await w.dcs(['provision', 'gcp', '--accessor', ACCOUNT, '--yes', '--json'])).json()['granted']).to.deep.equal([]);
  });

  it('versions prune disables first, and destroys only what is disabled and asked for', async () => {
    await linked(', case: kebab');
    for (const value of ['one', 'two', 'three', 'four']) {
      await w.doppler('stg', { STRIPE_KEY: value });
      const run = await w.dcs(['sync', 'gcp', '-e', 'staging', '--yes', '--only', 'STRIPE_KEY']);
      expect(run.code, run.out).to.equal(0);
    }
    const list = async (): Promise<string> => (await w.dcs(['gcp', 'versions', 'list', 'STRIPE_KEY', '-e', 'staging'])).out.trim();
    expect(await list()).to.equal('stripe-key  4, 3, 2, 1');
    expect((await w.dcs(['gcp', 'versions', 'prune', '-e', 'staging'])).code).to.equal(64);
    const refused = await w.dcs(['gcp', 'versions', 'prune', '--keep', '2', '-e', 'staging']);
    expect(refused.code).to.equal(7);
    expect(await list()).to.equal('stripe-key  4, 3, 2, 1');
    expect((await w.dcs(['gcp', 'versions', 'prune', '--keep', '2', '-e', 'staging', '--yes', '--destroy'])).out).to.contain(
      'Nothing to prune',
    );
    expect((await w.dcs(['gcp', 'versions', 'prune', '--keep', '2', '-e', 'staging', '--yes'])).code).to.equal(0);
    expect(await list()).to.equal('stripe-key  4, 3, 2 disabled, 1 disabled');
    const destroyed = await w.dcs(['gcp', 'versions', 'prune', '--keep', '3', '-e', 'staging', '--yes', '--destroy', '--json']);
    expect(destroyed.json()['destroyed']).to.deep.equal([{ secret: 'stripe-key', version: 1 }]);
    expect(await list()).to.equal('stripe-key  4, 3, 2 disabled, 1 destroyed');
    expect((await w.dcs(['status', '-e', 'staging', '--keys'])).out).to.not.contain('drifted');
  }).timeout(120_000);

  it('init finds a repository that gcloud deploys', async () => {
    const { writeFile } = await import('node:fs/promises');
    await writeFile(join(w.project, '.gcloudignore'), '');
    const run = await w.dcs(['init', '--yes', '--name', 'shop']);
    expect(run.code, run.err).to.equal(0);
    expect(await readFile(join(w.project, 'dcs.yaml'), 'utf8')).to.contain(`project_id: ${PROJECT}`);
  });
});
