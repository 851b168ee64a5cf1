import type { DcsRun, Host } from 'dcs-sdk';
import type { Perform, Verdict } from '../queue/queue.ts';

/** What another try would not change: CONFIG, REFUSED, USAGE. */
const LASTING: ReadonlySet<number> = new Set([2, 7, 64]);
/** A sync that takes longer hangs, ms. */
const LONGEST = 15 * 60_000;
/** For the writes under way when it is ended, ms. */
const GRACE = 8000;

/** Brings what the trigger of the environment names up to date: `dcs sync` in a process of its own, so that nothing here waits for it. */
export function performBy(host: Host, ran: (environment: string, run: DcsRun) => void): Perform {
  return async ({ environment }, signal) => {
    const words = ['sync', '-e', environment, '--trigger', 'webhook'];
    const run = await started(host.dcs(words, { signal, timeout: LONGEST, grace: GRACE }));
    if ('result' in run) return run;
    if (run.exit !== 0 && signal.aborted) return { result: 'cut off' };
    ran(environment, run);
    return verdictOf(run);
  };
}

/** A machine that has no process left may have one later. */
async function started(run: Promise<DcsRun>): Promise<DcsRun | Verdict> {
  try {
    return await run;
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    return { result: 'failed', exit: 1, why: `dcs sync could not be started (${code}).`, lasting: false };
  }
}

function verdictOf({ exit, document }: DcsRun): Verdict {
  if (exit === 0) return { result: 'done' };
  const { message } = (document?.['error'] ?? {}) as { message?: unknown };
  const why = typeof message === 'string' ? message : `dcs sync ended with ${exit}.`;
  return { result: 'failed', exit, why, lasting: LASTING.has(exit) };
}
