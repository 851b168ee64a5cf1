// A worker as `dcs webhook worker` puts it together, with notes in a file in place of a sync: QUEUE_URL, RUNS (the file), PACE (ms of a run).
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openRedisQueue } from '../src/queue/redis-queue.ts';

const { QUEUE_URL = '', RUNS = '', PACE = '0' } = process.env;
const note = (word: string, environment: string): void => appendFileSync(RUNS, `${word} ${environment} ${process.pid} ${Date.now()}\n`);
const queue = await openRedisQueue({ url: QUEUE_URL, project: 'shop', log: () => undefined });
await queue.work(
  ['dev', 'stg', 'prd'],
  async ({ environment }) => {
    note('start', environment);
    await sleep(Number(PACE));
    note('end', environment);
    return { result: 'done' };
  },
  async () => undefined,
);
process.on('SIGTERM', () => void queue.close(5000));
process.stdout.write('working\n');
