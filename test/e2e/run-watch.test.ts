import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ROOT, world, YAML, type World } from './world.ts';

type Running = ReturnType<typeof spawn>;

describe('dcs run that stays behind', function () {
  this.timeout(60_000);
  let w: World;
  const children: Running[] = [];
  const seen = { out: '', err: '' };
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
    Object.assign(seen, { out: '', err: '' });
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await w.close();
  });

  const start = (...words: string[]): Running => {
    const child = spawn(process.execPath, [join(ROOT, 'bin', 'run.js'), 'run', ...words], { cwd: w.project, env: w.env });
    child.stdout!.on('data', (chunk: Buffer) => (seen.out += chunk.toString()));
    child.stderr!.on('data', (chunk: Buffer) => (seen.err += chunk.toString()));
    children.push(child);
    return child;
  };
  const until = async (what: string, met: () => boolean): Promise<void> => {
    for (let tries = 0; !met(); tries++) {
      if (tries === 400) throw new Error(`${what} never happened; out: ${seen.out} err: ${seen.err}`);
      // oxlint-disable-next-line no-await-in-loop -- waiting is the point
      await sleep(50);
    }
  };
  const ended = (running: Running): Promise<number | null> => new Promise((resolve) => running.on('close', resolve));
  const alive = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  const SERVER = ['--', process.execPath, '-e', `console.log(process.pid, process.env.FLAVOUR); setInterval(() => {}, 1000)`];
  const pids = (): number[] => [...seen.out.matchAll(/^(\d+) /gm)].map(([, pid]) => Number(pid));

  for (const tier of ['team', 'developer'])
    it(`--watch starts the program anew when a value changed, and only then (plan: ${tier})`, async () => {
      await w.post('/_sandbox/doppler/tier', { tier });
      await w.doppler('dev', { FLAVOUR: 'vanilla' });
      const running = start('--watch', '--no-mask', ...SERVER);
      await until('the first start', () => seen.out.includes('vanilla'));
      await w.doppler('stg', { FLAVOUR: 'elsewhere' });
      await sleep(tier === 'team' ? 1500 : 6000);
      expect(pids()).to.have.length(1);
      await w.doppler('dev', { FLAVOUR: 'mint', EXTRA: 'x' });
      await until('the second start', () => seen.out.includes('mint'));
      expect(seen.err)
        .to.contain('Restarting: EXTRA, FLAVOUR changed in Doppler.')
        .and.not.to.match(/vanilla|mint/);
      const [first, second] = pids();
      expect(alive(first!), 'the old program').to.equal(false);
      const end = ended(running);
      running.kill('SIGTERM');
      expect(await end).to.equal(143);
      expect(alive(second!), 'the new program').to.equal(false);
    });

  it('--watch outlives an outage, which it says once, and ends with the program', async () => {
    const running = start('--watch', '--', process.execPath, '-e', 'setTimeout(() => process.exit(7), 8000)');
    await w.post('/_sandbox/faults', { cloud: 'doppler', kind: 'status', status: 401, times: 'forever', nth: 3 });
    expect(await ended(running)).to.equal(7);
    expect(seen.err.match(/goes on with what it has/g) ?? []).to.have.length.at.most(1);
  });

  it('passes every signal on once', async () => {
    const code = `let n = {}; for (const s of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR2']) process.on(s, () => { n[s] = (n[s] ?? 0) + 1; });
      console.log('ready'); setTimeout(() => { console.log(JSON.stringify(n)); process.exit(3) }, 1500)`;
    const running = start('--mask', '--', process.execPath, '-e', code);
    await until('the start', () => seen.out.includes('ready'));
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR2'] as const) running.kill(signal);
    expect(await ended(running)).to.equal(3);
    expect(seen.out).to.contain('{"SIGTERM":1,"SIGHUP":1,"SIGINT":1,"SIGQUIT":1,"SIGUSR2":1}'.slice(1, 12));
    expect(Object.values(JSON.parse(seen.out.split('\n')[1]!) as Record<string, number>)).to.deep.equal([1, 1, 1, 1, 1]);
  });

  it('leaves no orphan when it is killed', async () => {
    for (let round = 0; round < 3; round++) {
      seen.out = '';
      const running = start('--mask', ...SERVER);
      // oxlint-disable no-await-in-loop -- one after the other
      await until('the start', () => pids().length === 1);
      running.kill('SIGKILL');
      await until('the end of the program', () => !alive(pids()[0]!));
      // oxlint-enable no-await-in-loop
    }
  });
});
