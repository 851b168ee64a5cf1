import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { isDcsError } from 'dcs-sdk';
import { parse } from '../../src/config/document.ts';
import { foldersOf, isNamed } from '../../src/config/folders.ts';
import { loadProject } from '../../src/config/load.ts';
import { makeProject, type Project } from '../../src/config/project.ts';
import { configSchema } from '../../src/config/schema.ts';

describe('the folders of a workspace', () => {
  let root: string;
  const put = (file: string, text = ''): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'dcs-workspace-'));
    mkdirSync(join(root, '.git'));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const load = (cwd = '.'): Promise<Project> =>
    loadProject({ cwd: join(root, cwd), env: { XDG_CACHE_HOME: join(root, 'cache') }, home: root });

  it('are found by name, by *, by ** and without !, and the other way round each is known as named', () => {
    for (const folder of [
      'services/api',
      'services/web',
      'services/old',
      'apps/a/b',
      'apps/a/c/d',
      'tools',
      '.hidden/x',
      'apps/node_modules/x',
    ])
      mkdirSync(join(root, folder), { recursive: true });
    symlinkSync(join(root, 'services'), join(root, 'linked'));
    const cases: [string[], string[]][] = [
      [['services/*'], ['services/api', 'services/old', 'services/web']],
      [['services/*', '!services/old', '!services/w*'], ['services/api']],
      [
        ['services/a*', 'tools'],
        ['services/api', 'tools'],
      ],
      [['apps/**'], ['apps', 'apps/a', 'apps/a/b', 'apps/a/c', 'apps/a/c/d']],
      [['apps/**/d'], ['apps/a/c/d']],
      [['*/api', './services/api/'], ['services/api']],
      [['.hidden/x'], ['.hidden/x']],
      [['nowhere/*', 'services/api/x'], []],
      [['*.*', 'linked/*'], []],
    ];
    for (const [globs, folders] of cases) {
      expect(foldersOf(root, globs), globs.join()).to.deep.equal(folders);
      for (const folder of folders) expect(isNamed(folder, globs), `${folder} of ${globs.join()}`).to.equal(true);
      expect(isNamed('services/none/x', globs)).to.equal(false);
    }
  });

  it('that leave the root are refused', () => {
    for (const glob of ['../x', '/etc', '..', 'a\\\\b'])
      expect(() => parse(`workspaces: ["${glob}"]\n`, 'dcs.yaml', configSchema), glob).to.throw(/must name folders below this file/);
    expect(() => parse('workspaces: []\n', 'dcs.yaml', configSchema)).to.throw(/at least one folder/);
  });

  it('are members where they have a dcs.yaml, called by their last name, by their path where two have the same', async () => {
    put('dcs.yaml', 'workspaces: ["*/*"]\ndefaults: {doppler: shop}\ntargets: {own: {type: x}}\n');
    for (const folder of ['a/api', 'b/api', 'b/web']) put(`${folder}/dcs.yaml`, 'targets: {}\n');
    put('c/both/dcs.yaml', 'targets: {}\n');
    put('c/both/dcs.yml', 'targets: {}\n');
    put('c/empty/readme');
    const members = await (await load('b/web')).workspace!.members();
    expect(members.map(({ name, folder }) => [name, folder])).to.deep.equal([
      [undefined, '.'],
      ['a/api', 'a/api'],
      ['b/api', 'b/api'],
      ['web', 'b/web'],
      ['both', 'c/both'],
    ]);
    expect(members.filter(({ project }) => isDcsError(project)).map(({ folder }) => folder)).to.deep.equal(['c/both']);
  });

  it('belong to the nearest root file that names them; one that names others, or is none, is left unread', async () => {
    put('dcs.yaml', 'workspaces: ["services/*"]\ndefaults: {doppler: shop}\n');
    put('services/dcs.yaml', 'doppler: [this is no project\n');
    put('services/api/dcs.yaml', 'targets: {}\n');
    put('other/dcs.yaml', 'doppler: own\n');
    expect((await load('services/api')).doppler.project).to.equal('shop');
    const other = await load('other');
    expect([other.workspace, other.files.length]).to.deep.equal([undefined, 1]);
    expect((await load('.')).workspace?.root).to.equal(root);
  });

  it('and there is one at least', async () => {
    put('dcs.yaml', 'workspaces: ["services/*"]\n');
    const { workspace } = await load();
    expect(await workspace!.members().catch((error: Error) => error.message)).to.match(/^dcs.yaml:1:1: services\/\* names no folder/);
  });
});

