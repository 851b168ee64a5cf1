import { chmod, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { onlyRun } from '../../src/engine/lock.ts';
import { facts, hooked, origin, type Hooked } from './hooked.ts';

const BEHIND = /dcs hooks: 7 secrets behind on staging: dcs diff -e staging\n/;

describe('dcs hooks install, status, uninstall', function () {
  // On a busy machine an answer may come later than a hook waits.
  this.retries(2);
  let w: Hooked;
  beforeEach(async () => {
    w = await hooked();
  });
  afterEach(() => w.close());
  const hook = (name: string): string => join(w.project, '.git', 'hooks', name);
  const put = async (name: string, text: string, mode = 0o755): Promise<void> => {
    await mkdir(join(w.project, '.git', 'hooks'), { recursive: true });
    await writeFile(hook(name), text, 'latin1');
    await chmod(hook(name), mode);
  };
  const done = async (line: string): Promise<string> => {
    const { code, out, err } = await w.sh(line);
    expect(code, out + err).to.equal(0);
    return out + err;
  };
  const states = async (): Promise<string[]> =>
    ((await w.dcs(['hooks', 'status', '--json'])).json()['hooks'] as { state: string }[]).map(({ state }) => state);

  it('speaks after a checkout of a branch and a merge, not after one of files; the second install writes nothing; away without a trace', async () => {
    expect(await done('dcs hooks install -e staging'))
      .to.contain('✓ post-checkout installed')
      .and.to.not.contain('pre-push');
    const first = w.snapshot();
    expect(await done('dcs hooks install -e staging')).to.contain('= post-checkout unchanged');
    expect(w.snapshot()).to.deep.equal(first);
    expect(await done('git checkout -q other')).to.match(BEHIND);
    expect(await done('git checkout -q HEAD -- dcs.yaml')).to.equal('');
    await done('git checkout -q work; git commit -q --allow-empty -m second; git checkout -q other');
    expect(await done('git merge -q work')).to.match(BEHIND);
    expect(await states()).to.deep.equal(['installed', 'installed', 'none']);
    expect(JSON.stringify(first)).to.not.contain(Buffer.from(w.home).toString('base64').slice(0, 12));
    expect(await readFile(hook('post-checkout'), 'utf8')).to.not.contain(w.home);
    await done('dcs hooks uninstall');
    expect(w.snapshot()).to.deep.equal({});
    expect(await done('dcs hooks uninstall')).to.equal('dcs is in no hook here.\n');
  });

  it('one at a time: of two, the second would take what the first wrote for yours', async () => {
    await put('pre-push', '#!/usr/bin/env node\n// yours\n');
    const before = w.snapshot();
    const { folder } = (await w.dcs(['hooks', 'status', '--json'])).json();
    const lock = await onlyRun({ stateDir: join(w.home, 'state', 'dcs'), what: `dcs hooks of ${String(folder)}`, run: 'another' });
    for (const words of [['install', '--all'], ['uninstall']]) {
      const { code, err } = await w.dcs(['hooks', ...words]);
      expect([code, err]).to.satisfy(([exit, text]: [number, string]) => exit === 6 && text.includes('is under way'), err);
    }
    expect(w.snapshot()).to.deep.equal(before);
    await lock.release();
    expect((await w.dcs(['hooks', 'install', '--all'])).code).to.equal(0);
  });

  const former: readonly (readonly [what: string, text: string])[] = [
    ['sh', '#!/bin/sh\necho "args $# $1" >&2; cat >&2; echo "as $0" >&2; exit 3\n'],
    ['sh that replaces itself', '#!/usr/bin/env bash\nset -eu\nexec sh -c \'echo "args $# $1" >&2; cat >&2; exit 3\' x "$@"\n'],
    ['sh in latin1 without a last line end', '#!/bin/dash\n# caf\xe9\necho "args $# $1" >&2; cat >&2; exit 3'],
    [
      'another language',
      '#!/usr/bin/env node\nconst a = process.argv.slice(2); console.error("args", a.length, a[0]); process.stdin.pipe(process.stderr); process.exitCode = 3;\n',
    ],
    ['no first line at all', 'echo "args $# $1" >&2; cat >&2; exit 3\n'],
  ];
  for (const [what, text] of former)
    it(`a hook that is there (${what}) gets its arguments and input, its exit code counts, and it comes back byte by byte with its mode`, async () => {
      origin(w);
      await put('pre-push', text, 0o751);
      const before = facts(w.snapshot());
      await done('dcs hooks install --hook pre-push -e staging');
      expect((await states())[2]).to.equal('installed');
      const installed = w.snapshot();
      await done('dcs hooks install --hook pre-push -e staging');
      expect(w.snapshot()).to.deep.equal(installed);
      const push = await w.sh('git push -q origin work');
      expect(push.code).to.not.equal(0);
      expect(push.err)
        .to.match(BEHIND)
        .and.to.contain('args 2 origin')
        .and.to.match(/refs\/heads\/work [0-9a-f]{40} refs\/heads\/work 0{40}/);
      await done('dcs hooks uninstall');
      expect(facts(w.snapshot())).to.deep.equal(before);
    });

  it('a hook that is a link stays one, and its file is not touched', async () => {
    await writeFile(join(w.project, 'mine.sh'), '#!/bin/sh\necho mine >&2\n', { mode: 0o755 });
    await mkdir(join(w.project, '.git', 'hooks'), { recursive: true });
    await symlink('../../mine.sh', hook('post-merge'));
    const before = w.snapshot();
    expect(await done('dcs hooks install --hook post-merge -e staging')).to.contain('then');
    await done('git checkout -q -b third; git commit -q --allow-empty -m x; git checkout -q work');
    expect(await done('git merge -q third'))
      .to.match(BEHIND)
      .and.to.contain('mine\n');
    expect(await readFile(join(w.project, 'mine.sh'), 'utf8')).to.equal('#!/bin/sh\necho mine >&2\n');
    await done('dcs hooks uninstall');
    expect(w.snapshot()).to.deep.equal(before);
  });

  it('one that git would not start is not started either', async () => {
    await put('post-merge', '#!/bin/sh\necho mine >&2\n', 0o644);
    const before = facts(w.snapshot());
    await done('dcs hooks install --hook post-merge -e staging');
    await done('git checkout -q -b third; git commit -q --allow-empty -m x; git checkout -q work');
    expect(await done('git merge -q third'))
      .to.match(BEHIND)
      .and.to.not.contain('mine');
    await done('dcs hooks uninstall');
    expect(facts(w.snapshot())).to.deep.equal(before);
  });

  it('CRLF: the hook keeps its line ends, and lines of dcs that an editor gave some are still its own', async () => {
    await put('post-checkout', '#!/bin/sh\r\n# mine\r\n');
    const before = facts(w.snapshot());
    await done('dcs hooks install --hook post-checkout');
    await done('dcs hooks uninstall');
    expect(facts(w.snapshot())).to.deep.equal(before);
    await done('dcs hooks install --hook post-merge');
    await put('post-merge', (await readFile(hook('post-merge'), 'utf8')).replaceAll('\n', '\r\n'));
    expect(await done('dcs hooks install --hook post-merge')).to.contain('✓ post-merge changed');
    expect(await readFile(hook('post-merge'), 'utf8')).to.match(/# <<< dcs hooks post-merge\n/);
  });

  it('what a person added to the file of dcs stays; an edit of the lines of dcs is told and needs --force', async () => {
    await done('dcs hooks install');
    await writeFile(hook('post-merge'), `${await readFile(hook('post-merge'), 'utf8')}echo mine\n`);
    expect(await done('dcs hooks install -e staging')).to.contain('✓ post-merge changed');
    expect(await readFile(hook('post-merge'), 'utf8')).to.match(/-e staging[\s\S]*echo mine\n$/);
    await writeFile(hook('post-checkout'), (await readFile(hook('post-checkout'), 'utf8')).replace('|| :', '|| exit 1'));
    expect((await states())[0]).to.equal('edited');
    for (const command of ['install', 'uninstall']) {
      const before = w.snapshot();
      const refused = await w.dcs(['hooks', command, '--json']);
      expect([refused.code, JSON.stringify(refused.json()['error'])]).to.satisfy(
        ([code, text]: [number, string]) => code === 6 && text.includes('were edited'),
      );
      expect(facts(w.snapshot())['post-checkout']).to.equal(facts(before)['post-checkout']);
    }
    await done('dcs hooks install --force');
    expect(await readFile(hook('post-checkout'), 'utf8')).to.contain('|| :');
    expect(await done('dcs hooks uninstall')).to.contain('stays, with the lines that are not of dcs');
    expect(await readFile(hook('post-merge'), 'utf8')).to.equal('#!/bin/sh\necho mine\n');
  });

  it('never overwrites what it put aside, and goes on after it was stopped in between', async () => {
    await put('post-merge', '#!/usr/bin/env node\n// first\n');
    const before = facts(w.snapshot());
    await done('dcs hooks install --hook post-merge');
    await put('post-merge', '#!/usr/bin/env node\n// second\n');
    const both = w.snapshot();
    const refused = await w.dcs(['hooks', 'install', '--hook', 'post-merge', '--force']);
    expect([refused.code, refused.err]).to.satisfy(([code, text]: [number, string]) => code === 6 && text.includes('one would be lost'));
    expect(w.snapshot()).to.deep.equal(both);
    await put('post-merge.before-dcs', '#!/usr/bin/env node\n// first\n');
    await rename(hook('post-merge'), join(w.home, 'away'));
    expect(await done('dcs hooks install --hook post-merge')).to.contain('which stood there before');
    await rename(hook('post-merge'), join(w.home, 'away'));
    expect(await done('dcs hooks uninstall')).to.contain('as it was before dcs');
    expect(facts(w.snapshot())).to.deep.equal(before);
  });

  it('lines that were added where another hook comes back are not lost', async () => {
    await put('post-merge', '#!/usr/bin/env node\n');
    await done('dcs hooks install --hook post-merge');
    await writeFile(hook('post-merge'), `${await readFile(hook('post-merge'), 'utf8')}echo mine\n`);
    const refused = await w.dcs(['hooks', 'uninstall']);
    expect([refused.code, refused.err]).to.satisfy(([code, text]: [number, string]) => code === 6 && text.includes('added lines'));
    await done('dcs hooks uninstall --force');
    expect(await readFile(hook('post-merge'), 'utf8')).to.equal('#!/usr/bin/env node\n');
  });

  it('lines whose begin or end is gone are left to the person', async () => {
    await done('dcs hooks install');
    await writeFile(hook('post-merge'), (await readFile(hook('post-merge'), 'utf8')).replace(/# <<<.*\n/, ''));
    for (const command of ['install', 'uninstall'])
      expect((await w.dcs(['hooks', command, '--hook', 'post-merge', '--force'])).code).to.equal(6);
  });

  it('a dcs.yaml below the top is named from the top, and a branch without it says nothing', async () => {
    await mkdir(join(w.project, 'services', "it's"), { recursive: true });
    await rename(join(w.project, 'dcs.yaml'), join(w.project, 'services', "it's", 'dcs.yaml'));
    w.git('add', '-A');
    w.git('commit', '-qm', 'moved');
    expect((await w.sh('dcs hooks install -e staging', { cwd: join(w.project, 'services', "it's") })).code).to.equal(0);
    w.git('rm', '-q', '-r', 'services');
    w.git('commit', '-qm', 'gone');
    w.git('branch', 'without');
    expect(await done('git checkout -q HEAD~1')).to.match(BEHIND);
    expect(await done('git checkout -q without')).to.equal('');
  });

  it('usage, no repository, no dcs.yaml, a folder that cannot be made', async () => {
    expect((await w.dcs(['hooks', 'install', '--gate'])).code).to.equal(64);
    expect((await w.dcs(['hooks', 'install', '--hook', 'pre-commit'])).code).to.equal(64);
    expect((await w.dcs(['hooks', 'install', '-e', 'nowhere'])).code).to.equal(2);
    expect((await w.dcs(['hooks', 'install'], { cwd: w.home })).err).to.contain('is in no git repository');
    w.git('config', 'core.hooksPath', '/dev/null');
    const off = await w.dcs(['hooks', 'install']);
    expect([off.code, off.err]).to.satisfy(
      ([code, text]: [number, string]) => code === 2 && /ENOTDIR|EEXIST/.test(text) && text.includes('core.hooksPath'),
    );
    w.git('config', 'core.hooksPath', '/proc/dcs');
    expect((await w.dcs(['hooks', 'install'])).code).to.equal(2);
    w.git('config', '--unset', 'core.hooksPath');
    await rename(join(w.project, 'dcs.yaml'), join(w.home, 'dcs.yaml'));
    expect((await w.dcs(['hooks', 'install'])).err).to.contain('There is no dcs.yaml here.');
    expect(w.snapshot()).to.deep.equal({});
  });

  it('where dcs is missing, a line and no harm', async () => {
    await done('dcs hooks install --all -e staging --gate');
    origin(w);
    const env = { PATH: '/usr/bin:/bin' };
    for (const line of ['git checkout -q other', 'git merge -q work', 'git push -q origin other']) {
      const { code, err } = await w.sh(line, { env });
      expect([code, err]).to.deep.equal([0, line.includes('merge') ? '' : 'dcs hooks: dcs is not on the PATH, so nothing was compared.\n']);
    }
    expect((await w.dcs(['hooks', 'status'], { env })).out).to.contain('dcs is not on the PATH');
  });
});
