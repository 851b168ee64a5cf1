import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { isDcsError, type DcsError, type Env } from 'dcs-sdk';
import { ciOf } from '../../src/config/ci.ts';
import { editConfig } from '../../src/config/edit.ts';
import { chooseEnvironment, type Circumstances } from '../../src/config/environment.ts';
import { gitBranch, originOwner } from '../../src/config/git.ts';
import { jsonSchema } from '../../src/config/json-schema.ts';
import { migrate } from '../../src/config/migrate.ts';
import { loadProject } from '../../src/config/load.ts';
import type { Project } from '../../src/config/project.ts';
import { renderProject } from '../../src/config/render-project.ts';
import { isTrusted, trust, untrust } from '../../src/config/trust.ts';

function write(text: string): string {
  const cwd = mkdtempSync(join(realpathSync(tmpdir()), 'dcs-config-'));
  writeFileSync(join(cwd, 'dcs.yaml'), text);
  return cwd;
}
// Of its own: what passed once is not checked again.
const HOME = mkdtempSync(join(tmpdir(), 'dcs-home-'));
const load = (text: string, env: Env = {}): Promise<Project> => loadProject({ cwd: write(text), env, home: HOME });

async function failure(work: () => unknown): Promise<DcsError> {
  try {
    await work();
  } catch (error) {
    if (isDcsError(error)) return error;
    throw error;
  }
  throw new Error('expected a failure');
}

const SHOP = 'doppler: shop\ntargets:\n  api: {type: cloudflare, account_id: "${ACCOUNT}", worker: {staging: s, prod: p}}\n';

