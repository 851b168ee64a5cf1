import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { project, YAML, type Project } from './project.ts';
import { run } from './runner.ts';
import { programs } from './scratch.ts';

interface Note {
  id: number;
  iid?: number;
  body?: string;
  description?: string;
  title?: string;
  state?: string;
  author: { id: number };
}

const TOKEN = 'glpat-of-the-project';
const ME = 7;

/** Notes and issues of one project: https://docs.gitlab.com/api/notes and /api/issues, last verified 2026-11-21 */
async function gitlab() {
  const notes: Note[] = [];
  const issues: Note[] = [];
  const writes: string[] = [];
  const server: Server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const answer = (status: number, body: unknown): void =>
        void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (request.headers['private-token'] !== TOKEN) return answer(401, { message: '401 Unauthorized' });
      const { pathname, searchParams } = new URL(request.url!, 'http://x');
      if (pathname === '/api/v4/user') return answer(200, { id: ME });
      const [, kind, id] = /^\/api\/v4\/projects\/42\/(merge_requests\/3\/notes|issues)(?:\/(\d+))?$/.exec(pathname) ?? [];
      if (kind === undefined) return answer(404, {});
      const list = kind === 'issues' ? issues : notes;
      if (request.method === 'GET') {
        const shown = kind === 'issues' ? list.filter(({ state }) => state === searchParams.get('state')) : list;
        const [size, page] = [Number(searchParams.get('per_page')), Number(searchParams.get('page'))];
        return answer(200, shown.slice((page - 1) * size, page * size));
      }
      writes.push(`${request.method} ${pathname}`);
      const { state_event: event, ...body } = JSON.parse(text) as Partial<Note> & { state_event?: string };
      if (request.method === 'POST') {
        const number = list.length + 1;
        list.push({ id: 1000 + number, author: { id: ME }, ...(kind === 'issues' ? { iid: number, state: 'opened' } : {}), ...body });
        return answer(201, list.at(-1));
      }
      const found = list.find((one) => String(one.iid ?? one.id) === id);
      if (!found) return answer(404, {});
      return answer(200, Object.assign(found, body, event === 'close' ? { state: 'closed' } : {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v4`;
  return { base, notes, issues, writes, close: () => server.close() };
}

describe('dcs ci run in GitLab CI', () => {
  let p: Project;
  let lab: Awaited<ReturnType<typeof gitlab>>;
  beforeEach(async () => {
    p = await project();
    lab = await gitlab();
  });
  afterEach(async () => {
    lab.close();
    await p.close();
  });

  const job = (source: string, more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
    CI: 'true',
    GITLAB_CI: 'true',
    CI_PIPELINE_SOURCE: source,
    CI_API_V4_URL: lab.base,
    CI_PROJECT_ID: '42',
    CI_PROJECT_VISIBILITY: 'private',
    DCS_GITLAB_TOKEN: TOKEN,
    ...more,
  });
  const change = async (more: Readonly<Record<string, string>> = {}) =>
    job('merge_request_event', {
      CI_MERGE_REQUEST_IID: '3',
      CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '42',
      CI_MERGE_REQUEST_DIFF_BASE_SHA: await p.git('rev-parse', 'main'),
      ...more,
    });
  const ci = (env: Record<string, string>) => p.dcs(['ci', 'run', '-e', 'staging', '--json'], { env });

  it('leaves one note under a merge request that alters the plan, and nothing on forks', async () => {
    await p.pull({ 'dcs.yaml': YAML.replace('JWT_SECRET]', 'JWT_SECRET, SESSION_KEY]') });
    lab.notes.push({ id: 1, body: '<!-- dcs:plan:staging --> mine', author: { id: 8 } });
    const fork = await ci(await change({ CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '43' }));
    expect(fork.json(), fork.err).to.include({ done: 'nothing' });
    const first = await ci(await change());
    expect(first.json(), first.err).to.include({ altered: true, comment: 'created' });
    expect(lab.notes.at(-1)!.body).to.contain('SESSION_KEY');
    expect((await ci(await change())).json()).to.include({ comment: 'unchanged' });
    expect((await ci(await change({ CI_PROJECT_VISIBILITY: 'public' }))).json()).to.include({ comment: 'updated' });
    expect(lab.notes.at(-1)!.body).to.not.contain('SESSION_KEY');
    expect(lab.writes).to.deep.equal([
      'POST /api/v4/projects/42/merge_requests/3/notes',
      'PUT /api/v4/projects/42/merge_requests/3/notes/1002',
    ]);
  });

  it('syncs on a push, and keeps one issue while something drifted', async () => {
    const state = { XDG_STATE_HOME: join(p.home, 'kept') };
    expect((await ci(job('push', state))).json()).to.include({ event: 'sync' });
    expect(await p.worker('JWT_SECRET')).to.be.a('string');
    expect((await ci(job('schedule', state))).json()).to.include({ issue: 'none' });
    await p.edit('JWT_SECRET', 'by hand');
    expect((await ci(job('schedule', state))).json()).to.include({ issue: 'created' });
    expect((await ci(job('schedule', state))).json()).to.include({ issue: 'unchanged' });
    await p.dcs(['sync', '-e', 'staging', '--yes', '--allow', 'rewrite'], { env: state });
    expect((await ci(job('schedule', state))).json()).to.include({ issue: 'closed' });
    expect(lab.issues.map(({ state: is }) => is)).to.deep.equal(['closed']);
  });

  it('says what is missing: the token, the base, an event it knows', async () => {
    await p.pull({ 'dcs.yaml': YAML.replace('JWT_SECRET]', 'JWT_SECRET, SESSION_KEY]') });
    const without = await ci(await change({ DCS_GITLAB_TOKEN: '' }));
    expect([without.code, JSON.stringify(without.json())]).to.satisfy(
      ([code, told]: [number, string]) => code === 3 && told.includes('DCS_GITLAB_TOKEN'),
    );
    const wrong = await ci(await change({ DCS_GITLAB_TOKEN: 'another' }));
    expect(wrong.code).to.equal(3);
    expect(wrong.out + wrong.err).to.not.contain('another');
    expect((await ci(await change({ CI_MERGE_REQUEST_DIFF_BASE_SHA: '--output=x' }))).code).to.equal(2);
    expect((await ci(job('external_pull_request_event'))).code).to.equal(7);
    expect((await p.dcs(['ci', 'run', '-e', 'staging'])).code).to.equal(64);
  });

  it('signs in by the job’s own identity token', async () => {
    const claims = Buffer.from(JSON.stringify({ sub: 'project_path:acme/shop', exp: Math.floor(Date.now() / 1000) + 300 })).toString(
      'base64url',
    );
    const env = job('push', { DCS_DOPPLER_IDENTITY: SEED.identity, DCS_DOPPLER_ID_TOKEN: `e30.${claims}.e30` });
    const ran = await p.dcs(['ci', 'run', '-e', 'staging'], { env: { ...env, DOPPLER_TOKEN: undefined } });
    expect(ran.code, ran.err).to.equal(0);
    expect(await p.worker('JWT_SECRET')).to.be.a('string');
  });

  it('the script of the pipeline that dcs ci init gitlab writes runs twice; the second time writes nothing', async () => {
    expect((await p.dcs(['ci', 'init', 'gitlab', '--yes'])).code).to.equal(0);
    const { dcs } = parse(await readFile(join(p.project, '.gitlab/dcs.yml'), 'utf8')) as {
      dcs: { script: string[]; variables: Record<string, string> };
    };
    const stood = await programs(['npm']);
    const kept = Object.fromEntries(Object.entries(p.env).filter(([name]) => !/^(?:XDG_|PATH$)/.test(name)));
    for (let count = 0; count < 2; count++) {
      await p.forget();
      const more = {
        CI_BUILDS_DIR: join(p.home, `builds-${count}`),
        HOME: join(p.home, `home-${count}`),
        DCS_CI_ENVIRONMENT: 'staging',
        XDG_STATE_HOME: join(p.project, '.dcs-state'),
      };
      const { code, output } = await run('bash', ['-eo', 'pipefail', '-c', dcs.script.join('\n')], p.project, {
        ...kept,
        ...stood.env,
        ...job('push', more),
      });
      expect(code, output).to.equal(0);
    }
    expect(await p.writes()).to.deep.equal([]);
    expect(await p.worker('JWT_SECRET')).to.be.a('string');
    expect(dcs.variables['XDG_STATE_HOME']).to.equal('$CI_PROJECT_DIR/.dcs-state');
  });
});
