import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { world, type World } from '../e2e/world.ts';
import { runWorkflow, type Did, type RunnerOptions } from './runner.ts';
import { programs, scratchClone, updatesBranch, type Programs } from './scratch.ts';
import { execFileSync } from 'node:child_process';

const TOKEN = `ghs_${'w'.repeat(36)}`;
const KEY = 'a-signing-key-that-nothing-may-print';

/** GitHub's releases: https://docs.github.com/rest/releases, last verified 2026-11-21 */
async function releases(): Promise<{ origin: string; made: Release[]; close(): Promise<void> }> {
  const made: Release[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const answer = (status: number, body: unknown): void =>
        void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (request.headers.authorization !== `Bearer ${TOKEN}`) return answer(401, {});
      const url = new URL(request.url!, 'http://x');
      const body = Buffer.concat(chunks);
      if (request.method === 'GET') return answer(200, made);
      if (request.method === 'PATCH') return answer(200, Object.assign(made[0]!, JSON.parse(body.toString('utf8'))));
      if (url.pathname.endsWith('/assets')) {
        made[0]!.assets.push({ name: url.searchParams.get('name')!, size: body.length });
        return answer(201, {});
      }
      const { port } = server.address() as AddressInfo;
      made.push({
        ...(JSON.parse(body.toString('utf8')) as Release),
        id: 1,
        assets: [],
        upload_url: `http://127.0.0.1:${port}/up/assets{?name,label}`,
      });
      return answer(201, made[0]);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, made, close: async () => void server.close() };
}
interface Release {
  id: number;
  tag_name: string;
  target_commitish: string;
  draft: boolean;
  upload_url: string;
  assets: { name: string; size: number }[];
}

