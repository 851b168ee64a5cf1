import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { running, type Running } from './running.ts';
import { world, YAML, type World } from './world.ts';

describe('dcs run that stays behind', function () {
  this.timeout(60_000);
  let w: World;
  const started: Running[] = [];
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  afterEach(async () => {
    for (const one of started.splice(0)) one.kill('SIGKILL');
    await w.close();
  });

  const start = (...words: string[]): Running => {
    const one = running(w, ['run', ...words]);
    started.push(one);
    return one;
  };
  const alive = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  const SERVER = ['--', process.execPath, '-e', `console.log(process.pid, process.env.FLAVOUR); setInterval(() => {}, 1000)`];
  const pids = ({ seen }: Running): number[] => [...seen.out.matchAll(/^(\d+) /gm)].map(([, pid]) => Number(pid));

  for (const tier of ['team', 'developer'])
    it(`--watch starts the program anew when a value changed, and only then (plan: ${tier})`, async () => {
      await w.post('/_sandbox/doppler/tier', { tier });
      await w.doppler('dev', { FLAVOUR: 'vanilla' });
      const dcs = start('--watch', '--no-mask', ...SERVER);
      await dcs.until('the first start', () => dcs.seen.out.includes('vanilla'));
      await w.doppler('stg', { FLAVOUR: 'elsewhere' });
      await sleep(tier === 'team' ? 1500 : 6000);
      expect(pids(dcs)).to.have.length(1);
      await w.doppler('dev', { FLAVOUR: 'mint', EXTRA: 'x' });
      await dcs.until('the second start', () => dcs.seen.out.includes('mint'));
      expect(dcs.seen.err)
        .to.contain('Restarting: EXTRA, FLAVOUR changed in Doppler.')
        .and.not.to.match(/vanilla|mint/);
      const [first, second] = pids(dcs);
      expect(alive(first!), 'the old program').to.equal(false);
      dcs.kill('SIGTERM');
      expect(await dcs.ended).to.equal(143);
      expect(alive(second!), 'the new program').to.equal(false);
    });

  it('--watch outlives an outage, which it says once, and ends with the program', async () => {
    const dcs = start('--watch', '--', process.execPath, '-e', 'setTimeout(() => process.exit(7), 8000)');
    await w.post('/_sandbox/faults', { cloud: 'doppler', kind: 'status', status: 401, times: 'forever', nth: 3 });
    expect(await dcs.ended).to.equal(7);
    expect(dcs.seen.err.match(/goes on with what it has/g) ?? []).to.have.length.at.most(1);
  });

  it('--watch leaves the program alone when it cannot be started with the new values', async () => {
    await w.doppler('dev', { FLAVOUR: 'vanilla' });
    const dcs = start('--watch', '--no-mask', ...SERVER);
    await dcs.until('the start', () => dcs.seen.out.includes('vanilla'));
    await w.doppler('dev', { FLAVOUR: 'a\0b' });
    await dcs.until('the refusal', () => dcs.seen.err.includes('FLAVOUR cannot be an environment variable. The program goes on'));
    expect(pids(dcs).map(alive)).to.deep.equal([true]);
    await w.doppler('dev', { FLAVOUR: 'mint' });
    await dcs.until('the next start', () => dcs.seen.out.includes('mint'));
  });

  it('--watch asks Doppler also where a young snapshot would do', async () => {
    await w.doppler('dev', { FLAVOUR: 'vanilla' });
    const dcs = start('--watch', '--max-age', '10m', '--no-mask', ...SERVER);
    await dcs.until('the start', () => dcs.seen.out.includes('vanilla'));
    await w.doppler('dev', { FLAVOUR: 'mint' });
    await dcs.until('the second start', () => dcs.seen.out.includes('mint'));
  });

  it('passes every signal on once', async () => {
    const code = `let n = {}; for (const s of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR2']) process.on(s, () => { n[s] = (n[s] ?? 0) + 1; });
      console.log('ready'); setTimeout(() => { console.log(JSON.stringify(n)); process.exit(3) }, 1500)`;
    const dcs = start('--mask', '--', process.execPath, '-e', code);
    await dcs.until('the start', () => dcs.seen.out.includes('ready'));
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR2'] as const) dcs.kill(signal);
    expect(await dcs.ended).to.equal(3);
    expect(Object.values(JSON.parse(dcs.seen.out.split('\n')[1]!) as Record<string, number>)).to.deep.equal([1, 1, 1, 1, 1]);
  });

  it('leaves no orphan when it is killed', async () => {
    for (let round = 0; round < 3; round++) {
      const dcs = start('--mask', ...SERVER);
      // oxlint-disable no-await-in-loop -- one after the other
      await dcs.until('the start', () => pids(dcs).length === 1);
      dcs.kill('SIGKILL');
      await dcs.until('the end of the program', () => !alive(pids(dcs)[0]!));
      // oxlint-enable no-await-in-loop
    }
  });
});
