import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { world, type World } from './world.ts';

const PROJECT = 'demo-shop';
const POOL = 'principal://iam.googleapis.com/projects/104729104729/locations/global/workloadIdentityPools/ci/subject/sandbox-ci';

describe('gcp: who signs in, and with which rights', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(`doppler: shop\ntargets:\n  gcp: {project_id: ${PROJECT}}\n`);
  });
  afterEach(() => w.close());

  const grant = (member: string, ...roles: string[]): Promise<unknown> =>
    w.post('/_sandbox/google/grants', { project: PROJECT, member, roles });
  const somebody = async (value: string, ...roles: string[]): Promise<void> => {
    await w.post('/_sandbox/google/tokens', { value, member: 'user:somebody@sandbox.example' });
    await grant('user:somebody@sandbox.example', ...roles);
  };
  const federated = async (): Promise<string> => JSON.stringify(await w.post('/_sandbox/google/credentials', { kind: 'external_account' }));
  const versions = async (): Promise<number> => (await w.journal()).filter(({ path }) => path.endsWith(':addVersion')).length;

  it('a workload without a key: Workload Identity Federation', async () => {
    const file = join(w.home, 'federation.json');
    await writeFile(file, await federated());
    await grant(POOL, 'roles/secretmanager.admin');
    const env = { GOOGLE_OAUTH_ACCESS_TOKEN: undefined, GOOGLE_APPLICATION_CREDENTIALS: file };
    const run = await w.dcs(['sync', '-e', 'staging', '--yes'], { env });
    expect(run.code, run.err + run.out).to.equal(0);
    expect(await versions()).to.equal(7);
    expect((await w.dcs(['whoami'], { env })).out).to.contain('GOOGLE_APPLICATION_CREDENTIALS');
    await writeFile(file, '{"type": "external_account", "canary": ');
    const damaged = await w.dcs(['diff', '-e', 'staging'], { env });
    expect(damaged.code).to.equal(3);
    expect(damaged.out + damaged.err)
      .to.contain('is not a file of Google credentials')
      .and.to.not.contain('canary');
  });

  it('dcs login google keeps a credentials file or a token, never in the open, and logout forgets it', async () => {
    await grant(POOL, 'roles/secretmanager.admin');
    const env = { GOOGLE_OAUTH_ACCESS_TOKEN: undefined };
    const refused = await w.dcs(['login', 'google'], { env, input: 'ya29.mistyped\n' });
    expect(refused.code).to.equal(3);
    expect(refused.err).to.not.contain('ya29.mistyped');
    const kept = await w.dcs(['login', 'google'], { env, input: await federated() });
    expect(kept.code, kept.err).to.equal(0);
    expect(kept.err, 'a warning of the library').to.equal('');
    expect(kept.out).to.not.contain('beats this login');
    expect((await w.dcs(['sync', '-e', 'staging', '--yes'], { env })).code).to.equal(0);
    const wins = await w.dcs(['whoami']);
    expect(wins.out).to.contain('GOOGLE_OAUTH_ACCESS_TOKEN').and.to.contain('dcs login google');
    await w.dcs(['logout', 'google'], { env });
    expect((await w.dcs(['diff', '-e', 'staging'], { env })).code).to.equal(3);
    const token = await w.dcs(['login', 'google'], { env, input: `${w.env['GOOGLE_OAUTH_ACCESS_TOKEN']}\n` });
    expect(token.code, token.err).to.equal(0);
    expect((await w.dcs(['whoami'], { env })).out).to.contain('lasts an hour');
  });

  it('a kept file that is damaged or of no known kind is refused, and nothing of it is said', async () => {
    const env = { GOOGLE_OAUTH_ACCESS_TOKEN: undefined };
    for (const input of [
      '{"type": "service_account", "private_key": "canary',
      '{"type": "canary"}',
      '{"type": "service_account", "private_key": "canary", "client_email": "a@b"}',
    ]) {
      const run = await w.dcs(['login', 'google'], { env, input });
      expect(run.code, run.out).to.equal(3);
      expect(run.out + run.err).to.not.contain('canary');
    }
  });

  it('without the right to read values: writes, then knows by version and mark that nothing is to do, and who moved', async () => {
    await somebody('ya29.editor', 'roles/editor');
    const env = { GOOGLE_OAUTH_ACCESS_TOKEN: 'ya29.editor' };
    const first = await w.dcs(['sync', '-e', 'staging', '--yes'], { env });
    expect(first.code, first.err + first.out).to.equal(0);
    expect(first.out).to.contain('7 written, confirmed').and.to.not.contain('verified');
    await w.forget();
    expect((await w.dcs(['sync', '-e', 'staging', '--yes'], { env })).out).to.contain('Nothing to do');
    expect(await versions()).to.equal(0);
    await w.post('/_sandbox/google/hand-edit', { project: PROJECT, name: 'STRIPE_KEY', value: 'by hand' });
    const status = await w.dcs(['status', '-e', 'staging', '--json'], { env });
    expect((status.json()['targets'] as { state: string }[])[0]?.state).to.equal('drifted');
    expect((await w.dcs(['sync', '-e', 'staging', '--yes'], { env })).code).to.equal(0);
    expect(await versions()).to.equal(1);
  });

  it('reading rights only: a plan, and a refusal that names the missing right', async () => {
    await somebody('ya29.viewer', 'roles/viewer', 'roles/secretmanager.secretAccessor');
    const env = { GOOGLE_OAUTH_ACCESS_TOKEN: 'ya29.viewer' };
    expect((await w.dcs(['diff', '-e', 'staging'], { env })).code).to.equal(0);
    const run = await w.dcs(['sync', '-e', 'staging', '--yes'], { env });
    expect(run.code).to.equal(3);
    expect(run.out + run.err).to.contain('dcs provision gcp');
    expect(
      (await w.journal()).filter(({ method, path, status }) => method === 'POST' && path.endsWith('/secrets') && status === 200),
    ).to.deep.equal([]);
    expect(await readFile(join(w.project, 'dcs.yaml'), 'utf8')).to.contain(PROJECT);
  });
});
