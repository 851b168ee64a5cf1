import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { openRedisQueue } from '../src/queue/redis-queue.ts';
import type { Queue, Run, Verdict } from '../src/queue/queue.ts';
import { redisServer, type RedisServer } from './redis.ts';

describe('the queue in Redis', function () {
  this.timeout(120_000);
  let redis: RedisServer;
  let folder: string;
  let queue: Queue;
  let logged: string[];
  const workers: ChildProcess[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dcs-workers-'));
    await writeFile(join(folder, 'runs'), '');
    redis = await redisServer();
    logged = [];
    queue = await openRedisQueue({
      url: redis.url,
      project: 'shop',
      log: (name, fields) => void logged.push(JSON.stringify({ name, ...fields })),
    });
  });
  afterEach(async () => {
    for (const worker of workers.splice(0)) worker.kill('SIGKILL');
    await queue.close(0);
    await redis.close();
    await rm(folder, { recursive: true });
  });

  const worker = async (pace: number): Promise<ChildProcess> => {
    const file = fileURLToPath(new URL('worker-process.ts', import.meta.url));
    const env = { ...process.env, QUEUE_URL: redis.url, RUNS: join(folder, 'runs'), PACE: `${pace}` };
    const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    workers.push(child);
    await once(child.stdout, 'data');
    return child;
  };
  const notes = async (): Promise<{ word: string; environment: string; pid: number; at: number }[]> =>
    (await readFile(join(folder, 'runs'), 'utf8'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' '))
      .map(([word = '', environment = '', pid, at]) => ({ word, environment, pid: Number(pid), at: Number(at) }));
  const until = async (what: string, met: () => Promise<boolean>): Promise<void> => {
    for (let tries = 0; !(await met()); tries++) {
      if (tries === 900) throw new Error(`waited in vain for ${what}`);
      await sleep(100);
    }
  };

  it('has one writer for an environment across four workers, also after one of them was killed', async () => {
    await Promise.all(Array.from({ length: 4 }, () => worker(400)));
    const last = new Map<string, number>();
    const flood = async (): Promise<void> => {
      for (let n = 0; n < 60; n++)
        for (const environment of ['dev', 'stg', 'prd']) {
          await queue.add(environment);
          last.set(environment, Date.now());
        }
    };
    await flood();
    await until('a run of each', async () => new Set((await notes()).map(({ environment }) => environment)).size === 3);
    const busy = (await notes()).findLast(
      ({ word, pid }, _, all) => word === 'start' && all.filter((one) => one.pid === pid).length % 2 === 1,
    );
    const victim = workers.find(({ pid }) => pid === busy?.pid) ?? workers[0]!;
    victim.kill('SIGKILL');
    await once(victim, 'close');
    await flood();
    // What the victim had is another one's once its lock ran out.
    await until('a run after the last event of each', async () => {
      const all = await notes();
      return [...last].every(([environment, at]) => {
        const start = all.find((one) => one.word === 'start' && one.environment === environment && one.at >= at && one.pid !== victim.pid);
        return start !== undefined && all.some((one) => one.word === 'end' && one.pid === start.pid && one.at >= start.at);
      });
    });
    await until('an empty queue', async () => {
      const { queued, running } = await queue.counts();
      return queued + running === 0;
    });
    const all = await notes();
    for (const environment of ['dev', 'stg', 'prd']) {
      const own = all.filter((one) => one.environment === environment && one.pid !== victim.pid);
      // Start, end, start, end: never two at a time.
      expect(
        own.map(({ word }) => word),
        environment,
      ).to.deep.equal(own.map((_, at) => (at % 2 === 0 ? 'start' : 'end')));
      expect(own.length / 2, environment).to.be.at.most(6);
    }
    expect(new Set(all.map(({ pid }) => pid)).size, 'workers that worked').to.be.above(1);
  });

  it('keeps what was accepted while nobody works, and coalesces it', async () => {
    expect(await queue.add('stg')).to.equal('queued');
    expect(await queue.add('stg')).to.equal('coalesced');
    expect(await queue.counts()).to.deep.equal({ queued: 1, running: 0, dead: 0 });
    const child = await worker(10);
    await until('the run', async () => (await notes()).filter(({ word }) => word === 'end').length === 1);
    child.kill('SIGTERM');
    expect((await once(child, 'close'))[0]).to.equal(0);
  });

  it('gives up what no further try would change, lists it, and forgets it with a success', async () => {
    const told: [Run, Verdict, boolean][] = [];
    const verdicts: Verdict[] = [{ result: 'failed', exit: 7, why: 'a guard said no', lasting: true }, { result: 'done' }];
    await queue.work(
      ['stg'],
      async () => verdicts.shift()!,
      async (...args) => void told.push(args),
    );
    await queue.add('stg');
    await until('the end', async () => told.length === 1);
    await until('the letter', async () => (await queue.deadLetters()).length === 1);
    expect((await queue.deadLetters())[0]).to.deep.include({ environment: 'stg', exit: 7, why: 'a guard said no', attempts: 1 });
    await queue.add('stg');
    await until('the success', async () => told.length === 2);
    expect(await queue.deadLetters()).to.deep.equal([]);
    await queue.add('gone');
    await until('the stranger', async () => told.length === 3);
    expect(told.map(([{ environment }, , dead]) => [environment, dead])).to.deep.equal([
      ['stg', true],
      ['stg', false],
      ['gone', true],
    ]);
  });

  it('runs again what was cut off, and the attempt does not count', async () => {
    const attempts: number[] = [];
    let cut = true;
    await queue.work(
      ['stg'],
      async ({ attempt }) => {
        attempts.push(attempt);
        const verdict: Verdict = cut ? { result: 'cut off' } : { result: 'done' };
        cut = false;
        return verdict;
      },
      async () => undefined,
    );
    await queue.add('stg');
    await until('both', async () => attempts.length === 2);
    expect(attempts).to.deep.equal([1, 1]);
  });

  it('takes nothing while Redis is away: it says so at once', async () => {
    await redis.close();
    const begin = Date.now();
    const error = await queue.add('stg').then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    expect(error).to.be.an('error');
    expect(Date.now() - begin).to.be.below(5000);
    expect(logged.join('\n')).to.not.contain('password');
    redis = await redisServer();
  });
});