describe('dcs.yaml', () => {
  it('reads the short form; a target gets only the environments it names', async () => {
    const project = await load(SHOP, { ACCOUNT: '12345' });
    expect([...project.doppler.configs]).to.deep.equal([
      ['dev', 'dev'],
      ['staging', 'stg'],
      ['prod', 'prd'],
    ]);
    const api = project.targets.get('api')!;
    expect(api.environments).to.deep.equal(['staging', 'prod']);
    expect(api.optionsFor('prod')).to.deep.equal({ account_id: '12345', worker: 'p' });
    expect(project.environments.get('prod')!.protected).to.equal(true);
  });
  it('puts variables in after parsing: they change no structure', async () => {
    for (const value of ['a\nplatforms: {x: {}}', '# empty', '"\'', '12345', '${HOME}', 'a: b', '$&'])
      expect((await load(SHOP, { ACCOUNT: value })).targets.get('api')!.optionsFor('prod')['account_id']).to.equal(value);
  });
  it('misses a variable only where it is used, and never a commented one', async () => {
    const project = await load(`# \${NOT_THERE}\n${SHOP}`);
    const error = await failure(() => project.targets.get('api')!.optionsFor('prod'));
    expect([error.code, error.message]).to.deep.equal(['CONFIG', 'dcs.yaml:4:27: the variable ACCOUNT is not set.']);
    expect(project.targets.get('api')!.missing('prod')).to.deep.equal(['ACCOUNT']);
  });
  it('takes what every object inherits for no variable', async () => {
    const inherits = await load(
      'doppler: shop\ntargets: {api: {type: cloudflare, account_id: "${constructor}", worker: "${toString}"}}\n',
      { ...process.env },
    );
    expect(inherits.targets.get('api')!.missing('prod')).to.deep.equal(['constructor', 'toString']);
  });
  const wrong: [string, string, RegExp][] = [
    ['an unknown key', 'doppler: shop\ntargetz: {}\n', /^dcs\.yaml:2:1: unknown key "targetz"; did you mean "targets"\?$/],
    [
      'an unknown key inside',
      'doppler: {project: shop, confgs: {}}\n',
      /dcs\.yaml:1:26: doppler: unknown key "confgs"; did you mean "configs"/,
    ],
    ['a wrong type', 'doppler: shop\ntargets:\n  api: {include: yes}\n', /dcs\.yaml:3:9: targets\.api\.include must be a list/],
    ['a number for text', 'doppler: {project: 12345}\n', /dcs\.yaml:1:11: doppler\.project must be text/],
    ['no Doppler project', 'version: 1\n', /doppler/],
    ['a key twice', 'doppler: a\ndoppler: b\n', /^dcs\.yaml:2:1: this key stands twice/],
    ['__proto__', 'doppler: a\ntargets: {__proto__: {x: 1}}\n', /2:11: __proto__ cannot be a key/],
    ['constructor as an environment', 'doppler: a\ntargets: {api: {worker: {constructor: x}}}\n', /2:26: constructor cannot be a key/],
    ['a misspelt environment', 'doppler: a\ntargets: {api: {worker: {stagng: x}}}\n', /did you mean "staging"/],
    ['a synonym as an environment', 'doppler: a\ntargets: {api: {worker: {production: x}}}\n', /did you mean "prod"/],
    ['two targets without include', 'doppler: a\ntargets: {a: {x: 1}, b: {x: 1}}\n', /a has no include/],
    ['a tag', 'doppler: !secret hunter2\n', /1:10: tags/],
    ['two defaults', 'doppler: a\nenvironments: {dev: {default: true}, staging: {default: true}}\n', /only one/],
    ['a slash in a name', 'doppler: a\ntargets: {../x: {}}\n', /letters, digits/],
  ];
  for (const [what, text, message] of wrong)
    it(`refuses ${what}`, async () => {
      const error = await failure(() => load(text));
      expect(error.code).to.equal('CONFIG');
      expect(error.message).to.match(message).and.not.contain('hunter2');
    });
  it('bounds aliases', async () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefg'.split('').map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefg'[i]}`).join(',')}]`),
    ].join('\n');
    expect((await failure(() => load(bomb))).message).to.match(/aliases/);
  });
  it('loads a first-version file and says what is not read', async () => {
    const project = await load(readFileSync(new URL('fixtures/first-version.yaml', import.meta.url), 'utf8'));
    const worker = project.targets.get('cloudflare')!;
    expect([worker.singleValue, worker.environments, worker.optionsFor('dev')['worker']]).to.deep.equal([
      true,
      ['dev', 'staging', 'production'],
      'shop-api',
    ]);
    expect(project.notices.map((line) => line.split(':')[0])).to.deep.equal(['gcp']);
    expect(project.at(['targets', 'cloudflare'])).to.equal('dcs.yaml:6:3');
  });
  it('loads the file of that version that has neon under platforms, and migrates it to the same project', async () => {
    const text = readFileSync(new URL('fixtures/first-version-readme.yaml', import.meta.url), 'utf8');
    const project = await load(text);
    expect([...project.targets.keys()]).to.deep.equal(['firebase', 'cloudflare']);
    const neon = project.sources.get('neon')!;
    expect(neon.optionsFor('staging')).to.include({ database: 'neondb', branch: 'staging-branch' });
    const migrated = migrate(text, 'dcs.yaml', new Map());
    expect(migrated.text)
      .to.match(/^sources:\n  db:.*\n(?:.*\n)?    type: neon\n/m)
      .and.to.contain('# the database')
      .and.to.not.contain('branch_mapping');
    const after = await load(migrated.text);
    expect(after.sources.get('db')!.optionsFor('prod')).to.deep.equal(neon.optionsFor('prod'));
  });
  it('says dcs init where there is none', async () => {
    const error = await failure(() => loadProject({ cwd: mkdtempSync(join(tmpdir(), 'dcs-none-')), env: {}, home: HOME }));
    expect([error.code, String(error.details.hint).startsWith('dcs init')]).to.deep.equal(['CONFIG', true]);
  });
  it('edits one key, keeps comments, refuses what changed meanwhile or would be invalid', async () => {
    const file = join(write('doppler: shop # ours\ntargets:\n  api: {worker: x} # the API\n'), 'dcs.yaml');
    await editConfig(file, ['targets', 'api', 'existing'], 'leave');
    const text = readFileSync(file, 'utf8');
    expect(text).to.equal('doppler: shop # ours\ntargets:\n  api: {worker: x, existing: leave} # the API\n');
    expect((await failure(() => editConfig(file, ['targets', 'api', 'existing'], 'ask', 'other'))).code).to.equal('CONFLICT');
    expect((await failure(() => editConfig(file, ['targets', 'api', 'existing'], 'nonsense'))).code).to.equal('CONFIG');
    expect(readFileSync(file, 'utf8')).to.equal(text);
  });
  it('renders a file that it can read', async () => {
    const project = await load(
      renderProject('shop', [{ name: 'api', type: 'cloudflare', file: 'wrangler.jsonc', options: { worker: { prod: 'p' } } } as never]),
    );
    expect(project.targets.get('api')!.environments).to.deep.equal(['prod']);
  });
  it('ends trust with any edit', async () => {
    const dir = write('doppler: shop\n');
    const [state, file] = [join(dir, 'state'), join(dir, 'dcs.yaml')];
    await trust(state, [file]);
    const [record, ...others] = readdirSync(join(state, 'trust'));
    expect([await isTrusted(state, [file]), statSync(join(state, 'trust', record!)).mode & 0o777, others]).to.deep.equal([true, 0o600, []]);
    writeFileSync(file, 'doppler: other\n');
    expect([await isTrusted(state, [file]), await untrust(state, [file]), await untrust(state, [file])]).to.deep.equal([
      false,
      true,
      false,
    ]);
  });
  it('trusts and no longer trusts many files at once, and forgets none of it', async () => {
    const files = Array.from({ length: 20 }, (_, index) => join(write(`doppler: shop # ${index}\n`), 'dcs.yaml'));
    const state = join(write('doppler: shop\n'), 'state');
    const [kept, ended] = [files.slice(0, 10), files.slice(10)];
    for (const file of ended) await trust(state, [file]);
    await Promise.all([...kept.map((file) => trust(state, [file])), ...ended.map((file) => untrust(state, [file]))]);
    expect(await Promise.all(files.map((file) => isTrusted(state, [file])))).to.deep.equal(files.map((file) => kept.includes(file)));
  });
  it('has the published JSON Schema up to date', () => {
    expect(JSON.parse(readFileSync(new URL('../../schema/dcs.schema.json', import.meta.url), 'utf8'))).to.deep.equal(
      JSON.parse(JSON.stringify(jsonSchema())),
    );
  });
});

