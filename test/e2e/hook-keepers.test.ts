import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { hooked, type Hooked } from './hooked.ts';
import { hookTools } from './hook-tools.ts';

const BEHIND = /7 secrets behind on staging/;

describe('dcs hooks in repositories of each kind', function () {
  // On a busy machine an answer may come later than a hook waits.
  this.retries(2);
  let w: Hooked;
  let tools: string;
  before(async function () {
    this.timeout(120_000);
    tools = await hookTools();
  });
  beforeEach(async () => {
    w = await hooked();
  });
  afterEach(() => w.close());
  const done = async (line: string, cwd = w.project): Promise<string> => {
    const { code, out, err } = await w.sh(line, { cwd });
    expect(code, out + err).to.equal(0);
    return out + err;
  };
  const json = async (...args: string[]): Promise<Record<string, unknown>> => (await w.dcs(['hooks', ...args, '--json'])).json();
  const states = async (): Promise<string[]> => ((await json('status'))['hooks'] as { state: string }[]).map(({ state }) => state);
  const put = async (file: string, text: string, mode = 0o644): Promise<void> => {
    await writeFile(join(w.project, file), text);
    await chmod(join(w.project, file), mode);
  };
  const read = (file: string): Promise<string> => readFile(join(w.project, file), 'utf8');
  /** Switches between two branches and returns what was said. */
  const checkout = async (cwd?: string): Promise<string> => done('git checkout -q -b "b$(date +%s%N)"', cwd);

  it('a worktree: one installation for all of them', async () => {
    await done('git worktree add -q ../tree other');
    const tree = join(w.project, '..', 'tree');
    expect(await done('dcs hooks install -e staging', tree)).to.contain(join(w.project, '.git', 'hooks', 'post-merge'));
    expect(await checkout(tree)).to.match(BEHIND);
    expect(await checkout()).to.match(BEHIND);
    await done('dcs hooks uninstall', tree);
    expect(await checkout()).to.equal('');
    expect(w.snapshot()).to.deep.equal({});
  });

  it('a submodule has hooks of its own', async () => {
    await done('git init -q outer && cd outer && git submodule --quiet add "$PWD/../project" shop', join(w.project, '..'));
    const inner = join(w.project, '..', 'outer', 'shop');
    await done('dcs hooks install -e staging', inner);
    expect(await checkout(inner)).to.match(BEHIND);
    expect(await checkout()).to.equal('');
    expect(Object.keys(w.snapshot(join(w.project, '..', 'outer', '.git', 'modules', 'shop', 'hooks')))).to.deep.equal([
      'post-checkout',
      'post-merge',
    ]);
    expect(await done('dcs hooks uninstall', inner)).to.contain('removed');
    expect(await checkout(inner)).to.equal('');
  });

  it('core.hooksPath of the repository, relative, from a folder below: in the versioned file, after its first line', async () => {
    await mkdir(join(w.project, '.githooks'));
    await mkdir(join(w.project, 'below'));
    await put('.githooks/post-checkout', '#!/bin/sh\necho mine >&2\n', 0o755);
    w.git('config', 'core.hooksPath', '.githooks');
    const before = w.snapshot(join(w.project, '.githooks'));
    const said = await done('dcs hooks install -e staging', join(w.project, 'below'));
    expect(said).to.contain('Your team gets it with the next commit.');
    expect(w.snapshot()).to.deep.equal({});
    expect(await checkout())
      .to.match(BEHIND)
      .and.to.match(/mine\n$/);
    expect(await states()).to.deep.equal(['installed', 'installed', 'none']);
    await done('dcs hooks uninstall');
    expect(Object.keys(w.snapshot(join(w.project, '.githooks')))).to.deep.equal(Object.keys(before));
    expect(await read('.githooks/post-checkout')).to.equal('#!/bin/sh\necho mine >&2\n');
  });

  it('core.hooksPath of the user: the hooks of every repository are changed only with --force, and say nothing without a dcs.yaml', async () => {
    const hooks = join(w.home, 'hooks');
    await done(`git config --global core.hooksPath '~/hooks'`);
    const refused = await w.dcs(['hooks', 'install', '-e', 'staging']);
    expect([refused.code, refused.err]).to.satisfy(([code, err]: [number, string]) => code === 7 && err.includes('all your repositories'));
    expect(w.snapshot(hooks)).to.deep.equal({});
    await done('dcs hooks install --force');
    expect(Object.keys(w.snapshot(hooks))).to.deep.equal(['post-checkout', 'post-merge']);
    expect(await checkout()).to.match(BEHIND);
    await done('git init -q ../elsewhere && cd ../elsewhere && git commit -q --allow-empty -m x');
    expect(await checkout(join(w.project, '..', 'elsewhere'))).to.equal('');
    expect((await json('status'))['everywhere']).to.equal(true);
    await done('dcs hooks uninstall');
    expect(w.snapshot(hooks)).to.deep.equal({});
  });

  it('husky 9: in .husky, where its next run leaves it', async () => {
    await done(`node -e "import('${join(tools, 'husky', 'index.js')}').then((m) => process.stdout.write(m.default()))"`);
    await put('.husky/post-checkout', 'echo mine >&2\n');
    const kept = w.snapshot(join(w.project, '.husky', '_'));
    const installed = await json('install', '-e', 'staging');
    expect([installed['layout'], installed['next']]).to.deep.equal(['husky', null]);
    expect(w.snapshot(join(w.project, '.husky', '_'))).to.deep.equal(kept);
    for (const round of ['first', 'after husky ran again']) {
      expect(await checkout(), round)
        .to.match(BEHIND)
        .and.to.match(/mine\n$/);
      expect(await states()).to.deep.equal(['installed', 'installed', 'none']);
      await done(`node -e "import('${join(tools, 'husky', 'index.js')}').then((m) => process.stdout.write(m.default()))"`);
    }
    const again = await json('install', '-e', 'staging');
    expect((again['hooks'] as { result: string }[]).map(({ result }) => result)).to.deep.equal(['unchanged', 'unchanged']);
    await done('dcs hooks uninstall');
    expect(await read('.husky/post-checkout')).to.equal('echo mine >&2\n');
    expect(Object.keys(w.snapshot(join(w.project, '.husky')))).to.deep.equal(['_', 'post-checkout']);
  });

  it('husky 8: its scripts source husky.sh by their own name', async () => {
    await mkdir(join(w.project, '.husky', '_'), { recursive: true });
    await put(
      '.husky/_/husky.sh',
      '#!/usr/bin/env sh\nif [ -z "$husky_skip_init" ]; then\n  readonly hook_name="$(basename -- "$0")"\n  export husky_skip_init=1\n  sh -e "$0" "$@"\n  exitCode="$?"\n  exit $exitCode\nfi\n',
    );
    await put('.husky/post-checkout', '#!/usr/bin/env sh\n. "$(dirname -- "$0")/_/husky.sh"\n\necho mine >&2\n', 0o755);
    w.git('config', 'core.hooksPath', '.husky');
    await done('dcs hooks install -e staging');
    expect(await checkout())
      .to.match(BEHIND)
      .and.to.match(/mine\n$/);
    await done('dcs hooks uninstall');
    expect(await read('.husky/post-checkout')).to.match(/^#!\/usr\/bin\/env sh\n\. "/);
  });

  describe('lefthook', () => {
    const lefthook = (): string => join(tools, 'lefthook', 'bin', 'index.js');
    beforeEach(async () => {
      await symlink(lefthook(), join(w.bin, 'lefthook'));
      await put('lefthook.yml', 'post-merge:\n  commands:\n    mine:\n      run: echo mine\n');
      await done('lefthook install');
    });

    it('in lefthook-local.yml, where its next installation leaves it', async () => {
      const said = await json('install', '--all', '-e', 'staging');
      expect([said['layout'], said['next']]).to.deep.equal(['lefthook', 'lefthook install']);
      expect(await states()).to.deep.equal(['waiting', 'installed', 'waiting']);
      await done('lefthook install');
      expect(await states()).to.deep.equal(['installed', 'installed', 'installed']);
      const text = await read('lefthook-local.yml');
      expect((await json('install', '--all', '-e', 'staging'))['next']).to.equal(null);
      expect(await read('lefthook-local.yml')).to.equal(text);
      expect(await checkout()).to.match(BEHIND);
      expect(await done('git checkout -q HEAD -- dcs.yaml')).to.not.match(BEHIND);
      await done('git commit -q --allow-empty -m x && git checkout -q other');
      expect(await done('git merge -q -'))
        .to.match(BEHIND)
        .and.to.contain('mine');
      await done('dcs hooks uninstall && lefthook install');
      await rm(join(w.project, 'lefthook-local.yml')).then(
        () => expect.fail('it should be gone'),
        () => undefined,
      );
      expect(await states()).to.deep.equal(['none', 'none', 'none']);
    });

    it('a file that is there keeps every byte; a hook that it has is the person’s to change', async () => {
      const own = '# caf\u00e9\npre-commit:\n  parallel: true';
      await put('lefthook-local.yml', own);
      await json('install', '-e', 'staging');
      await done('lefthook install');
      expect(await checkout()).to.match(BEHIND);
      await done('dcs hooks uninstall');
      expect(await read('lefthook-local.yml')).to.equal(own);
      await put('lefthook-local.yml', 'post-checkout:\n  parallel: true\n');
      const refused = await w.dcs(['hooks', 'install']);
      expect([refused.code, refused.err]).to.satisfy(
        ([code, err]: [number, string]) => code === 6 && err.includes('dcs hooks run post-checkout') && err.includes('lefthook install'),
      );
      expect(await read('lefthook-local.yml')).to.equal('post-checkout:\n  parallel: true\n');
    });

    it('the gate ends the push there, too', async () => {
      await done('dcs hooks install --hook pre-push --gate -e staging && lefthook install');
      await done('git init -q --bare ../bare.git && git remote add origin ../bare.git');
      expect((await w.sh('git push -q origin work')).code).to.not.equal(0);
      await w.dcs(['sync', '-e', 'staging', '--yes']);
      expect((await w.sh('git push -q origin work')).code).to.equal(0);
    });
  });

  describe('simple-git-hooks', () => {
    const run = (): Promise<string> => done(`node '${join(tools, 'simple-git-hooks', 'cli.js')}'`);
    const OWN = `${JSON.stringify({ name: 'shop', version: '1.0.0', author: 'José', 'simple-git-hooks': { 'post-merge': 'echo mine >&2' } }, undefined, 2)}\n`;

    it('in package.json, where its next run leaves it; as it was afterwards, byte by byte', async () => {
      await put('package.json', OWN);
      await run();
      const said = await json('install', '-e', 'staging');
      expect([said['layout'], said['next']]).to.deep.equal(['simple-git-hooks', 'npx simple-git-hooks']);
      expect((await json('install', '-e', 'staging'))['next']).to.equal(null);
      expect(await states()).to.deep.equal(['waiting', 'waiting', 'none']);
      await run();
      expect(await states()).to.deep.equal(['installed', 'installed', 'none']);
      expect(await checkout()).to.match(BEHIND);
      await done('git commit -q --allow-empty -m x && git checkout -q other');
      expect(await done('git merge -q -'))
        .to.match(BEHIND)
        .and.to.contain('mine');
      await done('dcs hooks uninstall');
      expect(await read('package.json')).to.equal(OWN);
      await run();
      expect(await checkout()).to.equal('');
    });

    it('a file that it would format anew, or a program, is the person’s to change', async () => {
      await put('package.json', OWN);
      await done('dcs hooks install -e staging');
      const dense = `${JSON.stringify(JSON.parse(await read('package.json')))}\n`;
      await put('package.json', dense);
      for (const words of [['uninstall'], ['install', '-e', 'prod']]) {
        const { code, err } = await w.dcs(['hooks', ...words]);
        expect([code, err]).to.satisfy(([exit, text]: [number, string]) => exit === 6 && text.includes('more than its own lines'), err);
      }
      expect(await read('package.json')).to.equal(dense);
      await put('package.json', '{"name": "shop", "simple-git-hooks": {"pre-commit": "true"}}\n');
      expect((await w.dcs(['hooks', 'install'])).err)
        .to.contain('not formatted as npm formats it')
        .and.to.contain('dcs hooks run post-checkout');
      await put('.simple-git-hooks.cjs', 'module.exports = {}\n');
      expect((await w.dcs(['hooks', 'install'])).err).to.contain('.simple-git-hooks.cjs is a program');
      expect((await w.dcs(['hooks', 'uninstall'])).code).to.equal(0);
      expect(w.snapshot()).to.deep.equal({});
    });

    it('a file of its own, CRLF and tabs', async () => {
      const own = '{\r\n\t"pre-commit": "true"\r\n}\r\n';
      await put('.simple-git-hooks.json', own);
      await json('install', '-e', 'staging');
      await run();
      expect(await checkout()).to.match(BEHIND);
      await done('dcs hooks uninstall');
      expect(await read('.simple-git-hooks.json')).to.equal(own);
    });
  });
});
