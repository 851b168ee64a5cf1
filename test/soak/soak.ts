import { setTimeout as sleep } from 'node:timers/promises';
import { KEY } from '../../plugins/dcs-plugin-automation/test/post.ts';
import { world, YAML } from '../e2e/world.ts';
import { load, RECEIVER, SERVE, slowReceiver, slowServe, TOKEN, type Load } from './load.ts';
import { burst, serveChange, watcher, type Rounds } from './rounds.ts';
import { measured, type Measured } from './server.ts';
import { slopeOf, type Slope } from './slope.ts';

export interface SoakOptions {
  readonly minutes: number;
  /** Memory and answers before this many minutes do not count. */
  readonly warm: number;
  /** Requests a second, to each of both. */
  readonly rate: number;
  /** Seconds between changes in Doppler. */
  readonly pause: number;
  /** Bytes that each request shall leave behind: the planted fault. */
  readonly leak?: number;
  readonly say?: (line: string) => void;
}

export interface Soaked {
  readonly requests: number;
  /** ms */
  readonly p50: number;
  readonly p99: number;
  /** Answers that were not the right one. */
  readonly wrong: Readonly<Record<string, number>>;
  readonly told: number;
  readonly lost: number;
  readonly rss: Slope;
  readonly live: Slope;
}

/** `dcs webhook serve` and `dcs serve` under everything that may come, while every tenth request to Doppler and every seventh to the cloud fails. */
export async function soak({ minutes, warm, rate, pause, leak, say = () => undefined }: SoakOptions): Promise<{
  receiver: Soaked;
  serve: Soaked;
}> {
  const w = await world();
  await w.yaml(`${YAML}triggers: [{type: webhook, environment: staging}]\n`);
  const trusted = await w.dcs(['trust']);
  if (trusted.code !== 0) throw new Error(trusted.err);
  const look = Math.min(10_000, (minutes - warm) * 500);
  const env = leak === undefined ? {} : { SOAK_LEAK: String(leak) };
  const receiver = await measured(w, ['webhook', 'serve'], { ...env, DOPPLER_WEBHOOK_SECRET: KEY }, look);
  const serve = await measured(w, ['serve'], { ...env, DCS_SERVE_TOKEN: TOKEN }, look);
  // A sync makes about ten requests to the cloud: with every tenth failing, it may be the write each time, and no sync ever ends well.
  for (const [cloud, every] of [
    ['doppler', 10],
    ['cloudflare', 7],
  ])
    await w.post('/_sandbox/faults', { cloud, kind: 'status', status: 503, every, times: 'forever' });
  const loads = [load(receiver.port, RECEIVER, rate, slowReceiver), load(serve.port, SERVE, rate, slowServe)] as const;
  const watchers = Array.from({ length: 5 }, () => watcher(serve.port));
  const [events, changes]: [Rounds, Rounds] = [
    { told: 0, lost: 0 },
    { told: 0, lost: 0 },
  ];
  const end = performance.now() + minutes * 60_000;
  for (let round = 1; performance.now() < end; round++) {
    const value = `soak-${round}-${Date.now()}`;
    const next = sleep(Math.min(pause * 1000, end - performance.now()));
    await Promise.all([burst(w, receiver.port, value, events), serveChange(w, serve.port, value, watchers, changes)]);
    say(`${round}: ${[line(receiver, loads[0], events), line(serve, loads[1], changes)].join('; ')}`);
    await w.forget();
    await next;
  }
  for (const one of watchers) one.leave();
  await Promise.all(loads.map((one) => one.end()));
  await Promise.all([receiver.stop(), serve.stop()]);
  await w.close();
  return { receiver: soaked(receiver, loads[0], events, warm), serve: soaked(serve, loads[1], changes, warm) };
}

const percentile = (late: Load['late'], part: number): number =>
  late.map(([, ms]) => ms).toSorted((a, b) => a - b)[Math.floor(late.length * part)] ?? 0;

const line = ({ rss, live }: Measured, { late, wrong }: Load, { told, lost }: Rounds): string =>
  `${late.length} requests, p99 ${percentile(late, 0.99).toFixed(0)} ms, ${JSON.stringify(Object.fromEntries(wrong))}, lost ${lost}/${told}, ` +
  `rss ${rss.at(-1)?.[1].toFixed(2)}, live ${live.at(-1)?.[1].toFixed(2)} MB`;

function soaked({ rss, live }: Measured, { late, wrong }: Load, rounds: Rounds, warm: number): Soaked {
  const settled = <T extends readonly [hours: number, ...unknown[]]>(samples: readonly T[]): T[] =>
    samples.filter(([hours]) => hours * 60 >= warm);
  return {
    requests: late.length,
    p50: percentile(settled(late), 0.5),
    p99: percentile(settled(late), 0.99),
    wrong: Object.fromEntries(wrong),
    ...rounds,
    rss: slopeOf(settled(rss)),
    live: slopeOf(settled(live)),
  };
}
