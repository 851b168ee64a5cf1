import { readFile, readdir, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { project, YAML, type Project } from './project.ts';

describe('dcs ci init', () => {
  let p: Project;
  beforeEach(async () => {
    p = await project();
    await p.git('remote', 'add', 'origin', 'git@github.com:acme/shop.git');
  });
  afterEach(() => p.close());
  const file = (path: string): Promise<string> => readFile(join(p.project, path), 'utf8');
  const init = (...words: string[]) => p.dcs(['ci', 'init', ...words]);
  const WORKFLOW = '.github/workflows/dcs.yml';

  it('shows what it would write and writes nothing without a yes', async () => {
    const run = await init('github');
    expect(run.code).to.equal(7);
    expect(run.err).to.contain('permissions: {}').and.to.contain('--yes');
    expect(await readdir(p.project)).to.not.include('.github');
  });

  it('writes, prints the trust policies, and the second run changes nothing', async () => {
    const first = await init('github', '--yes');
    expect(first.code, first.err).to.equal(0);
    expect(first.out).to.contain('repo:acme/shop:ref:refs/heads/main').and.to.contain('DCS_DOPPLER_IDENTITY').and.to.contain('shop/stg');
    const [workflow, action] = [await file(WORKFLOW), await file('.github/actions/dcs-sync/action.yml')];
    expect(workflow).to.not.match(/secrets\./);
    const again = await init('github', '--json');
    expect(again.code, again.err).to.equal(0);
    expect(again.json()['files']).to.deep.equal([
      { path: WORKFLOW, was: 'same' },
      { path: '.github/actions/dcs-sync/action.yml', was: 'same' },
    ]);
    expect([await file(WORKFLOW), await file('.github/actions/dcs-sync/action.yml')]).to.deep.equal([workflow, action]);
  });

  it('writes where a killed run left something, and says where it cannot', async () => {
    await mkdir(join(p.project, '.github', 'workflows'), { recursive: true });
    await writeFile(join(p.project, `${WORKFLOW}.dcs-new`), 'half');
    const run = await init('github', '--yes');
    expect(run.code, run.err).to.equal(0);
    await writeFile(join(p.project, '.gitlab'), 'a file');
    const refused = await init('gitlab', '--yes');
    expect(refused.code, refused.err).to.equal(2);
    expect(refused.err).to.contain('.gitlab/dcs.yml cannot be read or written (ENOTDIR)');
  });

  it('renews what it wrote, and leaves what somebody changed until told', async () => {
    await init('github', '--yes');
    await p.yaml(YAML.replace('environment: staging}', 'environment: staging}, {type: ci, environment: dev}'));
    const renewed = await init('github', '--yes', '--json');
    expect((renewed.json()['files'] as { was: string }[]).map(({ was }) => was)).to.deep.equal(['older', 'same']);
    expect((parse(await file(WORKFLOW)) as { jobs: { sync: { strategy: unknown } } }).jobs.sync.strategy).to.deep.include({
      matrix: { environment: ['staging', 'dev'] },
    });
    const mine = `${await file(WORKFLOW)}# mine\n`;
    await writeFile(join(p.project, WORKFLOW), mine);
    const refused = await init('github', '--yes');
    expect(refused.code).to.equal(7);
    expect(refused.err).to.contain(WORKFLOW).and.to.contain('--replace').and.to.contain('- # mine');
    expect(await file(WORKFLOW)).to.equal(mine);
    expect((await init('github', '--yes', '--replace')).code).to.equal(0);
    expect(await file(WORKFLOW)).to.not.contain('# mine');
  });

  it('writes for GitLab what does the same, and leaves somebody’s own pipeline', async () => {
    await p.git('remote', 'set-url', 'origin', 'https://gitlab.example.com/acme/platform/shop.git');
    await writeFile(join(p.project, '.gitlab-ci.yml'), 'test: {script: [make]}\n');
    const run = await init('gitlab', '--yes');
    expect(run.code, run.err).to.equal(0);
    expect(run.out)
      .to.contain('include: - local: .gitlab/dcs.yml')
      .and.to.contain('project_path:acme/platform/shop:ref_type:branch:ref:main');
    expect(run.out).to.contain('https://gitlab.example.com').and.to.contain('DCS_GITLAB_TOKEN');
    expect(await file('.gitlab-ci.yml')).to.equal('test: {script: [make]}\n');
    const { dcs } = parse(await file('.gitlab/dcs.yml')) as { dcs: { id_tokens: object; rules: { if: string }[]; script: string[] } };
    expect(dcs.id_tokens).to.have.keys('DCS_DOPPLER_ID_TOKEN');
    expect(dcs.rules[0]!.if).to.contain('$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID');
    expect(dcs.script.at(-1)).to.equal('dcs ci run -e "$DCS_CI_ENVIRONMENT"');
    expect((await init('gitlab')).out).to.contain('Nothing to do');
  });

  it('names Google and Cloudflare only where dcs.yaml does, and the record’s place only where it is the machine', async () => {
    const plain = await init('github', '--yes', '--json');
    expect(JSON.stringify(plain.json()['policies'])).to.contain('Cloudflare').and.not.to.contain('Google');
    expect(await file(WORKFLOW))
      .to.contain("ledger-cache: 'true'")
      .and.not.to.contain('google');
    await p.yaml(
      `${YAML.replace('ledger: machine', 'ledger: doppler')}`.replace(
        'targets:',
        'targets:\n  run: {type: gcp, project_id: {staging: demo-shop}, include: [STRIPE_KEY]}',
      ),
    );
    const google = await init('github', '--yes', '--json');
    expect(google.code, google.err).to.equal(0);
    expect(JSON.stringify(google.json()['policies'])).to.contain('workload-identity-pools');
    expect(await file(WORKFLOW))
      .to.contain('DCS_GOOGLE_SERVICE_ACCOUNT_PR')
      .and.not.to.contain('ledger-cache');
  });

  it('needs a trigger of type ci, and a repository', async () => {
    await p.yaml(YAML.replace(/^triggers.*$/m, ''));
    const none = await init('github', '--yes');
    expect(none.code).to.equal(2);
    expect(none.err).to.contain('triggers: [{type: ci');
  });

  it('puts the files at the root of the repository when dcs.yaml lies in a folder', async () => {
    const folder = join(p.project, 'services', 'api');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'dcs.yaml'), YAML);
    const run = await p.dcs(['ci', 'init', 'github', '--yes'], { cwd: folder });
    expect(run.code, run.err).to.equal(0);
    expect(await file(WORKFLOW)).to.contain('working-directory: "services/api"');
  });

  it('writes no folder that would be code', async () => {
    for (const name of ['a$(touch owned)', 'a${{ github.token }}', "a'b"]) {
      const folder = join(p.project, name);
      await mkdir(folder);
      await writeFile(join(folder, 'dcs.yaml'), YAML);
      const run = await p.dcs(['ci', 'init', 'gitlab', '--yes'], { cwd: folder });
      expect([run.code, run.err.includes('code')], run.err).to.deep.equal([2, true]);
    }
    expect(await readdir(p.project)).to.not.include('.gitlab');
  });
});
