import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { world, WORKER, YAML, type World } from './world.ts';

/** Protected staging with a trigger for it. */
const TRIGGERED = (yaml: string): string =>
  `${yaml}environments: {staging: {protected: true}}\ntriggers: [{type: webhook, environment: staging, targets: [api]}]\n`;

describe('a trigger of dcs.yaml', () => {
  let w: World;
  const sync = (...more: string[]): ReturnType<World['dcs']> => w.dcs(['sync', '-e', 'staging', '--trigger', 'webhook', '--json', ...more]);
  const refusal = async (...more: string[]): Promise<string> => {
    const ran = await sync(...more);
    expect(ran.code).to.equal(7);
    return (ran.json()['error'] as { message: string }).message;
  };
  beforeEach(async () => {
    w = await world();
    await w.yaml(TRIGGERED(YAML));
  });
  afterEach(() => w.close());

  it('writes to a protected environment only once the file is trusted, and no longer after an edit', async () => {
    expect(await refusal()).to.contain('not trusted');
    expect(await w.worker('STRIPE_KEY')).to.equal(undefined);
    await w.dcs(['trust']);
    expect((await sync()).code).to.equal(0);
    expect(await w.worker('STRIPE_KEY')).to.be.a('string');
    await appendFile(join(w.project, 'dcs.yaml'), '# edited\n');
    expect(await refusal()).to.contain('not trusted');
  });

  it('is named by type, environment and target', async () => {
    await w.dcs(['trust']);
    const other = await w.dcs(['sync', '-e', 'staging', '--trigger', 'schedule', '--json']);
    expect([other.code, (other.json()['error'] as { message: string }).message]).to.deep.equal([
      7,
      'No trigger of type schedule in dcs.yaml names staging.',
    ]);
    expect((await w.dcs(['sync', '--trigger', 'webhook'])).code).to.equal(64);
    for (const flag of ['--yes', '--prune', '--redeploy', '--dry-run']) expect((await sync(flag)).code, flag).to.equal(64);
  });

  it('of type ci needs no trust in CI: its workflow file is that; the others do', async () => {
    await w.yaml(TRIGGERED(YAML).replace('type: webhook', 'type: ci'));
    const inCi = (type: string, env: Record<string, string>): ReturnType<World['dcs']> =>
      w.dcs(['sync', '-e', 'staging', '--trigger', type, '--json'], { env });
    expect((await inCi('ci', {})).code).to.equal(7);
    expect((await inCi('webhook', { GITHUB_ACTIONS: 'true' })).code).to.equal(7);
    expect((await inCi('ci', { GITHUB_ACTIONS: 'true' })).code).to.equal(0);
  });

  it('deletes nothing, adopts nothing and passes no guard', async () => {
    await w.yaml(TRIGGERED(YAML.replace('    worker:', '    policy: mirror\n    worker:')));
    await w.dcs(['trust']);
    await w.edit('STRIPE_KEY', 'somebody-elses');
    expect(await refusal()).to.contain('did not write');
    await w.edit('STRIPE_KEY', null);
    expect((await sync()).code).to.equal(0);
    await w.doppler('stg', { STRIPE_KEY: null });
    expect(await refusal()).to.contain('a webhook trigger deletes nothing');
    expect(await w.worker('STRIPE_KEY', WORKER)).to.be.a('string');
  });

  it('stands in the history as who wrote', async () => {
    await w.dcs(['trust']);
    await sync();
    expect((await w.dcs(['history'])).out).to.contain('webhook trigger');
  });
});
