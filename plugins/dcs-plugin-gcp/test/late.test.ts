import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Write } from 'dcs-sdk';
import { connectSecrets } from '../src/target.ts';
import { AT_ONCE, create, openCloud, PROJECT, update, type Cloud } from './sandbox.ts';

const route = 'POST /google/secretmanager/v1/projects/:project/secrets/:secret:addVersion';

describe('a version whose answer did not come', () => {
  let cloud: Cloud;
  beforeEach(async () => {
    cloud = await openCloud();
  });
  afterEach(() => cloud.stop());
  const write = async (change: Write) => {
    const target = connectSecrets({ project_id: PROJECT }, cloud.context(), { pace: AT_ONCE });
    await target.list(new Set());
    return (await target.write([change]))[0];
  };
  const versions = async (name: string) =>
    (await (await fetch(`${cloud.origin}/_sandbox/google/peek?${new URLSearchParams({ project: PROJECT, name })}`)).json()) as object;

  it('in time may be under way: no second one is added', async () => {
    await write(create('A', 'one'));
    await cloud.backdoor('faults', { route, kind: 'delay', ms: 2300 });
    expect((await write(update('A', 'two')))?.result).to.equal('unknown');
    await sleep(600);
    expect(await versions('A')).to.deep.equal({ value: 'two', version: 2 });
  }).timeout(20_000);

  it('but a 500, may have been added: it is looked for', async () => {
    await cloud.backdoor('faults', { route, kind: 'status-after-commit', status: 500 });
    expect(await write(create('B', 'one'))).to.include({ result: 'done', revision: 'B@1' });
    expect(await versions('B')).to.deep.equal({ value: 'one', version: 1 });
  });
});

describe('a value that a broken server does not give', () => {
  it('is not one that may not be read: the listing fails', async () => {
    const cloud = await openCloud();
    try {
      const target = connectSecrets({ project_id: PROJECT }, cloud.context(), { pace: AT_ONCE });
      await cloud.backdoor('google/hand-edit', { project: PROJECT, name: 'A', value: 'one' });
      const route = 'GET /google/secretmanager/v1/projects/:project/secrets/:secret/versions/:version:access';
      await cloud.backdoor('faults', { route, kind: 'status', status: 500, times: 'forever' });
      expect(await target.list(new Set()).catch((error: unknown) => String(error))).to.contain('500');
    } finally {
      await cloud.stop();
    }
  });
});
