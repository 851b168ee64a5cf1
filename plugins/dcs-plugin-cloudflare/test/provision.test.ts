import { expect } from 'chai';
import type { Detected, Host } from 'dcs-sdk';
import { createApi } from '../src/api.ts';
import { pagesProjects } from '../src/pages-projects.ts';
import { createDraft, link, workerExists, workersOf } from '../src/provision.ts';
import { workerNames } from '../src/worker-api.ts';
import { ACCOUNT, openCloud, PROJECT, WORKER, type Cloud } from './sandbox.ts';

const found: Detected = {
  name: 'cloudflare',
  type: 'cloudflare',
  file: 'wrangler.toml',
  options: { account_id: ACCOUNT, worker: { staging: 'a-staging', prod: 'a' } },
  notes: [],
};

/** A host that keeps dcs.yaml in memory. */
function hostWith(entry: Record<string, unknown> | undefined, yes: boolean) {
  const edits: [string, unknown][] = [];
  const asked: string[] = [];
  const host = {
    targets: async () => (entry === undefined ? [] : [{ name: 'api', type: 'cloudflare', options: entry }]),
    confirm: async (question: string) => {
      asked.push(question);
      return yes;
    },
    editConfig: async (path: readonly string[], value: unknown) => {
      edits.push([path.join('.'), value]);
      return 'dcs.yaml';
    },
  };
  return { host: host as unknown as Host, edits, asked };
}

describe('provisioning Cloudflare', () => {
  let cloud: Cloud;
  beforeEach(async () => {
    cloud = await openCloud();
  });
  afterEach(() => cloud.stop());

  it('writes what dcs.yaml lacks, and keeps what is there', async () => {
    const { host, edits } = hostWith({ account_id: 'mine' }, true);
    const linked = await link(host, found);
    expect(edits).to.deep.equal([['targets.api.worker', { staging: 'a-staging', prod: 'a' }]]);
    expect(linked.options['account_id']).to.equal('mine');
  });

  it('asks and writes nothing when all is there', async () => {
    const { host, edits, asked } = hostWith({ account_id: 'mine', worker: 'w' }, true);
    expect((await link(host, found)).linked).to.deep.equal([]);
    expect([...edits, ...asked]).to.deep.equal([]);
  });

  it('writes nothing without consent', async () => {
    const { host, edits } = hostWith(undefined, false);
    const error = await link(host, found).then(
      () => undefined,
      (problem: unknown) => problem,
    );
    expect(error).to.have.property('code', 'REFUSED');
    expect(edits).to.deep.equal([]);
  });

  it('makes an empty Worker that takes secrets', async () => {
    const api = createApi(cloud.context());
    expect(await workerExists(api, ACCOUNT, 'draft')).to.equal(false);
    await createDraft(api, ACCOUNT, 'draft');
    expect(await workerExists(api, ACCOUNT, 'draft')).to.equal(true);
    expect(await workerNames(api, ACCOUNT)).to.include.members(['draft', WORKER]);
  });

  it('lists Pages projects', async () => {
    expect(await pagesProjects(createApi(cloud.context()), ACCOUNT)).to.include(PROJECT);
  });

  it('collects the Workers of every environment once', () => {
    expect(workersOf({ worker: { staging: 'a', prod: 'a' } })).to.deep.equal(['a']);
    expect(workersOf({ worker: 'b' })).to.deep.equal(['b']);
    expect(workersOf({})).to.deep.equal([]);
  });
});
