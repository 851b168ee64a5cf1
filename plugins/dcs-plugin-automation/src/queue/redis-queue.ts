import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Queue as BullQueue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { DcsError } from 'dcs-sdk';
import { ATTEMPTS, backoff, SETTLE, type DeadLetter, type Queue, type Run, type Verdict } from './queue.ts';

interface Wanted {
  readonly environment: string;
}

export interface RedisQueueOptions {
  /** `redis://` or `rediss://`; whoever reads it there may hold a password. */
  readonly url: string;
  /** The Doppler project: what shares a Redis with others by its own name. */
  readonly project: string;
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** A machine that says nothing for so long has lost its run, ms: another one takes it. */
const LOCK = 15_000;
/** Runs for different environments at once. */
const AT_ONCE = 4;
const CONNECT = 5000;

/**
 * The queue of many machines: BullMQ keeps one job active and one waiting for each environment, across all of them. As durable as that
 * Redis is. Throws NETWORK where it cannot be reached.
 */
export async function openRedisQueue({ url, project, log }: RedisQueueOptions): Promise<Queue> {
  const bull = await import('bullmq');
  const name = `dcs-webhook-${project}`;
  const broken = (error: NodeJS.ErrnoException): void => log('redis', { code: error.code ?? error.name });
  const redis = await connected(url);
  redis.on('error', broken);
  const queue: BullQueue<Wanted> = new bull.Queue(name, { connection: redis });
  queue.on('error', broken);
  await queue.waitUntilReady();
  const end = new AbortController();
  let worker: Worker<Wanted> | undefined;

  return {
    async add(environment) {
      const jobId = randomUUID();
      const job = await queue.add(
        'sync',
        { environment },
        {
          jobId,
          delay: SETTLE,
          deduplication: { id: environment, keepLastIfActive: true },
          attempts: ATTEMPTS,
          backoff: { type: 'custom' },
          removeOnComplete: true,
          removeOnFail: { count: 1000 },
        },
      );
      return job.id === jobId ? 'queued' : 'coalesced';
    },

    async work(environments, perform, told) {
      const attempt = async (job: Job<Wanted>, token: string | undefined, signal: AbortSignal | undefined): Promise<void> => {
        const run: Run = { environment: job.data.environment, attempt: job.attemptsMade + 1 };
        const ends = AbortSignal.any([end.signal, ...(signal ? [signal] : [])]);
        const verdict: Verdict = environments.includes(run.environment)
          ? await perform(run, ends)
          : { result: 'failed', exit: 2, why: `No webhook trigger of dcs.yaml names ${run.environment} here.`, lasting: true };
        if (verdict.result === 'cut off') {
          await job.moveToDelayed(Date.now(), token);
          throw new bull.DelayedError();
        }
        const dead = verdict.result === 'failed' && (verdict.lasting || run.attempt >= ATTEMPTS);
        if (verdict.result === 'done') await exhume(queue, run.environment);
        await told(run, verdict, dead);
        if (verdict.result === 'failed') throw new (dead ? bull.UnrecoverableError : Error)(`${verdict.exit} ${verdict.why}`);
      };
      worker = new bull.Worker<Wanted>(name, attempt, {
        connection: { url, maxRetriesPerRequest: null },
        concurrency: AT_ONCE,
        lockDuration: LOCK,
        stalledInterval: LOCK / 3,
        // A machine that dies takes nothing with it, however often that happens.
        maxStalledCount: Number.MAX_SAFE_INTEGER,
        settings: { backoffStrategy: (attemptsMade) => backoff(attemptsMade) },
      });
      worker.on('error', broken);
      // Another machine may have it by now: this one must not go on writing.
      worker.on('lockRenewalFailed', (jobs) => {
        for (const job of jobs) worker?.cancelJob(job, 'the lock is lost');
      });
      await worker.waitUntilReady();
    },

    async deadLetters() {
      const letters = (await queue.getFailed()).map(letterOf);
      return [...new Map(letters.toSorted((a, b) => (a.at < b.at ? -1 : 1)).map((letter) => [letter.environment, letter])).values()];
    },

    async counts() {
      const { active = 0, wait = 0, delayed = 0, failed = 0 } = await queue.getJobCounts('active', 'wait', 'delayed', 'failed');
      return { queued: wait + delayed, running: active, dead: failed };
    },

    async close(grace) {
      const closed = worker?.close() ?? Promise.resolve();
      const patience = new AbortController();
      await Promise.race([closed, sleep(grace, undefined, { signal: patience.signal }).catch(() => undefined)]);
      patience.abort();
      end.abort();
      await closed;
      await queue.close();
      redis.disconnect();
    },
  };
}

/** One attempt, before it tries for ever; whoever adds an event while it is away hears so at once. */
async function connected(url: string): Promise<Redis> {
  const ioredis = await import('ioredis');
  let first = true;
  const redis = new ioredis.Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    retryStrategy: (times) => (first ? null : Math.min(times * 200, 5000)),
  });
  let code: string | undefined;
  const note = (error: NodeJS.ErrnoException): void => void (code ??= error.code);
  redis.on('error', note);
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    redis.disconnect();
    note(error as NodeJS.ErrnoException);
    throw new DcsError('NETWORK', `Redis at ${new URL(url).host} cannot be used (${code ?? (error as Error).name}).`, {
      why: 'The queue of DCS_QUEUE_URL lies there. Nothing was started.',
      hint: `redis-cli -h ${new URL(url).hostname} ping`,
    });
  }
  first = false;
  redis.off('error', note);
  return redis;
}

/** Dead letters of an environment that is well again. */
async function exhume(queue: BullQueue<Wanted>, environment: string): Promise<void> {
  const failed = await queue.getFailed();
  await Promise.all(failed.filter(({ data }) => data.environment === environment).map((job) => job.remove()));
}

function letterOf({ data, attemptsMade, failedReason, finishedOn = 0 }: Job<Wanted>): DeadLetter {
  const [, exit = '1', why = 'It ended without a word.'] = /^(\d+) (.*)$/s.exec(failedReason) ?? [];
  return { environment: data.environment, attempts: attemptsMade, exit: Number(exit), why, at: new Date(finishedOn).toISOString() };
}
