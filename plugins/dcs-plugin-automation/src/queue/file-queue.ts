import { setTimeout as sleep } from 'node:timers/promises';
import { FileStore, type Row } from './file-store.ts';
import { ATTEMPTS, backoff, SETTLE, type Queue, type Verdict } from './queue.ts';

/** Between the starts of two runs for one environment, ms: what a replay of old events costs at most. */
const SPACING = 5000;

/** The queue of one process, in a file that survives it. Throws CONFLICT where another process has it. */
export async function openFileQueue(file: string): Promise<Queue> {
  const store = await FileStore.own(file);
  const end = new AbortController();
  const running = new Map<string, Promise<void>>();
  const started = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let worker: Parameters<Queue['work']> | undefined;
  let closing = false;

  const wake = (): void => {
    if (closing || worker === undefined) return;
    clearTimeout(timer);
    for (let row = store.take(Date.now()); row !== undefined; row = store.take(Date.now())) start(row);
    const due = store.nextDue();
    if (due !== undefined) timer = setTimeout(wake, Math.min(Math.max(due - Date.now(), 0), 60_000));
  };

  const start = (row: Row): void => {
    started.set(row.environment, Date.now());
    const work = attempt(row).finally(() => {
      running.delete(row.environment);
      wake();
    });
    running.set(row.environment, work);
  };

  const attempt = async (row: Row): Promise<void> => {
    const [environments, perform, told] = worker!;
    const run = { environment: row.environment, attempt: row.attempts + 1 };
    const verdict: Verdict = environments.includes(row.environment)
      ? await perform(run, end.signal)
      : { result: 'failed', exit: 2, why: `No webhook trigger of dcs.yaml names ${row.environment} any more.`, lasting: true };
    const dead = settle(row, verdict, run.attempt);
    await told(run, verdict, dead);
  };

  const settle = (row: Row, verdict: Verdict, attempts: number): boolean => {
    if (verdict.result === 'done') store.done(row);
    else if (verdict.result === 'cut off') store.again(row, row.attempts, 0);
    else if (verdict.lasting || attempts >= ATTEMPTS) {
      store.bury(row, { attempts, exit: verdict.exit, why: verdict.why, at: new Date().toISOString() });
      return true;
    } else store.again(row, attempts, Date.now() + backoff(attempts));
    return false;
  };

  return {
    async add(environment) {
      const due = Math.max(Date.now() + SETTLE, (started.get(environment) ?? 0) + SPACING);
      const fresh = store.add(environment, due);
      if (fresh) wake();
      return fresh ? 'queued' : 'coalesced';
    },
    async work(...args) {
      worker = args;
      wake();
    },
    deadLetters: async () => store.deadLetters(),
    counts: async () => store.counts(),
    async close(grace) {
      closing = true;
      clearTimeout(timer);
      const ended = Promise.all(running.values());
      const patience = new AbortController();
      await Promise.race([ended, sleep(grace, undefined, { signal: patience.signal }).catch(() => undefined)]);
      patience.abort();
      end.abort();
      await ended;
      store.close();
    },
  };
}
