import { rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { project, PULL, pullEvent, YAML, type Project } from './project.ts';

const MORE = YAML.replace('JWT_SECRET]', 'JWT_SECRET, STRIPE_KEY]\n    existing: replace');

describe('dcs ci run in GitHub Actions', () => {
  let p: Project;
  beforeEach(async () => {
    p = await project();
  });
  afterEach(() => p.close());

  const pullJob = (number: number, more: Parameters<typeof pullEvent>[1] = {}) => p.job('pull_request', pullEvent(number, more), PULL);

  it('leaves one comment under a change that alters the plan, renews it, and takes it back', async () => {
    const number = await p.pull({ 'dcs.yaml': MORE });
    const job = await pullJob(number);
    const first = await p.ci(job, '--json');
    expect(first.code, first.err + first.out).to.equal(0);
    expect(first.json()).to.include({ event: 'change', altered: true, comment: 'created' });
    const [comment, ...others] = await p.comments(number);
    expect(others).to.deep.equal([]);
    expect(comment!.body).to.match(/^<!-- dcs:plan:staging -->/);
    expect(comment!.body).to.contain('STRIPE_KEY').and.not.to.contain('JWT_SECRET');
    expect(await p.summary(job)).to.contain('STRIPE_KEY');
    expect(await p.worker('STRIPE_KEY'), 'a plan writes nothing').to.equal(undefined);
    expect(await p.git('worktree', 'list')).to.not.contain('dcs-ci-');

    await p.forget();
    const again = await p.ci(await pullJob(number), '--json');
    expect(again.json()).to.include({ comment: 'unchanged' });
    expect(await p.writes()).to.deep.equal([]);

    await p.git('checkout', '--quiet', '--detach', 'main');
    await p.git('merge', '--quiet', '--no-ff', '-m', 'nothing', await p.git('commit-tree', 'main^{tree}', '-p', 'main', '-m', 'same'));
    const back = await p.ci(await pullJob(number), '--json');
    expect(back.json(), back.err).to.include({ altered: false, comment: 'updated' });
    expect((await p.comments(number)).map(({ body }) => body)).to.deep.equal([
      '<!-- dcs:plan:staging -->\nThis change no longer alters what dcs plans for `staging`.',
    ]);
  });

  it('says nothing under a change that leaves the plan as it is', async () => {
    const number = await p.pull({ 'README.md': 'more' });
    const run = await p.ci(await pullJob(number), '--json');
    expect(run.json(), run.err).to.include({ altered: false, comment: 'none' });
    expect(await p.comments(number)).to.deep.equal([]);
  });

  it('does nothing on a fork, without a request to any cloud', async () => {
    const number = await p.pull({ 'dcs.yaml': MORE }, { fork: true });
    await p.forget();
    const run = await p.ci(await pullJob(number, { from: 'stranger/shop' }), '--json');
    expect(run.json(), run.err).to.include({ done: 'nothing' });
    expect(await p.journal()).to.deep.equal([]);
  });

  it('counts where the repository is public, unless told to list', async () => {
    const number = await p.pull({ 'dcs.yaml': MORE });
    const job = await pullJob(number, { isPublic: true });
    expect((await p.ci(job)).code).to.equal(0);
    expect((await p.comments(number))[0]!.body)
      .to.match(/api {2}\+ create {3}1/)
      .and.not.contain('STRIPE');
    expect((await p.ci(job, '--names', 'list')).code).to.equal(0);
    expect((await p.comments(number))[0]!.body).to.contain('STRIPE_KEY');
  });

  it('refuses events that run a stranger’s files with rights, and a checkout without its base', async () => {
    const number = await p.pull({ 'dcs.yaml': MORE });
    const target = await p.ci({ ...(await pullJob(number)), GITHUB_EVENT_NAME: 'pull_request_target' });
    expect(target.code).to.equal(7);
    expect(target.err).to.contain('pull_request_target');
    await p.git('checkout', '--quiet', 'change');
    expect((await p.ci(await pullJob(number))).code, 'the head itself').to.equal(2);
    await p.git('checkout', '--quiet', '--orphan', 'lone');
    await p.git('commit', '--quiet', '-m', 'lone');
    const lone = await p.ci(await pullJob(number));
    expect(lone.code, lone.out).to.equal(2);
    expect(lone.err).to.contain('fetch-depth: 2');
  });

  it('takes no comment of somebody else for its own, and never writes a second one beside many', async () => {
    const number = await p.pull({ 'dcs.yaml': MORE });
    for (let count = 0; count < 120; count++)
      await fetch(`${p.origin}/github/repos/acme/shop/issues/${number}/comments`, {
        method: 'POST',
        headers: { authorization: `Bearer ${SEED.github.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ body: '<!-- dcs:plan:staging --> mine' }),
      });
    expect((await p.ci(await pullJob(number), '--json')).json()).to.include({ comment: 'created' });
    expect((await p.ci(await pullJob(number), '--json')).json()).to.include({ comment: 'unchanged' });
  });

  it('finds its comment again with the token of a person', async () => {
    const number = await p.pull({ 'dcs.yaml': MORE });
    const job = async () => ({ ...(await pullJob(number)), GITHUB_TOKEN: SEED.github.token });
    expect((await p.ci(await job(), '--json')).json()).to.include({ comment: 'created' });
    expect((await p.ci(await job(), '--json')).json()).to.include({ comment: 'unchanged' });
  });

  it('is about the dcs.yaml that it is told, before the change and with it', async () => {
    await p.git('checkout', '--quiet', 'main');
    await writeFile(join(p.project, 'shop.yaml'), YAML);
    await p.git('add', '-A');
    await p.git('commit', '--quiet', '-m', 'another name');
    await p.git('rm', '--quiet', 'dcs.yaml');
    await p.git('commit', '--quiet', '-m', 'away');
    const same = await p.ci(await pullJob(await p.pull({ 'README.md': 'more' })), '--config-file', 'shop.yaml', '--json');
    expect(same.json(), same.err).to.include({ altered: false });
    const run = await p.ci(await pullJob(await p.pull({ 'shop.yaml': MORE })), '--config-file', 'shop.yaml', '--json');
    expect(run.json(), run.err).to.include({ altered: true });
    expect((await p.ci(await p.job('push', {}), '--config-file', 'shop.yaml')).code).to.equal(0);
    expect(await p.worker('JWT_SECRET')).to.be.a('string');
    expect((await p.dcs(['ci', 'init', 'github', '--config-file', 'shop.yaml'])).code).to.equal(64);
  });

  it('forgets no worktree of somebody else, whose disk is away', async () => {
    const number = await p.pull({ 'README.md': 'more' });
    const away = join(p.home, 'away');
    await p.git('worktree', 'add', '--quiet', '--detach', away);
    await rename(away, `${away}-for-now`);
    const run = await p.ci(await pullJob(number));
    expect(run.code, run.err).to.equal(0);
    expect(await p.git('worktree', 'list'))
      .to.contain(away)
      .and.to.not.contain('dcs-ci-');
  });

  it('names what the token may not do, and keeps it out of what it prints', async () => {
    const number = await p.pull({ 'dcs.yaml': MORE });
    const job = await p.job('pull_request', pullEvent(number), { contents: 'read' });
    const run = await p.ci(job, '--verbose');
    expect(run.code, run.out).to.equal(3);
    expect(run.err).to.contain('pull-requests: write').and.not.to.contain(job['GITHUB_TOKEN']!);
  });

  it('syncs on a push as far as a trigger of type ci goes, and tells the run', async () => {
    const job = await p.job('push', { ref: 'refs/heads/main' });
    const run = await p.ci(job, '--json');
    expect(run.code, run.err).to.equal(0);
    expect(run.json()).to.include({ event: 'sync' });
    expect(await p.worker('JWT_SECRET')).to.be.a('string');
    expect(await p.summary(job)).to.contain('2 done');
    await p.forget();
    expect((await p.ci(job, '--json')).json()['outcomes']).to.deep.equal({});
    expect(await p.writes()).to.deep.equal([]);
  });

  it('fails as the sync failed: what a guard refuses stays, and is told', async () => {
    await p.edit('JWT_SECRET', 'theirs');
    const job = await p.job('push', {});
    const run = await p.ci(job);
    expect(run.code).to.equal(7);
    expect(run.err).to.contain('JWT_SECRET');
    expect(await p.summary(job)).to.contain('failed');
    expect(await p.worker('JWT_SECRET')).to.equal('theirs');
  });

  it('tells the channels of dcs.yaml', async () => {
    const heard: string[] = [];
    const server = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => heard.push(text));
      request.on('end', () => void response.end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await p.yaml(`${YAML}notifications: {ops: {type: webhook}}\n`);
    const channel = {
      DCS_NOTIFY_OPS_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      DCS_NOTIFY_OPS_SECRET: `whsec_${Buffer.from('x'.repeat(32)).toString('base64')}`,
    };
    const run = await p.ci({ ...(await p.job('push', {})), ...channel });
    server.close();
    expect(run.code, run.err).to.equal(0);
    expect(heard.join('')).to.contain('synced').and.to.contain('JWT_SECRET');
  });

  it('writes nothing where no trigger names the environment', async () => {
    await p.yaml(YAML.replace(/^triggers.*$/m, ''));
    expect((await p.ci(await p.job('push', {}))).code).to.equal(7);
    expect(await p.worker('JWT_SECRET')).to.equal(undefined);
  });

  it('leaves a dispatch that is about another environment alone', async () => {
    const other = await p.ci(await p.job('repository_dispatch', { client_payload: { environment: 'prod' } }), '--json');
    expect(other.json(), other.err).to.include({ done: 'nothing' });
    const mine = await p.ci(await p.job('repository_dispatch', { client_payload: { environment: 'staging', project: 'shop' } }), '--json');
    expect(mine.json(), mine.err).to.include({ event: 'sync' });
    expect(await p.worker('JWT_SECRET')).to.be.a('string');
  });

  it('opens one issue on drift, renews it, and closes it when all is well', async () => {
    const state = (await p.job('push', {}))['XDG_STATE_HOME']!;
    const drift = async (...words: string[]) =>
      p.ci({ ...(await p.job('schedule', {}, { issues: 'write' })), XDG_STATE_HOME: state }, '--json', ...words);
    expect((await p.ci({ ...(await p.job('push', {})), XDG_STATE_HOME: state })).code).to.equal(0);
    const fine = await drift();
    expect(fine.json(), fine.err).to.include({ drifted: false, issue: 'none' });
    await p.edit('JWT_SECRET', 'by hand');
    expect((await drift()).json()).to.include({ drifted: true, issue: 'created' });
    await p.forget();
    expect((await drift()).json()).to.include({ issue: 'unchanged' });
    expect(await p.writes()).to.deep.equal([]);
    expect((await drift('--names', 'count')).json()).to.include({ issue: 'updated' });
    expect((await p.issues())[0]!.body).to.not.contain('JWT_SECRET');
    expect((await drift()).json()).to.include({ issue: 'updated' });
    const [issue, ...others] = await p.issues();
    expect(others).to.deep.equal([]);
    expect(issue!.body).to.contain('JWT_SECRET').and.not.to.contain('by hand');
    await p.dcs(['sync', '-e', 'staging', '--yes', '--allow', 'rewrite'], { env: { XDG_STATE_HOME: state } });
    expect((await drift()).json()).to.include({ drifted: false, issue: 'closed' });
    expect((await p.issues()).map(({ state: is }) => is)).to.deep.equal(['closed']);
  });

  it('leaves the issue open where the record that tells drift is lost', async () => {
    const state = (await p.job('push', {}))['XDG_STATE_HOME']!;
    const drift = async (kept: string) => p.ci({ ...(await p.job('schedule', {}, { issues: 'write' })), XDG_STATE_HOME: kept }, '--json');
    await p.ci({ ...(await p.job('push', {})), XDG_STATE_HOME: state });
    await p.edit('JWT_SECRET', 'by hand');
    expect((await drift(state)).json()).to.include({ issue: 'created' });
    const lost = await drift(join(state, 'lost'));
    expect(lost.json(), lost.err).to.include({ drifted: null });
    expect((await p.issues()).map(({ state: is }) => is)).to.deep.equal(['open']);
  });

  it('opens no issue where nobody could look', async () => {
    await p.post('/_sandbox/faults', { cloud: 'cloudflare', kind: 'status', status: 403, times: 'forever' });
    const run = await p.ci(await p.job('schedule', {}, { issues: 'write' }));
    expect(run.code, run.err).to.equal(1);
    expect(run.out).to.match(/^api: /m);
    expect(await p.issues()).to.deep.equal([]);
  });

  it('signs in by the job’s own identity, at Doppler and at Google', async () => {
    const google = YAML.replace(
      / {2}api:[^]*?JWT_SECRET\]\n/,
      '  run: {type: gcp, project_id: demo-shop, include: [JWT_SECRET]}\n',
    ).replace('project_id: demo-shop', 'project_id: {staging: demo-shop}');
    await p.yaml(google);
    const provider = SEED.google.githubProvider.replace('//iam.googleapis.com/', '');
    await p.post('/_sandbox/google/grants', {
      project: 'demo-shop',
      member: `principal://iam.googleapis.com/${provider.replace(/\/providers.*/, '')}/subject/repo:acme/shop:ref:refs/heads/main`,
      roles: ['roles/secretmanager.admin'],
    });
    const job = await p.job('push', {}, { 'id-token': 'write' });
    const run = await p.dcs(['ci', 'run', '-e', 'staging'], {
      env: {
        ...job,
        DOPPLER_TOKEN: undefined,
        GOOGLE_OAUTH_ACCESS_TOKEN: undefined,
        DCS_DOPPLER_IDENTITY: SEED.identity,
        DCS_GOOGLE_PROVIDER: provider,
      },
    });
    expect(run.code, run.err + run.out).to.equal(0);
    expect((await p.writes()).filter((line) => line.startsWith('google'))).to.not.deep.equal([]);
  });
});