describe('every step of the workflows of this repository, in a scratch runner', function () {
  this.timeout(120_000);
  let clone: string;
  let stood: Programs;
  let store: string;
  const tools = ['npm', 'node', 'sudo', 'git', 'oxfmt', 'oxlint', 'tsc'];
  before(async () => {
    clone = await scratchClone();
  });
  beforeEach(async () => {
    stood = await programs(tools);
    store = await mkdtemp(join(tmpdir(), 'dcs-store-'));
  });

  afterEach(() => rm(store, { recursive: true, force: true }));
  after(() => rm(join(clone, '..'), { recursive: true, force: true }));

  const workflow = (name: string): Promise<string> => readFile(join(clone, '.github/workflows', `${name}.yml`), 'utf8');
  const commonly = async (name: string, more: Partial<RunnerOptions> = {}): Promise<readonly Did[]> =>
    runWorkflow({
      workflow: await workflow(name),
      checkout: clone,
      jobEnv: async (permissions) => ({
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        GITHUB_TOKEN: TOKEN,
        GITHUB_REPOSITORY: 'acme/shop',
        GITHUB_SERVER_URL: 'https://github.example',
        GITHUB_SHA: 'c'.repeat(40),
        GITHUB_RUN_ID: '7',
        ...(permissions['id-token'] === 'write'
          ? { ACTIONS_ID_TOKEN_REQUEST_URL: 'http://127.0.0.1:9', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x' }
          : {}),
      }),
      event: { name: 'push', payload: {} },
      env: stood.env,
      store,
      ...more,
    });
  const failed = (did: readonly Did[]): string[] =>
    did.filter(({ code }) => code !== 0).map(({ job, step, output }) => `${job}: ${step}: ${output}`);
  const keepsSecrets = async (did: readonly Did[]): Promise<void> => {
    const seen = JSON.stringify([did, await stood.calls()]);
    for (const secret of [TOKEN, KEY]) expect(seen).to.not.contain(secret);
  };

  it('ci: three systems, three lines of Node, all steps', async () => {
    const did = await commonly('ci');
    expect(failed(did)).to.deep.equal([]);
    expect(did.filter(({ ran }) => ran === '.ci/run')).to.have.length(1);
    expect(did.filter(({ used }) => used?.startsWith('actions/setup-node')).map(({ with: given }) => given!['node-version'])).to.deep.equal(
      ['24', '22', '26', '22', '24', '26', '22', '24', '26'],
    );
    expect(did.filter(({ step }) => step.includes('mocha.js'))).to.have.length(8);
    const calls = (await stood.calls()).map((words) => words.join(' '));
    expect(calls).to.include.members(['oxfmt --check .', 'oxlint --type-aware', 'tsc -p tsconfig.test.json', 'npm run --silent coverage']);
    await keepsSecrets(did);
  });

  describe('release', () => {
    it('does nothing while changes wait, and nothing for a version that is released', async () => {
      const pending = await commonly('release');
      expect(failed(pending)).to.deep.equal([]);
      expect(new Set(pending.map(({ job }) => job))).to.deep.equal(new Set(['due']));
      const released = await due(true);
      expect(new Set((await commonly('release', { checkout: released })).map(({ job }) => job))).to.deep.equal(new Set(['due']));
      await rm(released, { recursive: true });
    });

    /** The clone once its changes are a version. */
    async function due(tagged = false): Promise<string> {
      const folder = await mkdtemp(join(tmpdir(), 'dcs-due-'));
      execFileSync('cp', ['-a', `${clone}/.`, folder]);
      for (const file of await readdir(join(folder, '.changeset'))) if (file.endsWith('.md')) await rm(join(folder, '.changeset', file));
      await writeFile(join(folder, 'CHANGELOG.md'), '# dcs\n\n## 0.1.0\n\nThe first one.\n\n## 0.0.1\n\nBefore.\n');
      const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
      if (tagged) execFileSync('git', ['-C', folder, 'tag', `v${version}`]);
      return folder;
    }

    it('packs, signs, publishes by identity, and leaves one release and the updates behind', async () => {
      const checkout = await due();
      const origin = await updatesBranch(store);
      const github = await releases();
      try {
        const run = (): Promise<readonly Did[]> =>
          commonly('release', { checkout, env: { ...stood.env, GITHUB_API_URL: github.origin }, secrets: { DCS_SIGNING_KEY: KEY } });
        const did = await run();
        expect(failed(did)).to.deep.equal([]);
        expect(did.at(-1)!.step, 'a run that ends before is run again as a whole').to.equal('GitHub release');
        expect([...new Set(did.map(({ job }) => job))]).to.deep.equal(['due', 'packages', 'standalone', 'sign', 'publish']);
        for (const { job, with: given } of did.filter(({ used }) => used?.includes('artifact')))
          expect(job === 'publish' ? (given!['name'] ?? given!['pattern']) : '', 'what is published was signed').to.be.oneOf([
            '',
            'release',
            'updates-*',
          ]);
        const [release, ...others] = github.made;
        expect(others).to.deep.equal([]);
        expect(release).to.include({ tag_name: 'v0.1.0', target_commitish: 'c'.repeat(40), draft: false });
        expect((release as unknown as { body: string }).body).to.equal('## 0.1.0\n\nThe first one.\n\n');
        expect(release!.assets.map(({ name }) => name).toSorted()).to.deep.equal([
          'SHA256SUMS',
          'SHA256SUMS.sig',
          'dcs-sdk-0.1.0.tgz',
          ...['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64', 'win32-x64'].map((platform) => `dcs-v0.1.0-${platform}.tar.gz`),
          'dcs.cdx.json',
          'dcs.rb',
        ]);
        const shown = execFileSync('git', ['-C', origin, 'ls-tree', '-r', '--name-only', 'updates'], { encoding: 'utf8' });
        expect(shown).to.contain('channels/stable/darwin-x64.signed').and.to.contain('parts/win32-x64.part');
        await keepsSecrets(did);

        const again = await run();
        expect(failed(again), 'it may be run again').to.deep.equal([]);
        expect(github.made[0]!.assets).to.have.length(10);
      } finally {
        await github.close();
      }
    });
  });

  it('renew: what dcs update reads stays true', async () => {
    const origin = await updatesBranch(store);
    const did = await commonly('renew', { secrets: { DCS_SIGNING_KEY: KEY } });
    expect(failed(did)).to.deep.equal([]);
    expect(execFileSync('git', ['-C', origin, 'log', '--format=%an %s', '-1', 'updates'], { encoding: 'utf8' })).to.equal(
      'github-actions[bot] renewed\n',
    );
    await keepsSecrets(did);
  });

  describe('conformance', () => {
    let w: World;
    beforeEach(async () => {
      w = await world();
      await mkdir(store, { recursive: true });
    });
    afterEach(() => w.close());

    it('opens one issue while a vendor differs, and closes it', async () => {
      const run = async (fails: string): Promise<readonly Did[]> =>
        commonly('conformance', {
          env: { ...stood.env, STAND_IN_FAILS: fails },
          jobEnv: async (permissions) => {
            const { env } = (await w.post('/_sandbox/github/runs', { repository: 'acme/shop', event: 'schedule', permissions })) as {
              env: Record<string, string>;
            };
            return env;
          },
        });
      const issues = async () =>
        (await (
          await fetch(`${w.origin}/github/repos/acme/shop/issues?state=all`, { headers: { authorization: `Bearer ghp_${'g'.repeat(36)}` } })
        ).json()) as {
          state: string;
          pull_request?: unknown;
        }[];
      const first = await run('conformance');
      expect(first.filter(({ code }) => code !== 0).map(({ step }) => step)).to.deep.equal(['npm run test:conformance']);
      expect(first.at(-1)!.output).to.contain('issue: created');
      expect((await run('conformance')).at(-1)!.output).to.contain('issue: updated');
      expect((await run('')).at(-1)!.output).to.contain('issue: closed');
      expect((await run('')).at(-1)!.output).to.contain('issue: none');
      expect((await issues()).filter((issue) => issue.pull_request === undefined).map(({ state }) => state)).to.deep.equal(['closed']);
    });
  });

  it('fails where a step does: a stand-in takes nothing else than what is written', async () => {
    const text = (await workflow('conformance')).replace('run: npm run build', 'run: npm run build --other');
    const did = await commonly('conformance', { workflow: text });
    expect(failed(did)[0]).to.contain('stand-in');
    expect(did.map(({ step }) => step)).to.not.include('npm run test:conformance');
  });
});
