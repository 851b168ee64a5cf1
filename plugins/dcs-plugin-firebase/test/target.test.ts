import { expect } from 'chai';
import { isDcsError, type Put } from 'dcs-sdk';
import definition from '../src/target.ts';
import { upperSnake } from '../src/names.ts';
import { ACCOUNT, create, FUNCTION, LEGACY, openCloud, PROJECT, REGION, update, type Cloud } from './sandbox.ts';

const NONE: ReadonlySet<string> = new Set();
const marked = (put: Put): Put => ({ ...put, mark: { owner: 'https://api.doppler.com/shop/prd', created: put.action === 'create' } });
const at = (version: 'v1' | 'v2', id: string): string =>
  `cloudfunctions/${version}/projects/${PROJECT}/locations/${REGION}/functions/${id}`;

describe('Firebase', () => {
  let cloud: Cloud;
  beforeEach(async () => {
    cloud = await openCloud();
  });
  afterEach(() => cloud.stop());

  /** What firebase deploy does: each function gets the newest version, by number. */
  const deployed = async (name: string, version: string): Promise<void> => {
    await cloud.backdoor('google/grants', {
      project: PROJECT,
      member: `serviceAccount:${ACCOUNT}`,
      roles: ['roles/secretmanager.secretAccessor'],
    });
    const pins = [{ key: name, projectId: PROJECT, secret: name, version }];
    await cloud.call('PATCH', `${at('v2', FUNCTION)}?updateMask=serviceConfig.secretEnvironmentVariables`, {
      serviceConfig: { secretEnvironmentVariables: pins },
    });
    await cloud.call('PATCH', `${at('v1', LEGACY)}?updateMask=secretEnvironmentVariables`, { secretEnvironmentVariables: pins });
  };
  const labels = async (id: string): Promise<unknown> =>
    (await cloud.call('GET', `secretmanager/v1/projects/${PROJECT}/secrets/${id}`))['labels'];

  it('takes the names that functions take, and no reserved one', () => {
    const { names, reserved } = definition.limits!;
    for (const name of ['STRIPE_KEY', '_X', 'A1']) expect(names!.test(name) && !reserved!.test(name), name).to.equal(true);
    for (const name of ['stripeKey', '1A', 'A-B']) expect(names!.test(name), name).to.equal(false);
    for (const name of ['FIREBASE_TOKEN', 'EXT_A', 'KIT_A', 'X_GOOGLE_A', 'PORT', 'K_SERVICE', 'GCLOUD_PROJECT'])
      expect(reserved!.test(name), name).to.equal(true);
    for (const name of ['PORTAL', 'MY_PORT', 'EXTRA']) expect(reserved!.test(name), name).to.equal(false);
  });

  it('leaves the Firebase CLI’s label alone unless asked, and what App Hosting manages always', async () => {
    await cloud.target().write([create('A', 'one')]);
    await cloud.target({ managed: true }).write([create('B', 'one')]);
    expect(await labels('A')).to.deep.equal({ 'managed-by': 'dcs' });
    expect(await labels('B')).to.deep.equal({ 'managed-by': 'dcs', 'firebase-managed': 'functions' });
    const body = { replication: { automatic: {} }, labels: { 'firebase-managed': 'apphosting' } };
    await cloud.call('POST', `secretmanager/v1/projects/${PROJECT}/secrets?secretId=C`, body);
    expect((await cloud.target().list(NONE)).entries.find(({ name }) => name === 'C')?.locked).to.contain('App Hosting');
  });

  it('deploys anew what runs with an older value, waits, and leaves the rest of the function as it is', async () => {
    const target = cloud.target();
    await target.write([marked(create('A', 'one')), marked(create('B', 'x'))]);
    await deployed('A', '1');
    expect((await target.identify()).notes?.join()).to.contain(`in ${FUNCTION} (${REGION}), ${LEGACY} (${REGION})`);
    await target.list(NONE);
    await target.write([marked(update('A', 'two'))]);
    expect(await cloud.peek('A', { function: FUNCTION })).to.equal('one');
    await cloud.backdoor('google/operations', { ms: 300 });
    expect((await target.redeploy!()).title).to.contain('live in');
    expect(await cloud.peek('A', { function: FUNCTION })).to.equal('two');
    const { serviceConfig } = await cloud.call('GET', at('v2', FUNCTION));
    expect(serviceConfig).to.include({ availableMemory: '256Mi' }).and.to.have.deep.property('environmentVariables', { LOG_LEVEL: 'info' });
  });

  it('says which function could not be deployed, and nothing of what Google says', async () => {
    const target = cloud.target();
    await target.write([marked(create('A', 'one'))]);
    await deployed('A', '1');
    await target.list(NONE);
    await target.write([marked(update('A', 'two'))]);
    await cloud.backdoor('google/operations', { fail: 'it echoes canary-1' });
    const failed = await target.redeploy!().catch((error: unknown) => error);
    expect(isDcsError(failed) && failed.message)
      .to.match(/not redeployed/)
      .and.to.not.contain('canary');
    expect(isDcsError(failed) && `${failed.details.why} ${String(failed.details.hint)}`)
      .to.contain('firebase deploy --only functions:')
      .and.to.not.contain('canary');
  });

  it('makes names of legacy paths as functions do', () => {
    expect(upperSnake(['stripe', 'key'])).to.equal('STRIPE_KEY');
    expect(upperSnake(['stripe', 'webhook', 'secret'])).to.equal('STRIPE_WEBHOOK_SECRET');
    expect(upperSnake(['mail', 'apiKey'])).to.equal('MAIL_API_KEY');
    expect(upperSnake(['a-b', 'c.d'])).to.equal('A_B_C_D');
  });
});
