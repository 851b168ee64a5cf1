import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Secret } from 'dcs-sdk';
import { openFileQueue } from '../../plugins/dcs-plugin-automation/src/queue/file-queue.ts';
import { hangUp, listen } from '../../plugins/dcs-plugin-automation/src/webhook/listen.ts';
import { Metrics } from '../../plugins/dcs-plugin-automation/src/webhook/metrics.ts';
import { createReceiver } from '../../plugins/dcs-plugin-automation/src/webhook/receiver.ts';
import { event, KEY, post } from '../../plugins/dcs-plugin-automation/test/post.ts';
import { evidence, sized, stopwatch } from './evidence.ts';
import { plantedModule, type Edit, type Fault } from './planted.ts';

const BURSTS = sized(1, 20);
const REPLAYS = 1000;
/** The queue's own: between two runs for one environment, ms. */
const SPACING = 5000;

interface Parts {
  readonly createReceiver: typeof createReceiver;
  readonly openFileQueue: typeof openFileQueue;
}

interface Found {
  /** The most runs that one burst of 500 made. */
  readonly most: number;
  /** Runs that 1,000 replays made beyond one for every 5 s, the first and the last. */
  readonly flood: number;
  /** Runs of other configs than the one that events with a trigger told of. */
  readonly strange: number;
  /** Runs that began while another was under way. */
  readonly together: number;
}

/** Bursts of 500 equal events, then one event again and again, over HTTP, and what the queue makes of them. */
async function storms({ createReceiver: create, openFileQueue: open }: Parts, bursts: number): Promise<Found> {
  const folder = await mkdtemp(join(tmpdir(), 'dcs-bursts-'));
  const queue = await open(join(folder, 'queue.sqlite'));
  const runs: string[] = [];
  let [under, together] = [0, 0];
  await queue.work(
    ['staging', 'prod'],
    async ({ environment }) => {
      runs.push(environment);
      if (under++ > 0) together++;
      await sleep(30);
      under--;
      return { result: 'done' };
    },
    async () => undefined,
  );
  const allowed = new Map([
    ['shop/stg', { environment: 'staging', project: 'shop', config: 'stg' }],
    ['shop/prd', { environment: 'prod', project: 'shop', config: 'prd' }],
  ]);
  const keys = () => [new Secret(KEY)] as const;
  const server = create({ keys, allowed, queue, metrics: new Metrics(), log: () => undefined, ready: () => true });
  const port = await listen(server, 0, '127.0.0.1');
  const told = async (body: string): Promise<void> => {
    const { status } = await post(port, { body });
    if (status !== 202) throw new Error(`answered ${status}`);
  };
  const quiet = async (enough: number): Promise<void> => {
    for (let counts = await queue.counts(); counts.queued + counts.running > 0 && runs.length < enough; counts = await queue.counts())
      await sleep(50);
  };
  // Another project's config of the same name, and one without a trigger.
  await Promise.all(Array.from({ length: 50 }, (_, n) => told(n % 2 ? event('stg', 'other') : event('dev'))));
  await quiet(1);
  let strange = runs.length;
  let most = 0;
  for (let burst = 0; burst < bursts && most <= 2; burst++) {
    const before = runs.length;
    await Promise.all(Array.from({ length: 500 }, () => told(event())));
    await quiet(before + 3);
    most = Math.max(most, runs.length - before);
  }
  const [before, begun] = [runs.length, performance.now()];
  for (let n = 0; n < REPLAYS && most <= 2; n++) await Promise.all([told(event()), sleep(5)]);
  if (most <= 2) await quiet(Infinity);
  const flood = runs.length - before - (2 + Math.ceil((performance.now() - begun) / SPACING));
  strange += runs.filter((environment) => environment !== 'staging').length;
  await hangUp(server);
  await queue.close(0);
  await rm(folder, { recursive: true });
  return { most, flood: Math.max(0, flood), strange, together };
}

const isBad = ({ most, flood, strange, together }: Found): boolean => most > 2 || flood + strange + together > 0;

const STORE = 'plugins/dcs-plugin-automation/src/queue/file-store.ts';
const QUEUE = 'plugins/dcs-plugin-automation/src/queue/file-queue.ts';
const RECEIVER = 'plugins/dcs-plugin-automation/src/webhook/receiver.ts';
const WAITING = 'const waiting = this.#sql("SELECT attempts FROM runs WHERE environment = ? AND state = \'queued\'").get(environment);';
const unlimited: Edit = [STORE, ', UNIQUE (environment, state)', ''];
const FAULTS: readonly Fault[] = [
  { what: 'every event is a run', edits: [unlimited, [STORE, WAITING, 'const waiting = undefined;']] },
  { what: 'a run follows upon the other', edits: [[QUEUE, 'const SPACING = 5000', 'const SPACING = 0']] },
  {
    what: 'the project of an event does not count',
    edits: [
      [
        RECEIVER,
        'allowed.get(placeOf(event.project, event.config))',
        '[...allowed.values()].find(({ config }) => config === event.config)',
      ],
    ],
  },
];

describe('events that come in bursts and again', function () {
  this.timeout(7_200_000);

  it(`make at most two runs a burst, over ${BURSTS}, and one in 5 s of ${REPLAYS} replays`, async () => {
    const seconds = stopwatch();
    const found = await storms({ createReceiver, openFileQueue }, BURSTS);
    expect(found.most).to.be.within(1, 2);
    expect(isBad(found), JSON.stringify(found)).to.equal(false);
    const caught = await Promise.all(
      FAULTS.map(async (fault) => {
        const [receiver, queue] = await Promise.all([
          plantedFrom<typeof import('../../plugins/dcs-plugin-automation/src/webhook/receiver.ts')>(RECEIVER, fault),
          plantedFrom<typeof import('../../plugins/dcs-plugin-automation/src/queue/file-queue.ts')>(QUEUE, fault),
        ]);
        return [fault.what, isBad(await storms({ ...receiver, ...queue }, 1))] as const;
      }),
    );
    expect(caught.filter(([, seen]) => !seen)).to.deep.equal([]);
    evidence(31, {
      figure: `${BURSTS} bursts of 500: at most ${found.most} syncs each; ${REPLAYS.toLocaleString('en')} replays: at most one sync in 5 s; 0 of another config, never two at a time`,
      met: true,
      seconds: seconds(),
      planted: FAULTS.length,
      caught: FAULTS.length,
    });
  });
});

/** With those edits that concern it. */
const plantedFrom = async <T>(entry: string, { what, edits }: Fault): Promise<T> =>
  (entry === RECEIVER) === edits.some(([file]) => file === RECEIVER)
    ? plantedModule<T>(entry, { what, edits })
    : ((await import(join(import.meta.dirname, '../..', entry))) as T);
