import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { says, SHORT, shells, THERE, type Shells } from './shells.ts';

const RICH = `doppler: {project: shop, configs: {dev: dev, qa: stg, prod-eu: prd}}
environments:
  dev: {branches: [develop, "feature/*", "x/**/y", "a.b+c", "größe/*"], default: true}
  qa: {branches: ["release/*", main]}
  prod-eu: {branches: [live]}
`;
const OPEN = 'doppler: {project: shop, configs: {dev: dev, prod: prd}}\nenvironments:\n  prod: {protected: false}\n';

/** What the prompt says, and what dcs itself says, must be one; null: dcs refuses, and the prompt says `?`. */
const CASES: readonly (readonly [yaml: string, branch: string, env: Record<string, string>, expected: string | null, mark?: string])[] = [
  [SHORT, 'work', {}, 'dev'],
  [SHORT, 'staging', {}, 'staging'],
  [SHORT, 'staging2', {}, 'dev'],
  [SHORT, 'release/7', {}, 'staging'],
  [SHORT, 'main', {}, 'dev'],
  [SHORT, 'work', { DCS_ENV: 'prd' }, 'prod', ' (protected)'],
  [SHORT, 'work', { DCS_ENV: 'PRODUCTION' }, 'prod', ' (protected)'],
  [SHORT, 'work', { DCS_ENV: 'Stage' }, 'staging'],
  [SHORT, 'work', { DCS_ENV: 'nowhere' }, null],
  [SHORT, 'work', { DCS_ENV: '*' }, null],
  [SHORT, 'qa', { DCS_BRANCH_MAP: 'other=dev,qa=stg' }, 'staging'],
  [SHORT, 'qa', { DCS_BRANCH_MAP: 'qa=prd' }, 'dev'],
  [SHORT, 'qa', { DCS_BRANCH_MAP: 'qa=nowhere' }, null],
  [SHORT, 'q', { DCS_BRANCH_MAP: 'qa=stg' }, 'dev'],
  [SHORT, 'a.a', { DCS_BRANCH_MAP: 'aXa=stg' }, 'dev'],
  [SHORT, 'staging', { DCS_BRANCH_MAP: 'qa=stg', DCS_ENV: 'dev' }, 'dev'],
  [SHORT, 'work', { DOPPLER_TOKEN: 'dp.st.stg.abcDEF1' }, 'staging'],
  [SHORT, 'work', { DOPPLER_TOKEN: 'dp.st.prd.abcDEF1' }, 'prod', ' (protected)'],
  [SHORT, 'work', { DOPPLER_TOKEN: 'dp.st.prd.abcDEF1', DCS_ENV: 'prod' }, 'prod', ' (protected)'],
  [SHORT, 'work', { DOPPLER_TOKEN: 'dp.st.prd.abcDEF1', DCS_ENV: 'dev' }, null],
  [SHORT, 'work', { DOPPLER_TOKEN: 'dp.st.tst.abcDEF1' }, null],
  [SHORT, 'staging', { DOPPLER_TOKEN: 'dp.pt.abcDEF1' }, 'staging'],
  [RICH, 'develop', {}, 'dev'],
  [RICH, 'feature/a', {}, 'dev'],
  [RICH, 'release/1', {}, 'qa'],
  [RICH, 'release/1/2', {}, 'dev'],
  [RICH, 'main', {}, 'qa'],
  [RICH, 'live', {}, 'dev'],
  [RICH, 'production', {}, 'dev'],
  [RICH, 'x/1/2/y', {}, 'dev'],
  [RICH, 'größe/ä', {}, 'dev'],
  [RICH, 'staging', {}, 'dev'],
  [RICH, 'work', { DCS_ENV: 'stg' }, 'qa'],
  [RICH, 'work', { DCS_ENV: 'prd' }, 'prod-eu', ' (protected)'],
  [OPEN, 'main', {}, 'prod', ' UNPROTECTED'],
  ['doppler: {project: shop, configs: {live: prd}}\n', 'work', {}, null],
  ['doppler: {project: shop, configs: {dev: a, DEV2: b, development: c}}\n', 'work', { DCS_ENV: 'Develop' }, null],
  ['doppler: shop\nnonsense: 1\n', 'work', {}, null],
  ['doppler: ${NOWHERE}\n', 'work', {}, null],
  ['doppler: {project: shop, configs: {dev: "${NOWHERE}"}}\n', 'work', {}, null],
];

