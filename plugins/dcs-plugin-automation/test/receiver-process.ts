// A receiver as `dcs webhook serve` puts it together, with a note in a file in place of a sync: QUEUE, RUNS (the file), PACE (ms of a run).
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Secret } from 'dcs-sdk';
import { openFileQueue } from '../src/queue/file-queue.ts';
import { listen } from '../src/webhook/listen.ts';
import { Metrics } from '../src/webhook/metrics.ts';
import { createReceiver } from '../src/webhook/receiver.ts';
import { KEY } from './post.ts';

const { QUEUE = '', RUNS = '', PACE = '0', PORT = '0' } = process.env;
const note = (word: string, environment: string): void => appendFileSync(RUNS, `${word} ${environment} ${Date.now()}\n`);
const queue = await openFileQueue(QUEUE);
const allowed = new Map(
  ['dev', 'stg', 'prd'].map((config) => [`shop/${config}`, { environment: config, project: 'shop', config }] as const),
);
const server = createReceiver({
  keys: () => [new Secret(KEY)],
  allowed,
  queue,
  metrics: new Metrics(),
  log: () => undefined,
  ready: () => true,
});
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
process.stdout.write(`${await listen(server, Number(PORT), '127.0.0.1')}\n`);
