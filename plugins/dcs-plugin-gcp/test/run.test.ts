import { expect } from 'chai';
import { createHttp, isDcsError, type Context, type Put, type Target } from 'dcs-sdk';
import { testTarget, type Fault, type World } from 'dcs-sdk/testing';
import { SEED } from '../../dcs-plugin-sandbox/src/seed.ts';
import { openGoogle } from '../src/api.ts';
import definition, { connectRun } from '../src/run.ts';
import type { RunOptions } from '../src/run-options.ts';
import { AT_ONCE, create, openCloud, PROJECT, REGION, remove, RUN_ACCOUNT, update, type Cloud } from './sandbox.ts';

const { service, job, fn } = SEED.google;
const NONE: ReadonlySet<string> = new Set();
const OWNER = 'https://api.doppler.com/shop/prd';
const marked = (put: Put): Put => ({
  ...put,
  mark: { owner: OWNER, created: put.action === 'create', mac: `mac-${put.secret.reveal()}`, keyId: 'k1' },
});
const SERVICE: RunOptions = { project_id: PROJECT, region: REGION, service };

const AT = `run/v2/projects/${PROJECT}/locations/${REGION}/services/${service}`;

async function call(cloud: Cloud, method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const answer = await fetch(`${cloud.origin}/google/${path}`, {
    method,
    headers: { authorization: `Bearer ${SEED.google.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Record<string, unknown>;
}

const mayRead = (cloud: Cloud): Promise<unknown> =>
  cloud.backdoor('google/grants', {
    project: PROJECT,
    member: `serviceAccount:${RUN_ACCOUNT}`,
    roles: ['roles/secretmanager.secretAccessor'],
  });
const reads = async (cloud: Cloud, name: string, of: Record<string, string>): Promise<string | undefined> => cloud.peek(name, of);

/** Somebody binds a secret of theirs to the service. */
async function bindByHand(cloud: Cloud, name: string, value: string): Promise<void> {
  const id = `by-hand-${name}`;
  const { version } = await cloud.backdoor('google/hand-edit', { project: PROJECT, name: id, value });
  const at = `run/v2/projects/${PROJECT}/locations/${REGION}/services/${service}`;
  const { template } = (await call(cloud, 'GET', at)) as { template: { containers: { env?: { name: string }[] }[] } };
  const [container] = template.containers;
  const env = [
    ...(container?.env ?? []).filter((each) => each.name !== name),
    { name, valueSource: { secretKeyRef: { secret: id, version: String(version as number) } } },
  ];
  await call(cloud, 'PATCH', `${at}?updateMask=template.containers`, { template: { containers: [{ ...container, env }] } });
}

const FAULTS: Readonly<Record<Exclude<Fault, 'endless-paging'>, Record<string, unknown>>> = {
  unauthorized: { kind: 'status', status: 401, body: { error: { code: 401, message: 'no', status: 'UNAUTHENTICATED' } } },
  'rate-limit': { kind: 'status', status: 429, retryAfter: 0 },
  error: { kind: 'status', status: 500, body: { error: { code: 500, message: 'internal', status: 'INTERNAL' } } },
  'reset-after-commit': { kind: 'reset-after-commit' },
  truncate: { kind: 'truncate' },
};

/** Retries do not wait. */
function connectQuickly(options: RunOptions, context: Context): Target {
  const google = openGoogle(context, undefined, (given) => createHttp({ ...given, timeout: 2000, deadline: 4000, sleep: async () => {} }));
  return connectRun(options, context, { pace: AT_ONCE, google });
}

async function fresh(): Promise<World> {
  const cloud = await openCloud();
  await mayRead(cloud);
  const connect = (options: RunOptions, signal?: AbortSignal): Target => connectQuickly(options, cloud.context(signal ? { signal } : {}));
  return {
    target: connect(SERVICE),
    aborted: connect(SERVICE, AbortSignal.abort()),
    paged: false,
    another: () => connect(SERVICE),
    missing: () => connect({ ...SERVICE, service: 'nowhere' }),
    peek: async (name) => reads(cloud, name, { service }),
    stranger: (name, value) => bindByHand(cloud, name, value),
    async fault(kind) {
      if (kind === 'endless-paging') throw new Error('the sandbox has no endless pages');
      await fetch(`${cloud.origin}/_sandbox/faults`, { method: 'DELETE' });
      await cloud.backdoor('faults', { route: '/google/*', times: 'forever', ...FAULTS[kind] });
    },
    requests: () => cloud.requests(),
    close: () => cloud.stop(),
  };
}

describe('Cloud Run, the contract', function () {
  this.timeout(60_000);
  testTarget(it, { definition, fresh });
});

describe('Cloud Run', () => {
  let cloud: Cloud;
  beforeEach(async () => {
    cloud = await openCloud();
  });
  afterEach(() => cloud.stop());

  const open = (options: Partial<RunOptions> = {}): Target => connectRun({ ...SERVICE, ...options }, cloud.context(), { pace: AT_ONCE });
  const versions = async (): Promise<number> => (await cloud.sent()).filter(({ path }) => path.endsWith(':addVersion')).length;
  const deployments = async (): Promise<number> =>
    (await cloud.sent()).filter(({ method, path }) => method === 'PATCH' && !path.includes('/secrets/')).length;

  for (const [kind, options] of [
    ['service', {}],
    ['job', { service: undefined, job }],
    ['function', { service: undefined, function: fn }],
  ] as const)
    it(`binds what it wrote to a ${kind}, pinned, in one deployment, and waits for it`, async () => {
      await mayRead(cloud);
      await cloud.backdoor('google/operations', { ms: 400 });
      const { service: _, ...rest } = { ...SERVICE, ...options };
      const at = kind === 'service' ? SERVICE : (rest as RunOptions);
      const target = connectRun(at, cloud.context(), { pace: AT_ONCE });
      const { effect } = await target.identify();
      expect(effect).to.equal(kind === 'job' ? 'next-deploy' : undefined);
      const outcomes = await target.write([marked(create('A', 'one')), marked(create('B', 'two'))]);
      expect(outcomes.map(({ result }) => result)).to.deep.equal(['done', 'done']);
      if (kind !== 'job') expect(outcomes[0]?.live).to.match(/^revision \S+-00002-/);
      expect(await deployments()).to.equal(1);
      const of = { [kind]: kind === 'service' ? service : kind === 'job' ? job : fn };
      expect(await reads(cloud, 'A', of)).to.equal('one');
      await cloud.backdoor('google/hand-edit', { project: PROJECT, name: 'A', value: 'not bound' });
      expect(await reads(cloud, 'A', of)).to.equal('one');
      const { entries } = await target.list(NONE);
      expect(entries.map(({ name, value, locked }) => [name, value?.reveal() ?? locked])).to.deep.include.members([
        ['A', 'one'],
        ['LOG_LEVEL', 'a plain variable bears this name'],
      ]);
      await target.write([remove('A')]);
      expect(await reads(cloud, 'A', of)).to.equal(undefined);
      expect(await cloud.peek('A')).to.equal('not bound');
    });

  it('knows nothing of a deployment that it cannot watch to its end', async () => {
    await mayRead(cloud);
    await cloud.backdoor('google/operations', { ms: 300 });
    for (const [name, status] of [
      ['A', 500],
      ['B', 403],
    ] as const) {
      await cloud.backdoor('faults', {
        route: `GET /google/run/v2/projects/:project/locations/:location/operations/:id`,
        kind: 'status',
        status,
      });
      const [outcome] = await open().write([marked(create(name, 'one'))]);
      expect(outcome?.result).to.equal('unknown');
      await new Promise((done) => setTimeout(done, 400));
      expect(await reads(cloud, name, { service })).to.equal('one');
    }
  });

  it('adds no version where the newest holds the value already', async () => {
    await mayRead(cloud);
    await open().write([marked(create('A', 'one'))]);
    await cloud.forget();
    const { service: _, ...rest } = SERVICE;
    const [outcome] = await connectRun({ ...rest, job }, cloud.context(), { pace: AT_ONCE }).write([marked(create('A', 'one'))]);
    expect(outcome).to.include({ result: 'done', revision: 'A@1' });
    expect(await versions()).to.equal(0);
    expect(await reads(cloud, 'A', { job })).to.equal('one');
  });

  it('binds to latest where that is asked for', async () => {
    await mayRead(cloud);
    await open({ version: 'latest' }).write([marked(create('A', 'one'))]);
    await cloud.backdoor('google/hand-edit', { project: PROJECT, name: 'A', value: 'two' });
    expect((await open().list(NONE)).entries.find(({ name }) => name === 'A')?.value?.reveal()).to.equal('two');
  });

  it('neither writes nor binds what the code may not read, and says which account', async () => {
    const [outcome] = await open().write([marked(create('A', 'one'))]);
    expect(outcome?.result).to.equal('failed');
    expect(isDcsError(outcome?.error) && outcome.error.message)
      .to.contain(RUN_ACCOUNT)
      .and.to.contain("'A'");
    expect(await versions()).to.equal(0);
    expect(await deployments()).to.equal(0);
  });

  it('lets the account read what it binds with grant: true, and nothing else', async () => {
    await cloud.backdoor('google/hand-edit', { project: PROJECT, name: 'OTHER', value: 'x' });
    const [outcome] = await open({ grant: true }).write([marked(create('A', 'one'))]);
    expect(outcome).to.include({ result: 'done' });
    expect(await reads(cloud, 'A', { service })).to.equal('one');
    const policy = async (id: string) =>
      (await call(cloud, 'GET', `secretmanager/v1/projects/${PROJECT}/secrets/${id}:getIamPolicy`))['bindings'];
    expect(await policy('A')).to.deep.equal([{ role: 'roles/secretmanager.secretAccessor', members: [`serviceAccount:${RUN_ACCOUNT}`] }]);
    expect(await policy('OTHER')).to.equal(undefined);
  });

  it('deploys once more where the grant it just made does not count yet', async () => {
    await cloud.backdoor('google/consistency', { lag: 700 });
    const manner = { pace: AT_ONCE, waits: [200, 400, 600] };
    const [outcome] = await connectRun({ ...SERVICE, grant: true }, cloud.context(), manner).write([marked(create('A', 'one'))]);
    expect(outcome?.result, String(outcome?.error)).to.equal('done');
    expect(await deployments()).to.be.above(1);
    expect(await versions()).to.equal(1);
    expect(await reads(cloud, 'A', { service })).to.equal('one');
  });

  it('writes no version over a secret that another keeps', async () => {
    await mayRead(cloud);
    await cloud.backdoor('google/hand-edit', { project: PROJECT, name: 'A', value: 'theirs' });
    const [outcome] = await open().write([marked(create('A', 'ours'))]);
    expect(outcome?.result).to.equal('failed');
    expect(await cloud.peek('A')).to.equal('theirs');
    expect(await deployments()).to.equal(0);
  });

  it('tells what serves where a deployment failed, and deploys it the next time', async () => {
    await mayRead(cloud);
    const target = open();
    await target.write([marked(create('A', 'one'))]);
    await cloud.backdoor('google/operations', { fail: 'the container did not start' });
    const [failed] = await target.write([marked(update('A', 'two'))]);
    expect(failed?.result).to.equal('failed');
    expect(isDcsError(failed?.error) && failed.error.message).to.not.contain('container did not start');
    expect((await target.list(NONE)).entries.find(({ name }) => name === 'A')?.value?.reveal()).to.equal('one');
    await cloud.forget();
    expect((await target.write([marked(update('A', 'two'))]))[0]).to.include({ result: 'done', revision: 'A@2' });
    expect(await versions()).to.equal(0);
    expect(await reads(cloud, 'A', { service })).to.equal('two');
  });

  it('says that Doppler moved, not that somebody did, where the secret has a newer version than is bound', async () => {
    await mayRead(cloud);
    const target = open();
    await target.write([marked(create('A', 'one'))]);
    await target.list(NONE);
    const { service: _, ...rest } = SERVICE;
    await connectRun({ ...rest, job }, cloud.context(), { pace: AT_ONCE }).write([marked(update('A', 'two'))]);
    const entry = (await target.list(NONE)).entries.find(({ name }) => name === 'A');
    expect(entry?.value?.reveal()).to.equal('one');
    expect(entry?.mark).to.deep.equal({ owner: OWNER, created: true });
  });

  it('says that a new revision is not live where traffic is held at an older one', async () => {
    const { latestReadyRevision } = await call(cloud, 'GET', AT);
    const revision = String(latestReadyRevision).split('/').at(-1);
    const traffic = [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision, percent: 100 }];
    await call(cloud, 'PATCH', `${AT}?updateMask=traffic`, { traffic });
    const { effect, notes } = await open().identify();
    expect(effect).to.equal('next-deploy');
    expect(notes?.join()).to.contain('held at older revisions');
  });

  it('asks which container of several, and touches no other', async () => {
    await mayRead(cloud);
    const { template } = (await call(cloud, 'GET', AT)) as { template: { containers: object[] } };
    const containers = [
      { ...template.containers[0], name: 'web' },
      { name: 'proxy', image: 'envoy', env: [{ name: 'A', value: 'plain' }] },
    ];
    await call(cloud, 'PATCH', `${AT}?updateMask=template.containers`, { template: { containers } });
    const refused = await open()
      .list(NONE)
      .catch((error: unknown) => error);
    expect(isDcsError(refused) && refused.details.hint).to.contain('web, proxy');
    expect((await open({ container: 'web' }).write([marked(create('A', 'one'))]))[0]?.result).to.equal('done');
    const after = (await call(cloud, 'GET', AT)) as { template: { containers: object[] } };
    expect(after.template.containers[1]).to.deep.equal(containers[1]);
    expect(JSON.stringify(after.template.containers[0])).to.contain('secretKeyRef');
  });

  it('knows its own project by number, and leaves another’s secret alone', async () => {
    await mayRead(cloud);
    await open().write([marked(create('A', 'one'))]);
    const { template } = (await call(cloud, 'GET', AT)) as { template: { containers: object[] } };
    const ref = (name: string, secret: string) => ({ name, valueSource: { secretKeyRef: { secret, version: '1' } } });
    const env = [ref('A', `projects/${SEED.google.number}/secrets/A`)];
    await call(cloud, 'PATCH', `${AT}?updateMask=template.containers`, { template: { containers: [{ ...template.containers[0], env }] } });
    const [entry] = (await open().list(NONE)).entries;
    expect(entry?.value?.reveal()).to.equal('one');
    expect(entry?.mark?.revision).to.equal('A@1');
  });

  it('validates its options', async () => {
    const check = async (options: Record<string, unknown>): Promise<string | undefined> =>
      (await definition.options['~standard'].validate(options)).issues?.[0]?.message;
    expect(await check({ ...SERVICE })).to.equal(undefined);
    expect(await check({ ...SERVICE, job })).to.contain('only one');
    expect(await check({ project_id: PROJECT, region: REGION })).to.contain('is needed');
    expect(await check({ project_id: PROJECT, region: REGION, function: fn, container: 'web' })).to.contain('one container');
  });
});