describe('the prompt of dcs shell', () => {
  let w: Shells;
  before(async () => {
    w = await shells();
  });
  after(() => w.close());
  afterEach(() => w.head('work'));

  it('drives every shell that CI installs', () => {
    expect(THERE).to.include.members(process.env['CI'] ? ['bash', 'zsh', 'fish'] : ['bash']);
  });

  for (const [yaml, branch, env, expected, mark] of CASES)
    it(`the prompt agrees with dcs: ${branch} ${JSON.stringify(env)} in ${JSON.stringify(yaml.slice(0, 60))}`, async () => {
      await w.yaml(yaml);
      w.head(branch);
      const told = await w.tell(env);
      expect(told.code === 0 ? told.out.trim() : null, told.err).to.equal(expected);
      for (const shell of THERE) expect(w.segment(shell, env), shell).to.equal(expected === null ? '[dcs:?]' : says(expected, mark));
    });

  it('finds dcs.yaml and .git where dcs does', async () => {
    await w.yaml(SHORT);
    w.head('staging');
    const deep = join(w.project, 'a', 'b');
    const other = join(w.home, 'other');
    const tree = join(w.home, 'tree');
    mkdirSync(deep, { recursive: true });
    mkdirSync(join(other, 'below'), { recursive: true });
    mkdirSync(join(tree, 'w'), { recursive: true });
    mkdirSync(join(w.project, '.git', 'worktrees', 'w'), { recursive: true });
    writeFileSync(join(w.project, '.git', 'worktrees', 'w', 'HEAD'), 'ref: refs/heads/release/1\n');
    writeFileSync(join(tree, '.git'), `gitdir: ${join(w.project, '.git', 'worktrees', 'w')}\n`);
    writeFileSync(join(tree, 'dcs.yaml'), SHORT);
    writeFileSync(join(other, 'dcs.yml'), SHORT);
    const link = join(w.home, 'link');
    symlinkSync(deep, link);
    for (const [cwd, env] of [
      [w.project, {}],
      [deep, {}],
      [link, {}],
      [join(tree, 'w'), {}],
      [other, {}],
      [join(other, 'below'), {}],
      [w.home, {}],
      [w.home, { DCS_CONFIG_FILE: join(w.project, 'dcs.yaml') }],
      [deep, { DCS_CONFIG_FILE: '' }],
      [w.home, { DCS_CONFIG_FILE: 'other/dcs.yml' }],
    ] as const) {
      const told = await w.tell(env as Record<string, string>, cwd);
      const expected = told.code === 0 ? says(told.out.trim()) : '';
      for (const shell of THERE.filter((one) => one !== 'powershell' || cwd !== link))
        expect(w.segment(shell, { ...env, PWD: cwd } as Record<string, string>, cwd), `${shell} in ${cwd}`).to.equal(expected);
    }
    writeFileSync(join(other, 'dcs.yaml'), SHORT);
    for (const shell of THERE) expect(w.segment(shell, {}, other), shell).to.equal('[dcs:?]');
    rmSync(link);
  });

  it('says ? and no environment for a dcs.yaml it does not know, also one with its old date and size; nothing in CI or on DCS_AUTO_ENV=0', async () => {
    await w.yaml(SHORT);
    w.head('staging');
    await w.tell();
    for (const shell of THERE) {
      expect(w.segment(shell), shell).to.equal(says('staging'));
      expect(w.segment(shell, { CI: 'true' }), shell).to.equal('[dcs:?]');
      expect(w.segment(shell, { CI: 'false' }), shell).to.equal(says('staging'));
      expect(w.segment(shell, { DCS_AUTO_ENV: '0' }), shell).to.equal('');
      expect(w.segment(shell, { XDG_STATE_HOME: join(w.home, 'nowhere') }), shell).to.equal('[dcs:?]');
    }
    expect((await w.tell({ DCS_AUTO_ENV: '0' })).out).to.equal('dev\n');
    const file = join(w.project, 'dcs.yaml');
    const before = statSync(file);
    await w.yaml(SHORT.replace('shop', 'ship'));
    execFileSync('touch', ['-d', `@${before.mtimeMs / 1000}`, file]);
    for (const shell of THERE) expect(w.segment(shell), shell).to.equal('[dcs:?]');
    await w.tell();
    for (const shell of THERE) expect(w.segment(shell), shell).to.equal(says('staging'));
  });

  it('keeps the rules only for those who have the integration, and readable by nobody else', async () => {
    const rules = join(w.home, 'state', 'dcs', 'shell', w.project, 'dcs.yaml');
    rmSync(join(w.home, 'state', 'dcs', 'shell'), { recursive: true, force: true });
    await w.yaml(SHORT);
    await w.dcs(['context']);
    expect(existsSync(rules)).to.equal(false);
    await w.dcs(['context'], { env: { DCS_SHELL: 'zsh' } });
    expect(statSync(rules).mode & 0o777).to.equal(0o600);
    expect(statSync(dirname(rules)).mode & 0o777).to.equal(0o700);
  });

  it('a map of branches made in the shell reaches dcs', async () => {
    await w.yaml(SHORT);
    w.head('qa');
    await w.tell();
    for (const shell of THERE.filter((one) => one === 'bash' || one === 'zsh')) {
      const { out, err } = w.inShell(shell, 'DCS_BRANCH_MAP[qa]=stg\nDCS_BRANCH_MAP[test]=dev\ndcs_prompt_info\n_dcs_look\ndcs-context');
      expect(err, shell).to.equal('');
      expect(out, shell).to.match(/^\[dcs:staging SANDBOX\] dcs: <context> pairs=(qa=stg,test=dev|test=dev,qa=stg)\n$/);
    }
    expect((await w.tell({ DCS_BRANCH_PAIRS: 'test=dev,qa=stg' })).out).to.equal('staging\n');
  });
});
