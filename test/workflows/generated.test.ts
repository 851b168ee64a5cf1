import { existsSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { project, pullEvent, YAML, type Project } from './project.ts';
import { runWorkflow, type Did } from './runner.ts';
import { programs, type Programs } from './scratch.ts';

/** The clouds' token comes from Doppler, and Doppler's from the job's identity: the runner holds nothing. */
const TOKENLESS = `${YAML}credentials: {doppler: dev_clouds}\n`;
const STORED = ['DOPPLER_TOKEN', 'CLOUDFLARE_API_TOKEN', 'GOOGLE_OAUTH_ACCESS_TOKEN', 'NEON_API_KEY', 'GITHUB_TOKEN'];

describe('what dcs ci init github writes, on runners that hold nothing', function () {
  this.timeout(120_000);
  let p: Project;
  let stood: Programs;
  let store: string;
  let tokens: string[];
  beforeEach(async () => {
    tokens = [];
    p = await project(TOKENLESS);
    await fetch(`${p.origin}/v3/configs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${SEED.tokens.user}` },
      body: JSON.stringify({ project: 'shop', environment: 'dev', name: 'dev_clouds' }),
    });
    await p.doppler('dev_clouds', { CLOUDFLARE_API_TOKEN: SEED.cloudflare.token });
    await p.forget();
    stood = await programs(['npm', 'git']);
    store = await mkdtemp(join(tmpdir(), 'dcs-store-'));
    const init = await p.dcs(['ci', 'init', 'github', '--yes']);
    expect(init.code, init.err).to.equal(0);
    await p.git('add', '-A');
    await p.git('commit', '--quiet', '-m', 'ci');
  });
  afterEach(() => p.close());

  const file = (path: string): Promise<string> => readFile(join(p.project, path), 'utf8');
  const clouds = (): Record<string, string> =>
    Object.fromEntries(Object.entries(p.env).filter(([name]) => !STORED.includes(name) && !/^(?:XDG_|HOME$|PATH$)/.test(name)));
  async function run(name: string, payload: Readonly<Record<string, unknown>> = {}): Promise<readonly Did[]> {
    const did = await runWorkflow({
      workflow: await file('.github/workflows/dcs.yml'),
      checkout: p.project,
      event: { name, payload: { repository: { full_name: 'acme/shop', private: true, visibility: 'private' }, ...payload } },
      env: { ...clouds(), ...stood.env },
      vars: { DCS_DOPPLER_IDENTITY: SEED.identity, DCS_DOPPLER_IDENTITY_PR: SEED.identity },
      jobEnv: async (permissions) => {
        const { env } = (await p.post('/_sandbox/github/runs', { repository: 'acme/shop', event: name, permissions })) as {
          env: Record<string, string>;
        };
        tokens.push(env['GITHUB_TOKEN']!, ...(env['ACTIONS_ID_TOKEN_REQUEST_TOKEN'] ? [env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']] : []));
        return env;
      },
      store,
    });
    const seen = JSON.stringify([did.map(({ output, ran }) => [output, ran]), await stood.calls()]);
    for (const secret of [...tokens, SEED.cloudflare.token]) expect(seen).to.not.contain(secret);
    return did;
  }
  const failed = (did: readonly Did[]): string[] =>
    did.filter(({ code }) => code !== 0).map(({ job, step, output }) => `${job}: ${step}: ${output}`);

  it('push, push, schedule, dispatch: the second run writes nothing and no issue is opened', async () => {
    const first = await run('push');
    expect(failed(first)).to.deep.equal([]);
    expect([...new Set(first.map(({ job }) => job))]).to.deep.equal(['sync']);
    expect(first.map(({ step }) => step)).to.include.members(['Install dcs', 'Install the plugins', 'dcs', 'Keep the record']);
    expect(await p.worker('JWT_SECRET')).to.be.a('string');
    await p.forget();
    for (const event of ['push', 'schedule', 'repository_dispatch', 'workflow_dispatch', 'schedule'])
      expect(failed(await run(event)), event).to.deep.equal([]);
    expect(await p.writes()).to.deep.equal([]);
    expect(await p.issues()).to.deep.equal([]);
  });

  it('keeps no record in the cache where nothing says that the repository is private', async () => {
    for (const repository of [{ full_name: 'acme/shop', private: false, visibility: 'public' }, undefined]) {
      const did = await run('push', { repository });
      expect(did.map(({ step }) => step))
        .to.include('dcs')
        .and.not.include('Keep the record');
    }
  });

  it('a change: one comment, the same run again writes nothing; a fork gets no job', async () => {
    const number = await p.pull({ 'dcs.yaml': TOKENLESS.replace('JWT_SECRET]', 'JWT_SECRET, SESSION_KEY]') });
    expect(failed(await run('pull_request', pullEvent(number)))).to.deep.equal([]);
    expect((await p.comments(number)).map(({ body }) => body).join()).to.contain('SESSION_KEY');
    await p.forget();
    expect(failed(await run('pull_request', pullEvent(number)))).to.deep.equal([]);
    expect(await p.writes()).to.deep.equal([]);
    expect(await run('pull_request', pullEvent(number, { from: 'stranger/shop' }))).to.deep.equal([]);
  });

  it('drift: one issue, however often it is looked for', async () => {
    await run('push');
    await p.edit('JWT_SECRET', 'by hand');
    for (let count = 0; count < 2; count++) expect(failed(await run('schedule'))).to.deep.equal([]);
    expect(await p.issues()).to.have.length(1);
  });

  describe('a malicious title, branch and payload', () => {
    const evil = (mark: string): string => `"; touch ${mark}; $(touch ${mark}) \`touch ${mark}\` \${{ github.token }} @everyone #`;
    const payload = (number: number, mark: string) => {
      const event = pullEvent(number, { title: evil(mark) });
      return { ...event, pull_request: { ...event.pull_request, body: evil(mark), head: { ...event.pull_request.head, ref: evil(mark) } } };
    };

    it('runs nothing and is told nowhere', async () => {
      const mark = join(store, 'owned');
      const number = await p.pull({ 'dcs.yaml': TOKENLESS.replace('JWT_SECRET]', 'JWT_SECRET, SESSION_KEY]') });
      expect(failed(await run('pull_request', payload(number, mark)))).to.deep.equal([]);
      expect(existsSync(mark)).to.equal(false);
      expect(JSON.stringify(await p.comments(number))).to.not.contain('everyone');
      const dispatched = await run('repository_dispatch', { client_payload: { environment: evil(mark) } });
      expect(failed(dispatched)).to.deep.equal([]);
      expect(existsSync(mark)).to.equal(false);
    });

    it('would run in a script that had it: the scratch runner notices', async () => {
      const mark = join(store, 'owned');
      const path = '.github/actions/dcs-sync/action.yml';
      await writeFile(
        join(p.project, path),
        (await file(path)).replace(
          'dcs plugins install automation',
          'echo "${{ github.event.pull_request.title }}"\n        dcs plugins install automation',
        ),
      );
      await p.git('commit', '--quiet', '-am', 'planted');
      const number = await p.pull({});
      const did = await run('pull_request', payload(number, mark));
      expect(existsSync(mark), JSON.stringify(did)).to.equal(true);
    });
  });

  it('an inexact version installs nothing', async () => {
    const path = '.github/workflows/dcs.yml';
    await writeFile(join(p.project, path), (await file(path)).replaceAll(/version: .*/g, 'version: latest; npm i evil'));
    const did = await run('push');
    expect(failed(did).join('\n')).to.contain('an exact version');
    expect((await stood.calls()).filter(([program]) => program === 'npm')).to.deep.equal([]);
  });
});
