import { expect } from 'chai';
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import service from '../src/service.ts';
import { schema, workerFields } from '../src/options.ts';
import { ACCOUNT, contextFor, credential, openCloud, type Cloud } from './sandbox.ts';

const OFFICIAL = service.endpoint({});

describe('the Cloudflare credential', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dcs-wrangler-bin-'));
    const file = join(folder, 'wrangler');
    await writeFile(
      file,
      `#!/usr/bin/env node\nconsole.log(JSON.stringify({ type: 'oauth', token: process.env.CANARY ?? process.argv.slice(2).join(' ') }));\n`,
    );
    await chmod(file, 0o755);
  });
  afterEach(() => rm(folder, { recursive: true }));
  const path = () => `${folder}${delimiter}${dirname(process.execPath)}`;

  it('comes from the environment first, then from dcs login, then from wrangler', async () => {
    const env = { PATH: path() };
    const kept = { ...contextFor(OFFICIAL, env), kept: async () => 'kept' };
    const all = { ...contextFor(OFFICIAL, { ...env, CLOUDFLARE_API_TOKEN: 'env' }), kept: async () => 'kept' };
    expect(await service.credential(all)).to.deep.equal({
      token: 'env',
      from: 'CLOUDFLARE_API_TOKEN',
      beats: ['the token kept by dcs login'],
    });
    expect((await service.credential(kept))?.token).to.equal('kept');
    expect(await service.credential(contextFor(OFFICIAL, env))).to.deep.equal({
      token: 'auth token --json',
      from: 'wrangler login',
      beats: [],
    });
  });

  it('hands wrangler no more of the environment than it needs', async () => {
    const found = await service.credential(contextFor(OFFICIAL, { PATH: path(), CANARY: 'leaked' }));
    expect(found?.token).to.equal('auth token --json');
  });

  it('runs no wrangler that a repository brings', async () => {
    const bin = join(folder, 'node_modules', '.bin');
    await mkdir(bin, { recursive: true });
    await copyFile(join(folder, 'wrangler'), join(bin, 'wrangler'));
    const before = process.cwd();
    process.chdir(folder);
    try {
      const search = [dirname(process.execPath), '.', '', 'node_modules/.bin'].join(delimiter);
      expect(await service.credential(contextFor(OFFICIAL, { PATH: search }))).to.equal(undefined);
    } finally {
      process.chdir(before);
    }
  });

  it('never takes wrangler login to another host', async () => {
    expect(await service.credential(contextFor('http://127.0.0.1:1/client/v4', { PATH: path() }))).to.equal(undefined);
  });

  it('is none when wrangler is not signed in', async () => {
    await writeFile(join(folder, 'wrangler'), '#!/bin/sh\nexit 1\n');
    expect(await service.credential(contextFor(OFFICIAL, { PATH: path() }))).to.equal(undefined);
  });
});

describe('who the Cloudflare credential is', () => {
  let cloud: Cloud;
  before(async () => {
    cloud = await openCloud();
  });
  after(() => cloud.stop());

  it('names the account and what it sees', async () => {
    const who = await service.whoami(credential(), cloud.context());
    expect(who.account).to.contain(ACCOUNT);
    expect(who.rights).to.deep.equal(['sees Workers', 'sees Pages', 'sees Secrets Store']);
  });

  it('throws AUTH for a refused token', async () => {
    const error = await service.whoami(credential('not-the-token'), cloud.context()).then(
      () => undefined,
      (problem: unknown) => problem,
    );
    expect(error).to.have.property('code', 'AUTH');
  });
});

describe('the options of a Worker', () => {
  const issues = async (value: unknown) => (await schema(workerFields)['~standard'].validate(value)).issues?.map((issue) => issue.message);
  it('accepts an account and a name, and nothing that would leave the path', async () => {
    expect(await issues({ account_id: 'abc', worker: 'shop' })).to.equal(undefined);
    expect(await issues({ worker: 'shop' })).to.deep.equal(['account_id is missing']);
    expect(await issues({ account_id: 'a/b', worker: '..' })).to.have.length(2);
    expect(await issues([])).to.deep.equal(['must be a map']);
  });
});
