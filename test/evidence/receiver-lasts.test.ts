import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { event, post } from '../../plugins/dcs-plugin-automation/test/post.ts';
import { started } from '../../plugins/dcs-plugin-automation/test/started.ts';
import { soak, type Soaked } from '../soak/soak.ts';
import { evidence, RESULTS, sized, stopwatch } from './evidence.ts';
import { plantedFile, type Fault } from './planted.ts';

const KILLS = sized(6, 100);
/** Kills of a receiver with a fault, which loses an event in a few of them. */
const FAULTY_KILLS = 20;

const QUEUE = 'plugins/dcs-plugin-automation/src/queue/file-store.ts';
const RECEIVER = 'plugins/dcs-plugin-automation/src/webhook/receiver.ts';
const FAULTS: readonly Fault[] = [
  {
    what: 'what was running is forgotten',
    edits: [[QUEUE, "UPDATE runs SET state = 'queued', due = 0 WHERE state = 'running'", "DELETE FROM runs WHERE state = 'running'"]],
  },
  {
    what: 'accepted before it is on disk',
    edits: [[RECEIVER, 'await queue.add(environment);', "'queued' as const; setTimeout(() => void queue.add(environment), 1000);"]],
  },
  {
    what: 'an event during a run is held for part of it',
    edits: [
      [
        QUEUE,
        'const waiting = this.#sql("SELECT attempts FROM runs WHERE environment = ? AND state = \'queued\'")',
        'const waiting = this.#sql("SELECT attempts FROM runs WHERE environment = ? ORDER BY state")',
      ],
    ],
  },
];

/** A receiver that is killed again and again before, during and after runs: the configs whose last accepted event no run followed after one of the kills. */
async function lostBy(kills: number, file?: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'dcs-kills-'));
  // So long that most kills come in the middle of a run.
  const env = { QUEUE: join(folder, 'queue.sqlite'), RUNS: join(folder, 'runs'), PACE: '400' };
  await writeFile(env.RUNS, '');
  let receiver = await started(env, file);
  const accepted = new Map<string, number>();
  const missing = async (): Promise<string[]> => {
    const runs = (await readFile(env.RUNS, 'utf8')).trimEnd().split('\n');
    const noted = runs.map((line) => line.split(' ') as [word: string, environment: string, at: string]);
    return [...accepted].flatMap(([config, at]) => {
      const begun = noted.findIndex(([word, environment, when]) => word === 'start' && environment === config && Number(when) >= at);
      const ended = begun >= 0 && noted.slice(begun).some(([word, environment]) => word === 'end' && environment === config);
      return ended ? [] : [config];
    });
  };
  let lost: string[] = [];
  for (let kill = 0; kill < kills && lost.length === 0; kill++) {
    const send = async (config: string): Promise<void> => {
      const at = Date.now();
      const { status } = await post(receiver.port, { body: event(config) });
      if (status !== 202) throw new Error(`answered ${status}`);
      accepted.set(config, at);
    };
    // The first begin to run after 500 ms; some more come before, during or after that.
    await Promise.all(['dev', 'stg', 'prd'].map(send));
    await sleep(Math.random() * 900);
    await Promise.all(['dev', 'stg', 'prd'].filter(() => Math.random() < 0.3).map(send));
    await sleep(Math.random() * 600);
    await receiver.kill();
    receiver = await started(env, file);
    // Nothing but what is on disk can bring them now.
    for (let tries = 0; tries < 100 && (lost = await missing()).length > 0; tries++) await sleep(100);
    // The next run would be 5 s after this one: one that begins anew waits for nothing.
    await receiver.kill();
    receiver = await started(env, file);
  }
  await receiver.kill();
  await rm(folder, { recursive: true });
  return lost;
}

interface LongSoak {
  readonly date: string;
  readonly minutes: number;
  readonly warm: number;
  readonly rate: number;
  readonly receiver: Soaked;
  readonly serve: Soaked;
}

const mbAnHour = ({ slope, interval: [low, high] }: Soaked['rss']): string =>
  `${slope.toFixed(2)} MB/h (95 %: ${low.toFixed(2)} to ${high.toFixed(2)})`;
const said = ({ rss, live, p99, told, lost }: Soaked): string =>
  `RSS ${mbAnHour(rss)}, held after a collection ${mbAnHour(live)}, p99 ${p99.toFixed(0)} ms, ${lost} of ${told} changes lost`;
const lasts = ({ rss, p99, lost }: Soaked): boolean => rss.interval[1] < 1 && p99 < 50 && lost === 0;

describe('a receiver that runs for long', function () {
  this.timeout(7_200_000);

  it(`loses no event that it accepted, over ${KILLS} kills; what leaks is seen`, async () => {
    const seconds = stopwatch();
    const faults = FAULTS.slice(0, sized(1, FAULTS.length));
    for (const fault of faults) {
      const file = await plantedFile('plugins/dcs-plugin-automation/test/receiver-process.ts', fault);
      expect(await lostBy(FAULTY_KILLS, file), fault.what).to.not.deep.equal([]);
    }
    expect(await lostBy(KILLS)).to.deep.equal([]);
    const minutes = sized(0.25, 1);
    const leak = 20_000;
    const { receiver, serve } = await soak({ minutes, warm: minutes / 3, rate: 20, pause: 5, leak });
    for (const { live, rss, requests, lost } of [receiver, serve]) {
      const planted = ((leak * requests) / 1024 ** 2 / minutes) * 60;
      expect(lost).to.equal(0);
      expect(live.slope).to.be.above(planted / 2);
      expect(rss.slope).to.be.above(planted / 4);
    }
    const file = join(RESULTS, 'soak.json');
    if (!existsSync(file)) return;
    const long = JSON.parse(readFileSync(file, 'utf8')) as LongSoak;
    const met = lasts(long.receiver) && lasts(long.serve);
    evidence(32, {
      figure: `${KILLS} kills: 0 events lost. \`npm run soak\`, ${long.minutes} minutes at ${long.rate} requests a second each (${long.date}), the last ${long.minutes - long.warm} of them: receiver ${said(long.receiver)}; \`dcs serve\` ${said(long.serve)}`,
      met,
      ...(met ? {} : { note: NOT_SHOWN }),
      seconds: seconds() + long.minutes * 60,
      planted: faults.length + 2,
      caught: faults.length + 2,
    });
  });
});

const NOT_SHOWN =
  'What they hold after a collection stays; the resident set still rises a little, and whether it levels off takes a longer run to tell';
