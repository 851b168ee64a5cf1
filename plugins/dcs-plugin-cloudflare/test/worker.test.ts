import { expect } from 'chai';
import { inspect } from 'node:util';
import { isDcsError } from 'dcs-sdk';
import definition from '../src/target.ts';
import { ACCOUNT, ACCOUNT_NAME, TOKEN, WORKER, create, openCloud, remove, update, type Cloud } from './sandbox.ts';

const NONE = new Set<string>();
const worker = { account_id: ACCOUNT, worker: WORKER };

describe('Cloudflare Worker', () => {
  let cloud: Cloud;
  beforeEach(async () => {
    cloud = await openCloud();
  });
  afterEach(() => cloud.stop());
  const target = (options: Parameters<Cloud['context']>[0] = {}) => definition.connect(worker, cloud.context(options));
  const writes = () => cloud.sent.filter((request) => request.method !== 'GET');
  const trail = async (since: ReadonlySet<string> = NONE) => (await target().list(since)).trail ?? [];
  const stranger = (path: string, body: Record<string, unknown> = {}) =>
    cloud.backdoor(`cloudflare/${path}`, { account: ACCOUNT, worker: WORKER, ...body });

  const deployVersion = async (version: string) => {
    const answer = await fetch(`${cloud.origin}/client/v4/accounts/${ACCOUNT}/workers/scripts/${WORKER}/deployments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ strategy: 'percentage', versions: [{ version_id: version, percentage: 100 }] }),
    });
    expect(answer.status).to.equal(200);
  };

  it('says who it is', async () => {
    expect(await target().identify()).to.deep.equal({ id: `${ACCOUNT}/${WORKER}`, title: `Worker ${WORKER}, account ${ACCOUNT_NAME}` });
  });

  it('knows nothing of a write that was answered with 500', async () => {
    const route = 'PATCH /client/v4/accounts/:account/workers/scripts/:script/secrets-bulk';
    await cloud.backdoor('faults', { route, kind: 'status-after-commit', status: 500 });
    expect((await target().write([create('A')])).map(({ result }) => result)).to.deep.equal(['unknown']);
    expect(await cloud.peek({ worker: WORKER, name: 'A' })).to.equal('v-A');
    await cloud.backdoor('faults', { route, kind: 'status', status: 400 });
    expect((await target().write([create('B')])).map(({ result }) => result)).to.deep.equal(['failed']);
  });

  it('lists in two requests and locks plain variables', async () => {
    const { entries } = await target().list(NONE);
    expect(entries).to.deep.equal([{ name: 'LOG_LEVEL', locked: 'a plain variable of the Worker bears this name' }]);
    expect(cloud.sent).to.have.length(2);
  });

  it('writes 100 creates with one request', async () => {
    const changes = Array.from({ length: 100 }, (_, index) => create(`KEY_${index}`));
    const outcomes = await target().write(changes);
    expect(outcomes.map((outcome) => outcome.result)).to.deep.equal(changes.map(() => 'done'));
    expect(writes()).to.have.length(1);
    expect(writes()[0]?.contentType).to.equal('application/merge-patch+json');
    expect(await cloud.peek({ worker: WORKER, name: 'KEY_99' })).to.equal('v-KEY_99');
  });

  it('creates, updates and deletes with one request, and touches no other name', async () => {
    await target().write([create('KEEP'), create('CHANGE'), create('DROP')]);
    const outcomes = await target().write([create('NEW'), update('CHANGE', 'two'), remove('DROP')]);
    expect(outcomes.map(({ name, result }) => `${name} ${result}`)).to.deep.equal(['NEW done', 'CHANGE done', 'DROP done']);
    expect(writes()).to.have.length(2);
    const names = (await target().list(NONE)).entries.map((entry) => entry.name).toSorted();
    expect(names).to.deep.equal(['CHANGE', 'KEEP', 'LOG_LEVEL', 'NEW']);
    expect(await cloud.peek({ worker: WORKER, name: 'CHANGE' })).to.equal('two');
  });

  it('keeps a secret called __proto__', async () => {
    await target().write([create('__proto__', 'odd'), create('A')]);
    expect(await cloud.peek({ worker: WORKER, name: '__proto__' })).to.equal('odd');
    expect((await target().list(NONE)).entries.map((entry) => entry.name)).to.include('__proto__');
  });

  it('sees a hand edit as touching and a code deployment as not', async () => {
    const [start] = await trail();
    await stranger('deploy-code');
    const afterCode = await trail(new Set([start?.id ?? '']));
    expect(afterCode[0]).to.deep.include({ touches: false });
    expect(afterCode[1]?.id).to.equal(start?.id);
    await stranger('hand-edit', { name: 'X', value: 'by hand' });
    expect((await trail(new Set([start?.id ?? ''])))[0]).to.deep.include({ touches: true });
  });

  it('sees a secret version that somebody deployed later as touching', async () => {
    const [start] = await trail();
    await stranger('upload-version');
    const one = target();
    await one.identify();
    const [outcome] = await one.write([create('A')]);
    const version = outcome?.revision ?? '';
    await deployVersion(version);
    expect((await trail(new Set([start?.id ?? ''])))[0]).to.deep.equal({ id: version, touches: true });
  });

  it('sees a rollback as touching by whatever name it is done', async () => {
    const [start] = await trail();
    await target().write([create('A')]);
    await deployVersion(start?.id ?? '');
    const [written] = (await trail()).slice(1);
    expect((await trail(new Set([written?.id ?? ''])))[0]).to.deep.equal({ id: start?.id, touches: true });
  });

  it('sees a rollback as touching', async () => {
    const [start] = await trail();
    await target().write([create('A')]);
    await stranger('rollback');
    const [newest, written] = await trail();
    expect(newest).to.deep.equal({ id: start?.id, touches: true });
    expect(written?.touches).to.equal(true);
  });

  it('puts versions that wait for a deployment into the trail when asked for', async () => {
    const [start] = await trail();
    await stranger('upload-version');
    const one = target();
    await one.identify();
    const [outcome] = await one.write([create('A')]);
    const found = await trail(new Set([outcome?.revision ?? '']));
    expect(found[0]).to.deep.equal({ id: outcome?.revision, touches: true });
    expect(found[1]?.touches).to.equal(false);
    expect(found[2]?.id).to.equal(start?.id);
  });

  it('writes on top of an undeployed version, and says so first', async () => {
    await stranger('upload-version');
    const one = target();
    const identity = await one.identify();
    expect(identity.effect).to.equal('next-deploy');
    expect(identity.notes).to.have.length(1);
    const [outcome] = await one.write([create('A'), create('B')]);
    expect(outcome?.result).to.equal('done');
    expect(outcome?.revision).to.be.a('string');
    expect(writes().map((request) => request.path.replace(/.*workers\//, ''))).to.deep.equal([`${WORKER}/versions/latest`]);
    expect(await cloud.peek({ worker: WORKER, name: 'A' }), 'nothing is deployed').to.equal(null);
  });

  it('writes nothing else than was said: a version that came meanwhile is a conflict, then a new version on top of it', async () => {
    const one = target();
    expect((await one.identify()).effect).to.equal(undefined);
    await stranger('upload-version');
    const [met] = await one.write([create('A')]);
    expect(met?.result).to.equal('conflict');
    expect((await one.identify()).effect).to.equal('next-deploy');
    const [outcome] = await one.write([create('A')]);
    expect(outcome?.result).to.equal('done');
    expect(outcome?.revision).to.be.a('string');
    expect(writes()).to.have.length(2);
  });

  it('lists the names of the version that waits, once it is known to, and asks about those it met late', async () => {
    await stranger('upload-version');
    const one = target();
    await one.identify();
    await one.write([create('WAITS')]);
    expect((await one.list(NONE)).entries.map(({ name }) => name)).to.include('WAITS');
    expect((await target().list(NONE)).entries.map(({ name }) => name)).to.not.include('WAITS');
    const late = target();
    await late.list(NONE);
    await late.identify();
    const outcomes = await late.write([create('WAITS'), create('B')]);
    expect(outcomes.map(({ name, result }) => `${name} ${result}`)).to.deep.equal(['WAITS conflict', 'B skipped']);
  });

  it('never takes a missing Worker for an empty one', async () => {
    const missing = definition.connect({ ...worker, worker: 'nope' }, cloud.context());
    for (const call of [() => missing.list(NONE), () => missing.identify()]) {
      const error = await call().then(
        () => undefined,
        (problem: unknown) => problem,
      );
      expect(isDcsError(error) && [error.code, error.message, error.details.vendorCode]).to.deep.equal([
        'TARGET',
        `There is no Worker 'nope' in account '${ACCOUNT}'.`,
        10007,
      ]);
    }
  });

  it('never takes a refused token for an empty Worker', async () => {
    const error = await target({ token: 'not-the-token' })
      .list(NONE)
      .then(
        () => undefined,
        (problem: unknown) => problem,
      );
    expect(isDcsError(error) && error.code).to.equal('AUTH');
    expect(isDcsError(error) && error.details.why).to.contain('CLOUDFLARE_API_TOKEN');
  });

  it('reports a failed write as failed, without the value', async () => {
    const outcomes = await target({ token: 'not-the-token' }).write([create('LEAK', 'c4n4ry-value')]);
    expect(outcomes[0]?.result).to.equal('failed');
    expect(isDcsError(outcomes[0]?.error) && outcomes[0].error.code).to.equal('AUTH');
    expect(inspect(outcomes, { depth: 9 }) + JSON.stringify(outcomes)).not.to.contain('c4n4ry');
  });

  it('reports a name that a plain variable bears as failed, and nothing is written', async () => {
    const outcomes = await target().write([create('A'), create('LOG_LEVEL')]);
    expect(outcomes.map((outcome) => outcome.result)).to.deep.equal(['failed', 'failed']);
    expect(await cloud.peek({ worker: WORKER, name: 'A' })).to.equal(null);
  });

  it('says unknown when the answer is lost, and does not send it twice', async () => {
    await cloud.backdoor('faults', { route: 'PATCH /client/v4/accounts/:a/workers/scripts/:s/secrets-bulk', kind: 'reset-after-commit' });
    const outcomes = await target().write([create('A'), create('B')]);
    expect(outcomes.map((outcome) => outcome.result)).to.deep.equal(['unknown', 'unknown']);
    expect((await trail()).length).to.equal(2);
    expect(await cloud.peek({ worker: WORKER, name: 'A' })).to.equal('v-A');
  });

  it('skips everything once aborted', async () => {
    const outcomes = await target({ signal: AbortSignal.abort() }).write([create('A')]);
    expect(outcomes).to.deep.equal([{ name: 'A', result: 'skipped' }]);
    expect(writes()).to.have.length(0);
  });
});
