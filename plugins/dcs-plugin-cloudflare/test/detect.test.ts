import { expect } from 'chai';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import detect from '../src/detect.ts';

describe('detecting wrangler files', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'dcs-wrangler-'));
    await mkdir(join(root, '.git'));
    await writeFile(join(root, '.git', 'HEAD'), 'ref: refs/heads/main\n');
  });
  afterEach(() => rm(root, { recursive: true }));

  it('finds nothing where there is nothing', async () => {
    expect(await detect(root, {})).to.deep.equal([]);
  });

  it('reads environments of a commented wrangler.jsonc', async () => {
    await writeFile(
      join(root, 'wrangler.jsonc'),
      '{ // mine\n "name": "api", "account_id": "abc", "env": {"staging": {}, "dev": {"name": "api-d"}}, }',
    );
    expect(await detect(root, {})).to.deep.equal([
      {
        name: 'cloudflare',
        type: 'cloudflare',
        file: 'wrangler.jsonc',
        options: { account_id: 'abc', worker: { staging: 'api-staging', dev: 'api-d', prod: 'api' } },
        notes: [],
      },
    ]);
  });

  it('prefers wrangler.json over wrangler.toml, and looks upward', async () => {
    await writeFile(join(root, 'wrangler.toml'), 'name = "toml"\n');
    await mkdir(join(root, 'src'));
    const [toml] = await detect(join(root, 'src'), { CLOUDFLARE_ACCOUNT_ID: 'env' });
    expect(toml?.options).to.deep.equal({ account_id: 'env', worker: { prod: 'toml' } });
    expect(toml?.file).to.equal(join('..', 'wrangler.toml'));
    await writeFile(join(root, 'wrangler.json'), '{"name": "json"}');
    const [json] = await detect(root, {});
    expect(json?.options).to.deep.equal({ worker: { prod: 'json' } });
    expect(json?.notes).to.deep.equal(['account_id is not in wrangler.json']);
  });

  it('knows a Pages project by its output directory', async () => {
    await writeFile(join(root, 'wrangler.toml'), 'name = "site"\npages_build_output_dir = "dist"\n');
    const [found] = await detect(root, {});
    expect(found?.type).to.equal('cloudflare-pages');
    expect(found?.options['project']).to.equal('site');
  });

  it('takes what a build tool adds', async () => {
    await mkdir(join(root, '.wrangler', 'deploy'), { recursive: true });
    await mkdir(join(root, 'dist'));
    await writeFile(join(root, '.wrangler', 'deploy', 'config.json'), '{"configPath": "../../dist/wrangler.json"}');
    await writeFile(join(root, 'dist', 'wrangler.json'), '{"name": "built", "account_id": "abc"}');
    const [found] = await detect(root, {});
    expect(found?.options).to.deep.equal({ account_id: 'abc', worker: { prod: 'built' } });
  });

  it('refuses a broken file instead of finding nothing', async () => {
    await writeFile(join(root, 'wrangler.toml'), 'name = \n');
    const error = await detect(root, {}).then(
      () => undefined,
      (problem: unknown) => problem,
    );
    expect(error).to.have.property('code', 'CONFIG');
  });
});
