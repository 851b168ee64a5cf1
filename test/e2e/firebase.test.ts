import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { world, type World } from './world.ts';

const { project: PROJECT, region, fn, runAccount, backend } = SEED.google;
const YAML = `doppler: shop\ntargets:\n  firebase: {project_id: ${PROJECT}, include: [STRIPE_KEY, SENDGRID_KEY]}\n`;

describe('firebase: the built CLI on the sandbox', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  afterEach(() => w.close());

  const sync = (...more: string[]) => w.dcs(['sync', 'firebase', '-e', 'staging', '--yes', ...more]);
  const peek = async (name: string, more: Record<string, string> = {}): Promise<string | undefined> => {
    const answer = await fetch(`${w.origin}/_sandbox/google/peek?${new URLSearchParams({ project: PROJECT, name, ...more })}`);
    return ((await answer.json()) as { value: string | null }).value ?? undefined;
  };
  const call = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${w.origin}/google/${path}`, {
      method,
      headers: { authorization: `Bearer ${w.env['GOOGLE_OAUTH_ACCESS_TOKEN']}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
    return (await answer.json()) as Record<string, unknown>;
  };
  const calls = async (): Promise<string[]> => (await w.journal()).map(({ method, path }) => `${method} ${path.split('/').at(-1)}`);
  const repository = async (): Promise<void> => {
    await writeFile(
      join(w.project, 'firebase.json'),
      '{\n  // what is deployed\n  "functions": {"source": "functions"},\n  "apphosting": {"backendId": "shop-web", "rootDir": "./"}\n}\n',
    );
    await writeFile(join(w.project, '.firebaserc'), JSON.stringify({ projects: { default: PROJECT, staging: PROJECT } }));
  };

  it('writes, says what is not live until a redeploy, and deploys it when asked, also later', async () => {
    const first = await sync();
    expect(first.code, first.err + first.out).to.equal(0);
    expect(first.err).to.contain('live with the next deployment');
    expect(first.out).to.not.contain('--redeploy');
    await w.post('/_sandbox/google/grants', {
      project: PROJECT,
      member: `serviceAccount:${runAccount}`,
      roles: ['roles/secretmanager.secretAccessor'],
    });
    const at = `cloudfunctions/v2/projects/${PROJECT}/locations/${region}/functions/${fn}?updateMask=serviceConfig.secretEnvironmentVariables`;
    const pins = [{ key: 'STRIPE_KEY', projectId: PROJECT, secret: 'STRIPE_KEY', version: '1' }];
    await call('PATCH', at, { serviceConfig: { secretEnvironmentVariables: pins } });
    const before = await peek('STRIPE_KEY', { function: fn });
    await w.doppler('stg', { STRIPE_KEY: 'sk_test_rotated' });
    const second = await sync();
    expect(second.code, second.err).to.equal(0);
    expect(second.err).to.contain(`versions stay as they were deployed, until a redeploy, in ${fn} (${region})`);
    expect(second.out).to.contain('not live yet').and.to.contain('Next  dcs sync firebase -e staging --redeploy');
    expect(await peek('STRIPE_KEY')).to.equal('sk_test_rotated');
    expect(await peek('STRIPE_KEY', { function: fn })).to.equal(before);
    const diff = await w.dcs(['diff', '-e', 'staging']);
    expect(diff.out)
      .to.contain(`not live  function ${fn} (${region}): STRIPE_KEY 1 (newest 2)`)
      .and.to.contain('Next  dcs sync -e staging --redeploy');
    await w.forget();
    expect((await sync()).out).to.contain('Nothing to do');
    expect(await calls()).to.deep.equal(['GET secrets', 'GET secrets', 'POST batch']);
    const unasked = await w.dcs(['sync', 'firebase', '-e', 'staging', '--redeploy']);
    expect(unasked.code).to.equal(7);
    const redeployed = await sync('--redeploy');
    expect(redeployed.code, redeployed.err + redeployed.out).to.equal(0);
    expect(redeployed.out).to.contain(`nothing to write, verified, live in ${fn}`);
    expect(await peek('STRIPE_KEY', { function: fn })).to.equal('sk_test_rotated');
    expect((await w.dcs(['diff', '-e', 'staging'])).out).to.not.contain('not live  ');
  });

  it('without the right to see functions, diff and sync go on and say what is not known', async () => {
    const status = { kind: 'status', status: 403, body: { error: { code: 403, status: 'PERMISSION_DENIED' } } };
    await w.post('/_sandbox/faults', { route: '/google/cloudfunctions/*', times: 'forever', ...status });
    const run = await sync();
    expect(run.code, run.err + run.out).to.equal(0);
    expect(run.err).to.contain('not live  functions that are not known').and.to.contain('roles/cloudfunctions.viewer');
    await w.post('/_sandbox/faults', { route: '/google/cloudfunctions/*', times: 'forever', kind: 'status', status: 500, body: {} });
    const diff = await w.dcs(['diff', '-e', 'staging']);
    expect(diff.code, diff.err).to.equal(0);
    expect(diff.out).to.contain('not live');
  });

  it('provision links the projects of .firebaserc, and a second run changes nothing', async () => {
    await repository();
    await w.yaml('doppler: shop\n');
    await call('POST', `serviceusage/v1/projects/${PROJECT}/services/cloudfunctions.googleapis.com:disable`, {});
    expect((await w.dcs(['provision', 'firebase'])).code).to.equal(7);
    const run = await w.dcs(['provision', 'firebase', '--yes']);
    expect(run.code, run.err).to.equal(0);
    expect(run.out).to.contain('cloudfunctions.googleapis.com enabled').and.to.contain('gcloud iam roles create');
    expect(await readFile(join(w.project, 'dcs.yaml'), 'utf8')).to.match(/firebase:\s+project_id:\s+staging: demo-shop/);
    await w.forget();
    const again = await w.dcs(['provision', 'firebase', '--yes', '--json']);
    expect(run.out).to.contain('roles/cloudfunctions.viewer');
    expect(again.json()['linked']).to.deep.equal([]);
    expect((await w.journal()).filter(({ cloud, method }) => cloud === 'google' && method !== 'GET')).to.deep.equal([]);
  });

  it('provision writes what the code defines as include, and lets an account read what dcs keeps', async () => {
    await repository();
    await w.yaml('doppler: shop\n');
    await mkdir(join(w.project, 'functions'));
    await writeFile(join(w.project, 'functions', 'index.js'), "defineSecret('STRIPE_KEY');");
    expect((await w.dcs(['provision', 'firebase', '--yes'])).out).to.contain('project_id, include written to dcs.yaml');
    expect((await sync('--json')).out)
      .to.contain('STRIPE_KEY')
      .and.to.not.contain('"JWT_SECRET"');
    const granted = await w.dcs(['provision', 'firebase', '--accessor', runAccount, '--yes', '--json']);
    expect(granted.code, granted.err).to.equal(0);
    const [project] = granted.json()['projects'] as { granted: unknown }[];
    expect(project!.granted).to.deep.equal([{ secret: 'STRIPE_KEY', member: `serviceAccount:${runAccount}` }]);
    const again = await w.dcs(['provision', 'firebase', '--accessor', runAccount, '--yes']);
    expect(again.out).to.not.contain('may read');
  });

  it('init finds it, and env writes the emulator’s file', async () => {
    await repository();
    await rm(join(w.project, 'dcs.yaml'));
    await mkdir(join(w.project, 'functions', 'src'), { recursive: true });
    await mkdir(join(w.project, 'functions', 'node_modules', 'x'), { recursive: true });
    const code = 'const stripe = defineSecret(\'STRIPE_KEY\');\nexport const mail = defineJsonSecret(\n  "SENDGRID_KEY",\n);\n';
    await writeFile(join(w.project, 'functions', 'src', 'index.ts'), code);
    await writeFile(join(w.project, 'functions', 'node_modules', 'x', 'index.js'), "defineSecret('NOT_OURS')");
    await writeFile(join(w.project, 'apphosting.staging.yaml'), 'env:\n  - variable: SESSION\n    secret: SESSION_KEY@3 # pinned\n');
    const run = await w.dcs(['init', '--yes', '--name', 'shop']);
    expect(run.code, run.err).to.equal(0);
    expect(run.out).to.contain('Next  dcs diff -e staging');
    const written = await readFile(join(w.project, 'dcs.yaml'), 'utf8');
    expect(written).to.contain(`project_id: {staging: ${PROJECT}}`).and.to.contain('include: [SENDGRID_KEY, SESSION_KEY, STRIPE_KEY]');
    expect(written).to.not.contain('*');
    expect((await w.dcs(['config', 'validate'])).code).to.equal(0);
    await w.yaml(YAML);
    await rm(join(w.project, '.git'), { recursive: true });
    execFileSync('git', ['init', '-q'], { cwd: w.project });
    await writeFile(join(w.project, '.gitignore'), '.secret.local\n');
    const out = await w.dcs(['env', '-e', 'staging', '--for', 'firebase', '--out', 'functions/.secret.local']);
    expect(out.code, out.err).to.equal(0);
    expect(await readFile(join(w.project, 'functions', '.secret.local'), 'utf8'))
      .to.match(/^STRIPE_KEY=/m)
      .and.to.not.contain('DATABASE_URL');
  });

  it('import-config brings legacy values into Doppler, the plan first, and a second run changes nothing', async () => {
    const preview = await w.dcs(['firebase', 'import-config', '-e', 'staging']);
    expect(preview.code).to.equal(7);
    expect(preview.err).to.contain('MAIL_FROM').and.to.contain('STRIPE_WEBHOOK_SECRET').and.to.not.contain('sandbox-legacy');
    // STRIPE_KEY is in Doppler with another value: that one needs its own consent.
    const adopted = await w.dcs(['firebase', 'import-config', '-e', 'staging', '--yes', '--allow', 'adopt']);
    expect(adopted.code, adopted.err).to.equal(0);
    const secrets = await w.dcs(['env', '-e', 'staging', '--format', 'json', '--reveal', '--allow', 'reveal']);
    expect(secrets.out).to.contain('sandbox-legacy-webhook').and.to.contain('sandbox-legacy-stripe-key');
    const again = await w.dcs(['firebase', 'import-config', '-e', 'staging', '--yes', '--json']);
    expect(again.code, again.err).to.equal(0);
    expect(again.out).to.contain('"changes": []');
  });

  it('apphosting refers to the secrets, keeps comments, and lets the backend read them', async () => {
    await repository();
    await sync();
    const file = join(w.project, 'apphosting.yaml');
    await writeFile(file, '# how it runs\nrunConfig:\n  cpu: 1 # enough\nenv:\n  - variable: STRIPE_KEY\n    secret: STRIPE_KEY@1\n');
    expect((await w.dcs(['firebase', 'apphosting', '-e', 'staging'])).code).to.equal(7);
    const run = await w.dcs(['firebase', 'apphosting', '-e', 'staging', '--yes']);
    expect(run.code, run.err).to.equal(0);
    const text = await readFile(file, 'utf8');
    expect(text)
      .to.contain('# how it runs')
      .and.to.contain('cpu: 1 # enough')
      .and.to.contain('STRIPE_KEY@1')
      .and.to.match(/variable: SENDGRID_KEY\s+secret: SENDGRID_KEY/);
    const { bindings } = await call('GET', `secretmanager/v1/projects/${PROJECT}/secrets/SENDGRID_KEY:getIamPolicy`);
    const roles = (bindings as { role: string; members: string[] }[]).map(({ role, members }) => `${role} ${members.join()}`);
    expect(roles.find((each) => each.startsWith('roles/secretmanager.secretAccessor'))).to.contain('firebase-app-hosting-compute');
    expect(roles.find((each) => each.startsWith('roles/secretmanager.secretVersionManager'))).to.contain('gcp-sa-firebaseapphosting');
    const again = await w.dcs(['firebase', 'apphosting', '-e', 'staging', '--yes', '--json']);
    expect(again.json()).to.deep.include({ backend, added: [], granted: [] });
    expect(await readFile(file, 'utf8')).to.equal(text);
    const other = (...more: string[]) => w.dcs(['firebase', 'apphosting', '-e', 'staging', '--yes', ...more]);
    const second = await other('STRIPE_KEY', '--file', 'apphosting.staging.yaml');
    expect(second.out, second.err).to.contain('apphosting.staging.yaml  1 reference written');
    expect(await readFile(join(w.project, 'apphosting.staging.yaml'), 'utf8')).to.equal(
      'env:\n  - variable: STRIPE_KEY\n    secret: STRIPE_KEY\n',
    );
    await writeFile(join(w.project, 'apphosting.broken.yaml'), 'env: [');
    await writeFile(join(w.project, 'apphosting.number.yaml'), 'env: 3');
    for (const [code, ...words] of [
      [64, '--file', 'nope.yaml'],
      [64, '--backend', 'nope'],
      [64, 'NOT_THERE'],
      [2, '--file', 'apphosting.broken.yaml'],
      [2, '--file', 'apphosting.number.yaml'],
    ] as const) {
      const wrong = await other(...words);
      expect(wrong.code, `${words.join(' ')}: ${wrong.err}`).to.equal(code);
    }
  });

  it('says that a firebase login is none that dcs can use', async () => {
    await mkdir(join(w.home, 'config', 'configstore'), { recursive: true });
    await writeFile(join(w.home, 'config', 'configstore', 'firebase-tools.json'), '{"tokens": {"refresh_token": "canary-refresh"}}');
    const run = await w.dcs(['provision', 'firebase', '--yes'], { env: { GOOGLE_OAUTH_ACCESS_TOKEN: undefined } });
    expect(run.code).to.equal(2);
    await repository();
    const refused = await w.dcs(['provision', 'firebase', '--yes'], { env: { GOOGLE_OAUTH_ACCESS_TOKEN: undefined } });
    expect(refused.code).to.equal(3);
    const said = refused.err.replaceAll(/\s+/g, ' ');
    expect(said)
      .to.contain('firebase login')
      .and.to.contain('no Google login that dcs can use')
      .and.to.contain('gcloud auth application-default login');
    expect(refused.err).to.not.contain('canary');
    await rm(join(w.home, 'config', 'configstore'), { recursive: true });
    const token = await w.dcs(['provision', 'firebase', '--yes'], {
      env: { GOOGLE_OAUTH_ACCESS_TOKEN: undefined, FIREBASE_TOKEN: 'canary' },
    });
    expect(token.err.replaceAll(/\s+/g, ' ')).to.contain('FIREBASE_TOKEN is set, which is').and.to.not.contain('canary');
  });
});
