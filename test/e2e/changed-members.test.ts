import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT_FILE, workspace, type Workspace } from './workspace.ts';

describe('members of a workspace that changed', () => {
  let w: Workspace;

  const since = async (reference: string): Promise<string[]> => {
    const { code, err, ...ran } = await w.dcs(['status', '--changed', reference, '--json']);
    expect(code, err).to.equal(0);
    return (ran.json()['targets'] as { target: string }[]).map(({ target }) => target);
  };
  beforeEach(async () => {
    w = await workspace();
    await w.member('api', 'worker');
    await w.member('web', 'worker', 'jobs');
    w.git('add', '-A');
    w.git('commit', '-qm', 'one');
    w.git('branch', 'main');
  });
  afterEach(() => w.close());

  it('are those with a file committed, staged, edited, new or moved since the branch began', async () => {
    expect(await since('main')).to.deep.equal([]);
    const nothing = await w.dcs(['sync', '--changed', 'main', '-e', 'staging', '--yes']);
    expect([nothing.code, nothing.out]).to.deep.equal([0, 'No member changed since main: nothing to do.\n']);
    await w.put('services/api/new.ts', '');
    expect(await since('main')).to.deep.equal(['api/worker']);
    w.git('add', '-A');
    expect(await since('main')).to.deep.equal(['api/worker']);
    w.git('commit', '-qm', 'two');
    expect(await since('main')).to.deep.equal(['api/worker']);
    expect(await since('HEAD')).to.deep.equal([]);
    w.git('mv', 'services/api/new.ts', 'services/web/new.ts');
    expect(await since('HEAD')).to.deep.equal(['api/worker', 'web/worker', 'web/jobs']);
    w.git('reset', '-q', '--hard');
    await appendFile(join(w.project, 'services/web/dcs.yaml'), '# edited\n');
    expect(await since('HEAD')).to.deep.equal(['web/worker', 'web/jobs']);
  });

  it('are those that are a submodule at another commit', async () => {
    const add = (): string => w.git('update-index', '--add', '--cacheinfo', `160000,${w.git('rev-parse', 'HEAD').trim()},services/api`);
    w.git('rm', '-rq', '--cached', 'services/api');
    add();
    w.git('commit', '-qm', 'a submodule');
    expect(await since('HEAD')).to.deep.equal([]);
    w.git('commit', '-q', '--allow-empty', '-m', 'three');
    add();
    expect(await since('HEAD')).to.deep.equal(['api/worker']);
  });

  it('are not those that only the other branch changed', async () => {
    w.git('checkout', '-q', 'main');
    await w.put('services/web/there.ts', '');
    w.git('add', '-A');
    w.git('commit', '-qm', 'theirs');
    w.git('checkout', '-q', 'work');
    expect(await since('main')).to.deep.equal([]);
  });

  it('are all of them after a change of the root file, and none by files outside', async () => {
    await w.put('README.md', 'x');
    expect(await since('HEAD')).to.deep.equal([]);
    await w.yaml(`${ROOT_FILE}# edited\n`);
    expect(await since('HEAD')).to.deep.equal(['api/worker', 'web/worker', 'web/jobs']);
  });

  it('cannot be told of an unknown commit, nor without a common one', async () => {
    const unknown = await w.dcs(['status', '--changed', 'nope']);
    expect([unknown.code, unknown.err.includes('git knows no commit "nope"')]).to.deep.equal([64, true]);
    expect((await w.dcs(['status', '--changed', '--output=x'])).code).to.equal(64);
    w.git('checkout', '-q', '--orphan', 'other');
    w.git('commit', '-qm', 'unrelated');
    const apart = await w.dcs(['status', '--changed', 'main']);
    expect([apart.code, apart.err.includes('in common')], apart.err).to.deep.equal([2, true]);
    await rm(join(w.project, '.git'), { recursive: true });
    expect((await w.dcs(['status', '--changed', 'main'])).code).to.equal(64);
  });
});
