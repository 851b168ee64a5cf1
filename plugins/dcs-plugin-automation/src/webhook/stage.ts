import { DcsError, type DcsRun, type Host } from 'dcs-sdk';
import { flush, notify, noticesOf } from '../notify/notify.ts';
import { openQueue, queueUrl } from '../queue/open.ts';
import type { Queue, Run, Verdict } from '../queue/queue.ts';
import { allowedOf, projectOf, type Allowed } from './allowed.ts';
import { logLine } from './log.ts';
import { Metrics } from './metrics.ts';
import { performBy } from './perform.ts';

/** What a receiver and a worker have in common. */
export interface Stage {
  readonly allowed: ReadonlyMap<string, Allowed>;
  readonly queue: Queue;
  /** The queue is a Redis, which workers have too. */
  readonly shared: boolean;
  readonly metrics: Metrics;
  /** Takes runs from the queue from now on. */
  work(): Promise<void>;
  /** Gives the run under way its time, tells what became of it, and lets go of the queue. */
  close(): Promise<void>;
}

/** A run under way when the receiver is asked to end has so long, ms: less than what systemd and Kubernetes give. */
const GRACE = 20_000;
/** Between looks at what is to be told later, ms. */
const FLUSH = 60_000;

export async function openStage(
  lent: Host,
  flags: { readonly env?: string | undefined; readonly queue?: string | undefined },
): Promise<Stage> {
  // What notifications say of themselves is a line of the log.
  const host: Host = { ...lent, output: { ...lent.output, note: (text) => logLine('note', { text }) } };
  const allowed = await allowedOf(host, flags.env);
  await refuseUntrusted(host);
  const metrics = new Metrics();
  const url = queueUrl(host.env, flags.queue);
  const queue = await openQueue({ stateDir: host.stateDir, root: host.root, project: projectOf(allowed), url, log: logLine });
  const places = new Map([...allowed.values()].map((one) => [one.environment, one]));
  const last = new Map<string, DcsRun>();
  const telling = new Set<Promise<unknown>>();

  const told = async ({ environment, attempt }: Run, verdict: Verdict, dead: boolean): Promise<void> => {
    if (dead) metrics.count('runs', 'dead');
    if (verdict.result === 'failed') logLine(dead ? 'gave up' : 'failed', { environment, attempt, exit: verdict.exit, why: verdict.why });
    const [run, place] = [last.get(environment), places.get(environment)];
    if (run === undefined || place === undefined || !(dead || verdict.result === 'done')) return;
    // A slow channel holds no run up.
    const about = { trigger: 'webhook', project: place.project, environment } as const;
    const one = notify(host, noticesOf(run, about)).finally(() => telling.delete(one));
    telling.add(one);
  };

  return {
    allowed,
    queue,
    shared: url !== undefined,
    metrics,
    async work() {
      setInterval(() => void flush(host), FLUSH).unref();
      const perform = performBy(host, (environment, run) => {
        last.set(environment, run);
        logLine('ran', { environment, exit: run.exit });
      });
      const timed = async (run: Run, signal: AbortSignal): Promise<Verdict> => {
        const start = Date.now();
        logLine('started', { environment: run.environment, attempt: run.attempt });
        const verdict = await perform(run, signal);
        metrics.ran(verdict.result, Date.now() - start);
        return verdict;
      };
      await queue.work([...places.keys()], timed, told);
    },
    async close() {
      await queue.close(GRACE);
      await Promise.all(telling);
    },
  };
}

/** Every run would be refused: better said now than to who looks into dead letters. */
async function refuseUntrusted(host: Host): Promise<void> {
  if (await host.trusted()) return;
  throw new DcsError('REFUSED', 'dcs.yaml is not trusted to act by itself.', {
    why: 'A webhook writes without asking, so somebody has to have read the file as it is now. Nothing was started.',
    hint: 'dcs trust',
  });
}
