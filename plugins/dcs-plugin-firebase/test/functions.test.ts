import { expect } from 'chai';
import { isDcsError, type DcsError, type Put, type Target } from 'dcs-sdk';
import { SEED } from '../../dcs-plugin-sandbox/src/seed.ts';
import { ACCOUNT, create, FUNCTION, LEGACY, openCloud, PROJECT, REGION, update, type Cloud } from './sandbox.ts';

const NONE: ReadonlySet<string> = new Set();
const marked = (put: Put): Put => ({ ...put, mark: { owner: 'https://api.doppler.com/shop/prd', created: put.action === 'create' } });
const [SECOND, FIRST] = [`${FUNCTION} (${REGION})`, `${LEGACY} (${REGION})`];

describe('Firebase: functions that pin versions', () => {
  let cloud: Cloud;
  beforeEach(async () => {
    cloud = await openCloud();
    const roles = ['roles/secretmanager.secretAccessor'];
    await cloud.backdoor('google/grants', { project: PROJECT, member: `serviceAccount:${ACCOUNT}`, roles });
  });
  afterEach(() => cloud.stop());

  const at = (version: 'v1' | 'v2', id: string): string =>
    `cloudfunctions/${version}/projects/${PROJECT}/locations/${REGION}/functions/${id}`;
  /** What a deployment by the Firebase CLI leaves: versions as numbers, and mostly the project as its number. */
  const deploy = async (id: string, names: Readonly<Record<string, string>>, projectId: string = SEED.google.number): Promise<void> => {
    const secretEnvironmentVariables = Object.entries(names).map(([key, version]) => ({ key, projectId, secret: key, version }));
    if (id === LEGACY) await cloud.call('PATCH', `${at('v1', id)}?updateMask=secretEnvironmentVariables`, { secretEnvironmentVariables });
    else {
      const body = { serviceConfig: { secretEnvironmentVariables } };
      await cloud.call('PATCH', `${at('v2', id)}?updateMask=serviceConfig.secretEnvironmentVariables`, body);
    }
  };
  const reads = (name: string, id: string): Promise<string | undefined> => cloud.peek(name, { function: id });
  const write = async (target: Target, ...puts: Put[]): Promise<void> => {
    await target.list(NONE);
    for (const { result, error } of await target.write(puts.map(marked)))
      expect(result, (error as Error | undefined)?.message).to.equal('done');
    await target.list(NONE);
  };
  const answer = (status: number, body: unknown): Promise<unknown> =>
    cloud.backdoor('faults', { route: '/google/cloudfunctions/v2/*', times: 1, kind: 'status', status, body });
  const failing = async (run: Promise<unknown>): Promise<DcsError> => {
    const error = await run.then(
      () => new Error('no failure'),
      (thrown: unknown) => thrown,
    );
    if (isDcsError(error)) return error;
    throw error;
  };

  it('moves those of both generations, by the project’s number too, and only pins of what dcs wrote', async () => {
    const target = cloud.target();
    await write(target, create('STRIPE_KEY', 'one'), create('OTHER', 'other'));
    await cloud.backdoor('google/hand-edit', { project: PROJECT, name: 'THEIRS', value: 'theirs' });
    const byAnotherTarget = { replication: { automatic: {} }, annotations: { 'dcs-source': 'https://api.doppler.com/shop/prd' } };
    await cloud.call('POST', `secretmanager/v1/projects/${PROJECT}/secrets?secretId=prod-KEY`, byAnotherTarget);
    for (const value of ['old', 'new']) await cloud.backdoor('google/hand-edit', { project: PROJECT, name: 'prod-KEY', value });
    await deploy(FUNCTION, { STRIPE_KEY: '1', OTHER: '1', THEIRS: '1', 'prod-KEY': '1' });
    await deploy(LEGACY, { STRIPE_KEY: '1' }, PROJECT);
    await cloud.backdoor('google/hand-edit', { project: PROJECT, name: 'THEIRS', value: 'newer, of somebody else' });
    expect(await target.undeployed!()).to.deep.equal([]);
    await write(target, update('STRIPE_KEY', 'two'));
    expect(await target.undeployed!()).to.deep.equal([
      `function ${SECOND}: STRIPE_KEY 1 (newest 2)`,
      `function ${FIRST}: STRIPE_KEY 1 (newest 2)`,
    ]);
    expect((await target.redeploy!()).title).to.equal(`live in ${SECOND}, ${FIRST}`);
    expect([await reads('STRIPE_KEY', FUNCTION), await reads('STRIPE_KEY', LEGACY)]).to.deep.equal(['two', 'two']);
    expect([await reads('OTHER', FUNCTION), await reads('THEIRS', FUNCTION), await reads('prod-KEY', FUNCTION)]).to.deep.equal([
      'other',
      'theirs',
      'old',
    ]);
  });

  it('leaves another project’s secret of the same name, and what reads the newest by itself', async () => {
    const target = cloud.target();
    await write(target, create('STRIPE_KEY', 'one'));
    await deploy(FUNCTION, { STRIPE_KEY: 'latest' });
    await write(target, update('STRIPE_KEY', 'two'));
    expect(await target.identify()).to.deep.include({ effect: 'next-deploy', notes: [] });
    const fn = await cloud.call('GET', at('v2', FUNCTION));
    for (const projectId of ['999', 'another-project']) {
      const secretEnvironmentVariables = [{ key: 'STRIPE_KEY', projectId, secret: 'STRIPE_KEY', version: '1' }];
      await answer(200, { functions: [{ ...fn, serviceConfig: { secretEnvironmentVariables } }] });
      expect(await target.undeployed!()).to.deep.equal([]);
    }
  });

  it('writes without the right to see functions, says that they are not known, and then redeploys none', async () => {
    const target = cloud.target();
    await write(target, create('STRIPE_KEY', 'one'));
    const hidden = { error: { code: 403, status: 'PERMISSION_DENIED' } };
    await answer(403, hidden);
    expect(await target.identify()).to.not.have.property('effect');
    await answer(403, hidden);
    expect((await target.undeployed!()).join())
      .to.contain('functions that are not known')
      .and.to.contain('roles/cloudfunctions.viewer');
    const silent = { functions: [], unreachable: ['projects/x/locations/us-east1'] };
    await answer(200, silent);
    expect((await target.undeployed!()).join()).to.contain('us-east1 did not answer');
    await answer(200, silent);
    expect((await failing(target.redeploy!())).details.why).to.contain('us-east1 did not answer');
    await answer(403, { error: { code: 403, status: 'PERMISSION_DENIED', details: [{ reason: 'SERVICE_DISABLED', metadata: {} }] } });
    expect(await target.undeployed!(), 'where the API is off there are no functions').to.deep.equal([]);
  });

  it('tells which functions were not redeployed, and goes on with the others', async () => {
    const target = cloud.target();
    await write(target, create('STRIPE_KEY', 'one'));
    for (const id of [FUNCTION, LEGACY]) await deploy(id, { STRIPE_KEY: '1' });
    await write(target, update('STRIPE_KEY', 'two'));
    await cloud.backdoor('faults', { route: '/google/cloudfunctions/v1/*', times: 'forever', kind: 'status', status: 403, body: {} });
    const error = await failing(target.redeploy!());
    expect(error.message).to.equal(`${FIRST}: not redeployed.`);
    expect(error.details.why).to.contain(`${SECOND} were redeployed`);
    expect([await reads('STRIPE_KEY', FUNCTION), await reads('STRIPE_KEY', LEGACY)]).to.deep.equal(['two', 'one']);
  });

  it('does not move a function to a version that somebody disabled', async () => {
    const target = cloud.target();
    await write(target, create('STRIPE_KEY', 'one'));
    await deploy(FUNCTION, { STRIPE_KEY: '1' });
    await write(target, update('STRIPE_KEY', 'two'));
    await cloud.call('POST', `secretmanager/v1/projects/${PROJECT}/secrets/STRIPE_KEY/versions/2:disable`, {});
    expect((await target.redeploy!()).title).to.equal('no deployed function pins an older version');
    expect(await reads('STRIPE_KEY', FUNCTION)).to.equal('one');
  });
});