describe('which environment', () => {
  const line = async (now: Partial<Circumstances>, text = 'doppler: shop\n'): Promise<string> =>
    chooseEnvironment(await load(text), { env: {}, ci: undefined, reading: false, ...now }).line;
  it('answers by the first rule', async () => {
    expect(await line({ flag: 'prd', env: { DCS_ENV: 'dev' } })).to.equal('prod (protected) · Doppler shop/prd · -e');
    expect(await line({ env: { DCS_ENV: 'production' } })).to.equal('prod (protected) · Doppler shop/prd · DCS_ENV');
    expect(await line({ tokenConfig: { project: 'shop', config: 'stg' }, branch: 'main' })).to.equal(
      'staging · Doppler shop/stg · service token',
    );
    expect(await line({ branch: 'release/1' })).to.equal('staging · Doppler shop/stg · branch release/1');
    for (const name of ['DCS_BRANCH_MAP', 'DCS_BRANCH_PAIRS'])
      expect(await line({ branch: 'main', env: { [name]: 'qa=dev, main=stg' } })).to.equal(
        'staging · Doppler shop/stg · branch main (DCS_BRANCH_MAP)',
      );
    expect(await line({ branch: 'qa', env: { DCS_BRANCH_MAP: 'qa=prd' } })).to.contain('default; qa is prod, protected');
    expect(await line({ branch: 'staging', env: { DCS_AUTO_ENV: '0' } })).to.equal('dev · Doppler shop/dev · default');
    expect(await line({ sandbox: true })).to.equal('SANDBOX · dev · Doppler shop/dev · default');
  });
  it('never yields a protected one to a person; in CI to what only reads', async () => {
    const long = 'dev · Doppler shop/dev · default; main is prod, protected: name it with -e prod';
    for (const reading of [true, false]) expect(await line({ branch: 'main', reading })).to.equal(long);
    const ci = { name: 'GitHub', branch: 'main' };
    expect(await line({ ci })).to.equal(long);
    expect(await line({ ci, reading: true })).to.equal('prod (protected) · Doppler shop/prd · GitHub branch main');
    expect(await line({ flag: 'prod' }, 'doppler: shop\nenvironments: {prod: {protected: false}}\n')).to.contain('prod UNPROTECTED');
  });
  it('refuses strangers, and a flag against a service token', async () => {
    for (const flag of ['constructor', '__proto__', 'qa']) {
      const error = await failure(() => line({ flag }));
      expect([error.code, error.details.why]).to.deep.equal(['CONFIG', 'dcs.yaml has dev, staging, prod.']);
    }
    const mapped = await failure(() => line({ branch: 'qa', env: { DCS_BRANCH_MAP: 'qa=none' } }));
    expect(mapped.message).to.equal('There is no environment "none" (DCS_BRANCH_MAP, branch qa).');
    const error = await failure(() => line({ flag: 'prod', tokenConfig: { project: 'shop', config: 'dev' } }));
    expect([error.code, /shop\/prd.*shop\/dev/.test(error.message)]).to.deep.equal(['AUTH', true]);
    expect((await failure(() => line({}, 'doppler: {project: s, configs: {prod: prd}}\n'))).code).to.equal('USAGE');
  });
  it('reads git and CI without starting anything', () => {
    const dir = write('');
    mkdirSync(join(dir, '.git'));
    writeFileSync(join(dir, '.git/HEAD'), 'ref: refs/heads/feature/x\n');
    writeFileSync(join(dir, '.git/config'), '[remote "origin"]\n\turl = git@github.com:acme/shop.git\n');
    expect([gitBranch(dir), originOwner(dir)]).to.deep.equal(['feature/x', 'acme']);
    writeFileSync(join(dir, '.git/HEAD'), '7f3ac0de51b84c2f9e60a1d2b3c4d5e6\n');
    expect(gitBranch(dir)).to.equal(undefined);
    expect(
      ciOf({ GITHUB_ACTIONS: 'true', GITHUB_EVENT_NAME: 'pull_request', GITHUB_REF_TYPE: 'branch', GITHUB_REF_NAME: '1/merge' }),
    ).to.deep.equal({ name: 'GitHub' });
  });
});
