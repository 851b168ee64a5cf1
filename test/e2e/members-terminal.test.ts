import { join } from 'node:path';
import { expect } from 'chai';
import { terminal, type Terminal } from './terminal.ts';
import { workspace, type Workspace } from './workspace.ts';
import { ROOT } from './world.ts';

describe('members of a workspace, at a terminal', () => {
  let w: Workspace;
  beforeEach(async () => {
    w = await workspace();
  });
  afterEach(() => w.close());

  const sync = (environment: string): Terminal =>
    terminal(process.execPath, [join(ROOT, 'bin', 'run.js'), 'sync', '--all', '-e', environment], { cwd: w.project, env: w.env });

  it('the plan of everything, and then one question for all of it; no means nothing is written', async () => {
    await w.member('api', 'worker');
    await w.member('web', 'worker', 'jobs');
    const no = sync('staging');
    await no.until('Write 6 changes to staging?');
    for (const name of ['api/worker', 'web/worker', 'web/jobs']) expect(no.shown()).to.contain(`${name} · Worker`);
    no.type('n\r');
    expect(await no.ended).to.equal(7);
    expect(await w.worker('STRIPE_KEY', 'api-worker')).to.equal(undefined);
    const yes = sync('staging');
    await yes.until('Write 6 changes');
    yes.type('y\r');
    expect(await yes.ended, yes.shown()).to.equal(0);
    for (const worker of ['api-worker', 'web-worker', 'web-jobs'])
      expect(await w.worker('STRIPE_KEY', worker)).to.equal('sk-of-staging-0001');
  });

  it('more than a screen of targets is one line while it is written, and one when it is done', async () => {
    await Promise.all(Array.from({ length: 24 }, (_, index) => w.member(`m${index}`, 'worker')));
    await w.post('/_sandbox/delay', { ms: 30 });
    const run = sync('staging');
    await run.until('Write 48 changes to staging?');
    run.type('y\r');
    await run.until(/writing: \d+ of 24 targets/);
    expect(await run.ended, run.shown()).to.equal(0);
    expect(run.shown()).to.contain('24 targets  48 written').and.not.contain('m7/worker  writing');
  });
});
