import { expect } from 'chai';
import { world, YAML, type World } from './world.ts';

/** Doppler has S_C, and later S_A, which the rules give the same name. */
const RULES = YAML.replace('include: ["*"]', 'include: ["S_*"]\n    rename: {S_A: S_X, S_C: S_X}');
const SAYS = 'S_A, S_C become one name here: nothing is written';

describe('two names that become one on the way to a target', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(RULES);
    await w.doppler('stg', { S_C: 'of c' });
    expect((await w.dcs(['sync', '-e', 'staging', '--yes'])).code).to.equal(0);
    await w.doppler('stg', { S_A: 'of a', S_B: 'of b' });
    await w.forget();
  });
  afterEach(() => w.close());

  const sync = (...more: string[]) => w.dcs(['sync', '-e', 'staging', '--yes', ...more]);
  const writes = async () => (await w.journal()).filter(({ cloud, method }) => cloud === 'cloudflare' && method !== 'GET');
  const untouched = async (): Promise<void> => {
    expect(await writes()).to.deep.equal([]);
    expect([await w.worker('S_X'), await w.worker('S_B')]).to.deep.equal(['of c', undefined]);
  };

  it('are an error of the plan, also of the next ones, and nothing is written', async () => {
    for (const time of ['first', 'second', 'third']) {
      const run = await sync();
      expect([run.code, run.err.includes(SAYS)], time + run.out + run.err).to.deep.equal([2, true]);
      expect(run.out).to.contain('Try   look at rename and prefix of api in dcs.yaml');
    }
    const diff = await w.dcs(['diff', '-e', 'staging']);
    expect([diff.code, diff.out.includes(SAYS)], diff.out).to.deep.equal([2, true]);
    const saved = await w.dcs(['diff', '-e', 'staging', '--out', 'x.plan']);
    expect(saved.code).to.equal(2);
    expect((await sync('--plan', 'x.plan')).code).to.equal(64);
    expect((await w.dcs(['status', '-e', 'staging', '--exit-code', '--strict'])).code).to.equal(2);
    const told = await w.dcs(['explain', 'S_A', '-e', 'staging']);
    expect(told.out).to.contain('rename to S_X').and.to.contain(SAYS).and.to.not.contain('not included');
    await untouched();
  });

  it('are one also where --only or --except name one of the two; the others are written alone', async () => {
    for (const filter of [
      ['--only', 'S_A'],
      ['--only', 'S_C'],
      ['--except', 'S_C'],
    ]) {
      const run = await sync(...filter);
      expect([run.code, run.err.includes(SAYS)], filter.join(' ') + run.out + run.err).to.deep.equal([2, true]);
    }
    await untouched();
    const others = await sync('--only', 'S_B');
    expect(others.code, others.err).to.equal(0);
    expect([await w.worker('S_X'), await w.worker('S_B')]).to.deep.equal(['of c', 'of b']);
  });
});