describe('defaults', () => {
  const project = (member: string, head?: string): Project =>
    makeProject(
      parse(member, 'services/api/dcs.yaml', configSchema),
      {},
      { file: '/w/services/api/dcs.yaml', root: '/w/services/api' },
      head === undefined ? undefined : parse(head, 'dcs.yaml', configSchema),
    );

  it('stand for what the file leaves out, and for nothing else', () => {
    const head = `workspaces: [a]
defaults:
  doppler: {project: shop, configs: {dev: dev, prod: prd, qa: qa}}
  environments: {prod: {branches: [main], protected: true}, qa: {default: true}}
  ledger: {prod: git}
  strict: true
  targets: {cloudflare: {account_id: one, policy: mirror, include: [A]}, gcp: {project_id: g}}
`;
    const all = project('targets: {w: {type: cloudflare, worker: x}, cloudflare: {account_id: own, worker: y}}\n', head);
    expect([all.doppler.project, all.environments.get('qa')?.default, all.ledger('prod'), all.defaults.strict]).to.deep.equal([
      'shop',
      true,
      'git',
      true,
    ]);
    const { w, cloudflare } = Object.fromEntries(all.targets);
    expect([w!.optionsFor('dev'), w!.policy, w!.include]).to.deep.equal([{ account_id: 'one', worker: 'x' }, 'mirror', ['A']]);
    expect(cloudflare!.optionsFor('dev')).to.deep.equal({ account_id: 'own', worker: 'y' });

    const own = project(
      'doppler: {project: other, configs: {dev: d, prod: p}}\nenvironments: {prod: {protected: false}}\nledger: machine\ndefaults: {strict: false}\n',
      head,
    );
    const prod = own.environments.get('prod')!;
    expect([own.doppler.project, [...own.environments.keys()], prod.branches, prod.protected, prod.unprotected]).to.deep.equal([
      'other',
      ['dev', 'prod'],
      ['main'],
      false,
      true,
    ]);
    expect([own.ledger('prod'), own.defaults.strict]).to.deep.equal(['machine', false]);
  });

  it('are named at their own place', () => {
    const head = 'workspaces: [a]\ndefaults:\n  doppler: shop\n  targets: {x: {account_id: 1}}\n';
    const member = project('targets:\n  w: {type: x, worker: a}\n', head);
    expect(member.at(['targets', 'w', 'worker'])).to.equal('services/api/dcs.yaml:2:16');
    expect(member.at(['targets', 'w', 'account_id'])).to.equal('dcs.yaml:4:17');
    expect(member.at(['targets', 'w'])).to.equal('services/api/dcs.yaml:2:3');
    expect(member.at(['doppler'])).to.equal('dcs.yaml:3:3');
    expect(() => project('targets: {}\n')).to.throw('services/api/dcs.yaml:1:1: doppler must name a Doppler project');
    expect(() => project('targets: {}\n', 'workspaces: [a]\ndefaults: {doppler: shop, environments: {qa: {}}}\n')).to.throw(
      /^dcs.yaml:2:42: qa has no Doppler config/,
    );
  });

  it('take neither type nor shared', () => {
    for (const key of ['type: x', 'shared: true'])
      expect(() => project('doppler: s\n', `workspaces: [a]\ndefaults: {targets: {x: {${key}}}}\n`), key).to.throw(
        /must be said by each target itself/,
      );
  });
});
