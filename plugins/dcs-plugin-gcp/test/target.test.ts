import { expect } from 'chai';
import { isDcsError, Secret, type Entry, type Put, type Target } from 'dcs-sdk';
import { paceOf, type Pace } from '../src/pace.ts';
import type { GcpOptions } from '../src/options.ts';
import definition, { connectSecrets } from '../src/target.ts';
import { AT_ONCE, create, openCloud, PROJECT, remove, update, type Cloud } from './sandbox.ts';

const OWNER = 'https://api.doppler.com/shop/prd';
const NONE: ReadonlySet<string> = new Set();
const whyOf = (error: unknown): string => (isDcsError(error) ? (error.details.why ?? '') : 'no DcsError');
const marked = (put: Put, created = put.action === 'create'): Put => ({
  ...put,
  mark: { owner: OWNER, created, mac: `mac-${put.secret.reveal()}`, keyId: 'k1' },
});

describe('Google Secret Manager', () => {
  let cloud: Cloud;
  beforeEach(async () => {
    cloud = await openCloud();
  });
  afterEach(() => cloud.stop());

  const open = (options: Partial<GcpOptions> = {}, { pace = AT_ONCE, token }: { pace?: Pace; token?: string } = {}): Target =>
    connectSecrets({ project_id: PROJECT, ...options }, cloud.context(token === undefined ? {} : { token }), { pace });
  const results = async (target: Target, ...changes: Parameters<Target['write']>[0]): Promise<string[]> =>
    (await target.write(changes)).map(({ result }) => result);
  const entry = async (target: Target, name: string, since = NONE): Promise<Entry | undefined> =>
    (await target.list(since)).entries.find((each) => each.name === name);
  const edit = (name: string, value: string | null): Promise<unknown> =>
    cloud.backdoor('google/hand-edit', { project: PROJECT, name, value });
  const call = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const headers = { authorization: `Bearer ${cloud.context().env['GOOGLE_OAUTH_ACCESS_TOKEN']}`, 'content-type': 'application/json' };
    const answer = await fetch(`${cloud.origin}/google/secretmanager/v1/projects/${PROJECT}/${path}`, { method, headers, ...json });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
    return (await answer.json()) as Record<string, unknown>;
  };
  const writes = async (): Promise<string[]> =>
    (await cloud.sent())
      .filter(({ method, path }) => method !== 'GET' && !path.endsWith('/batch'))
      .map(({ method, path }) => `${method} ${path.split('/').at(-1)}`);
  const person = async (roles: string[]): Promise<string> => {
    await cloud.backdoor('google/tokens', { value: 'ya29.narrow', member: 'user:narrow@sandbox.example' });
    await cloud.backdoor('google/grants', { project: PROJECT, member: 'user:narrow@sandbox.example', roles });
    return 'ya29.narrow';
  };

  it('writes a new secret with two requests, and an update with two, with labels, annotations and a checksum', async () => {
    const target = open();
    expect(await results(target, marked(create('A', 'one')))).to.deep.equal(['done']);
    expect(await writes()).to.deep.equal(['POST secrets', 'POST A:addVersion']);
    await cloud.forget();
    expect(await results(target, marked(update('A', 'two'), true))).to.deep.equal(['done']);
    expect(await writes()).to.deep.equal(['POST A:addVersion', 'PATCH A']);
    const held = await call('GET', 'secrets/A');
    expect(held['labels']).to.deep.equal({ 'managed-by': 'dcs' });
    expect(held['annotations']).to.deep.equal({
      'dcs-source': OWNER,
      'dcs-created': 'true',
      'dcs-hmac': 'mac-two',
      'dcs-key': 'k1',
      'dcs-version': '2',
      'dcs-writer': 'dcs',
    });
    expect(await call('GET', 'secrets/A/versions/2')).to.include({ clientSpecifiedPayloadChecksum: true });
  });

  it('lists 500 secrets and their values with two requests', async () => {
    const names = Array.from({ length: 500 }, (_, index) => `KEY_${index}`);
    expect(new Set(await results(open(), ...names.map((name) => create(name))))).to.deep.equal(new Set(['done']));
    expect(await writes()).to.have.length(1000);
    const before = cloud.requests();
    const { entries } = await open().list(NONE);
    expect(cloud.requests() - before).to.equal(2);
    expect(new Map(entries.map(({ name, value }) => [name, value?.reveal()]))).to.deep.equal(
      new Map(names.map((name) => [name, `v-${name}`])),
    );
  });

  it('reads each value alone where the API takes no batches, or answers parts of one only', async () => {
    const target = open();
    await results(target, create('A', 'one'), create('B', 'two'));
    for (const body of ['<html>', '--x\r\nContent-ID: <response-0>\r\n\r\nHTTP/1.1 503 No\r\n\r\n{}\r\n--x--']) {
      await cloud.backdoor('faults', { route: '/google/secretmanager/batch', times: 1, kind: 'status', status: 200, body });
      expect((await entry(open(), 'A'))?.value?.reveal()).to.equal('one');
    }
    await cloud.backdoor('faults', { route: '/google/secretmanager/batch', times: 1, kind: 'status', status: 404, body: {} });
    expect((await entry(open(), 'B'))?.value?.reveal()).to.equal('two');
  });

  it('stays within the quotas: 8 writes a second to a project, 2 to a secret', async () => {
    let now = 0;
    const turns: [number, string | undefined][] = [];
    const timers: { at: number; wake: () => void }[] = [];
    const pace = paceOf(
      () => now,
      (ms) => new Promise((resolve) => timers.push({ at: now + ms, wake: resolve })),
    );
    const counted: Pace = {
      async turn(project, secret) {
        await pace.turn(project, secret);
        turns.push([now, secret]);
      },
    };
    const names = Array.from({ length: 500 }, (_, index) => `KEY_${index}`);
    const writing = open({}, { pace: counted }).write(names.map((name) => marked(create(name))));
    let over = false;
    void writing.finally(() => (over = true));
    while (!over) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = timers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) continue;
      timers.splice(timers.indexOf(next), 1);
      now = Math.max(now, next.at);
      next.wake();
    }
    await writing;
    expect(turns).to.have.length(1000);
    const most = (times: readonly number[], span: number): number =>
      Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + span).length));
    expect(
      most(
        turns.map(([at]) => at),
        1000,
      ),
    ).to.be.at.most(8);
    expect(
      most(
        turns.map(([at]) => at),
        60_000,
      ),
    ).to.be.at.most(600);
    for (const name of names.slice(0, 20))
      expect(
        most(
          turns.filter(([, secret]) => secret === name).map(([at]) => at),
          1000,
        ),
      ).to.be.at.most(2);
  });

  it('keeps to them by itself: the vendor’s own quotas refuse nothing', async () => {
    await cloud.backdoor('google/limits', {});
    const target = definition.connect({ project_id: PROJECT }, cloud.context());
    expect(await results(target, marked(create('A', 'one')))).to.deep.equal(['done']);
    for (const value of ['two', 'three']) expect(await results(target, marked(update('A', value), true))).to.deep.equal(['done']);
    expect((await cloud.sent()).map(({ status }) => status)).to.not.include(429);
  }).timeout(10_000);

  it('looks before it repeats a create or a version whose answer was lost', async () => {
    const target = open();
    await cloud.backdoor('faults', {
      route: 'POST /google/secretmanager/v1/projects/:project/secrets',

      times: 1,
      kind: 'reset-after-commit',
    });
    expect(await results(target, marked(create('A', 'one')))).to.deep.equal(['done']);
    expect(await writes()).to.deep.equal(['POST secrets', 'POST A:addVersion']);
    for (const [kind, version] of [
      ['reset-after-commit', 2],
      ['reset', 3],
    ] as const) {
      await cloud.backdoor('faults', {
        route: 'POST /google/secretmanager/v1/projects/:project/secrets/:secret:addVersion',
        times: 1,
        kind,
      });
      expect((await target.write([marked(update('A', `by ${kind}`), true)]))[0]).to.include({ result: 'done', revision: `A@${version}` });
      expect(await cloud.peek('A')).to.equal(`by ${kind}`);
    }
  });

  it('never takes another’s secret for one whose answer was lost', async () => {
    await edit('A', 'theirs');
    await cloud.backdoor('faults', { route: 'POST /google/secretmanager/v1/projects/:project/secrets', times: 1, kind: 'reset' });
    expect(await results(open(), marked(create('A', 'ours')))).to.deep.equal(['unknown']);
    expect(await results(open(), marked(create('A', 'ours')))).to.deep.equal(['conflict']);
    expect(await cloud.peek('A')).to.equal('theirs');
  });

  it('sees its own writes through late lists and a late latest, also from another process', async () => {
    await cloud.backdoor('google/consistency', { held: true });
    const target = open();
    const [made] = await target.write([marked(create('A', 'one'))]);
    const [changed] = await target.write([marked(update('A', 'two'), true)]);
    expect((await entry(target, 'A'))?.value?.reveal()).to.equal('two');
    const since = new Set([made!.revision!, changed!.revision!]);
    const again = await entry(open(), 'A', since);
    expect(again?.value?.reveal()).to.equal('two');
    expect(again?.trail?.[0]?.id).to.equal('A@2');
    await target.write([{ ...remove('A'), birth: made!.birth! }]);
    expect(await entry(target, 'A')).to.equal(undefined);
  });

  it('keeps as many enabled versions as keep_versions says, and destroys none', async () => {
    const target = open({ keep_versions: 2 });
    await target.write([create('A', 'one')]);
    for (const value of ['two', 'three', 'four']) await target.write([update('A', value)]);
    const { versions } = (await call('GET', 'secrets/A/versions')) as { versions: { state: string }[] };
    expect(versions.map(({ state }) => state)).to.deep.equal(['ENABLED', 'ENABLED', 'DISABLED', 'DISABLED']);
  });

  it('shows a newest version that somebody disabled as a change', async () => {
    const target = open();
    await target.write([marked(create('A', 'one'))]);
    await call('POST', 'secrets/A/versions/1:disable', {});
    const found = await entry(target, 'A');
    expect(found?.value).to.equal(undefined);
    expect(found?.trail?.map(({ id }) => id)).to.deep.equal(['A@1 DISABLED', 'A@1']);
    expect(found?.mark?.revision).to.equal('A@1');
  });

  it('needs no right to read values: versions and marks are enough', async () => {
    await open().write([marked(create('A', 'one')), marked(create('B', 'two'))]);
    const token = await person(['roles/secretmanager.viewer', 'roles/secretmanager.secretVersionAdder']);
    const target = open({}, { token });
    const found = await entry(target, 'A');
    expect(found?.value).to.equal(undefined);
    expect(found?.trail?.[0]?.id).to.equal(found?.mark?.revision);
    const [outcome] = await target.write([marked(create('C', 'three'))]);
    expect(outcome).to.include({ result: 'failed' });
    expect(whyOf(outcome?.error)).to.contain('secretmanager.secrets.create');
  });

  it('leaves a stranger’s secret alone that it may not look at, and is not blind to its own', async () => {
    await edit('THEIRS', 'x');
    await open().write([marked(create('A', 'one'))]);
    const closed = (id: string) =>
      cloud.backdoor('faults', {
        route: `/google/secretmanager/v1/projects/${PROJECT}/secrets/${id}/versions`,
        times: 'forever',
        kind: 'status',
        status: 403,
        body: { error: { code: 403, status: 'PERMISSION_DENIED' } },
      });
    await cloud.backdoor('faults', { route: '/google/secretmanager/batch', times: 'forever', kind: 'status', status: 404, body: {} });
    await closed('THEIRS');
    expect((await entry(open(), 'THEIRS'))?.locked).to.contain('may not look');
    expect((await entry(open(), 'A'))?.value?.reveal()).to.equal('one');
    await closed('A');
    expect(
      await open()
        .list(NONE)
        .catch((error: unknown) => error),
    ).to.have.property('code', 'AUTH');
  });

  it('a secret without a version holds nothing, and gets its first one', async () => {
    await call('POST', 'secrets?secretId=A', { replication: { automatic: {} }, labels: { team: 'web' }, annotations: { note: 'theirs' } });
    const target = open();
    expect(await entry(target, 'A'))
      .to.include({ name: 'A' })
      .and.to.not.have.any.keys('value', 'mark');
    expect(await results(target, marked(update('A', 'one')))).to.deep.equal(['done']);
    const held = await call('GET', 'secrets/A');
    expect(held['labels']).to.deep.equal({ team: 'web' });
    expect(held['annotations']).to.include({ note: 'theirs', 'dcs-created': 'false', 'dcs-version': '1' });
  });

  it('deletes only the secret that was listed', async () => {
    const target = open();
    await target.write([marked(create('A', 'one'))]);
    const birth = (await entry(target, 'A'))!.birth!;
    await call('PATCH', 'secrets/A?updateMask=labels', { labels: { team: 'web' } });
    expect(await results(target, { ...remove('A'), birth })).to.deep.equal(['conflict']);
    await target.list(NONE);
    expect(await results(target, { ...remove('A'), birth: 'another' })).to.deep.equal(['conflict']);
    expect(await cloud.peek('A')).to.equal('one');
    expect(await results(target, { ...remove('A'), birth })).to.deep.equal(['done']);
  });

  it('names by case and prefix, sees no other id, and gives no two names one id', async () => {
    const options = { case: 'kebab', id_prefix: 'shop-' } as const;
    const target = open(options);
    await edit('other-thing', 'x');
    await edit('shop-Strange_Id', 'x');
    expect(await results(target, create('STRIPE_KEY', 'one'))).to.deep.equal(['done']);
    expect(await cloud.peek('shop-stripe-key')).to.equal('one');
    const { entries } = await target.list(NONE);
    expect(Object.fromEntries(entries.map(({ name, locked }) => [name, locked === undefined]))).to.deep.equal({
      STRIPE_KEY: true,
      Strange_Id: false,
    });
    for (const name of ['apiKey', 'A-B']) {
      expect(definition.check?.(name, new Secret('x'), { project_id: PROJECT, ...options })).to.contain('same id');
      expect(await results(target, create(name, 'two'))).to.deep.equal(['failed']);
    }
  });

  it('says what is not enabled, and which right is missing', async () => {
    const denied = await open({}, { token: await person(['roles/browser']) })
      .list(NONE)
      .catch((error: unknown) => error);
    expect(denied).to.have.property('code', 'AUTH');
    expect(whyOf(denied)).to.contain('secretmanager.secrets.list');
  });
});
