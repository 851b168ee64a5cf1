import { isDcsError } from './error.ts';
import type { Delete, Outcome, Put, Target, Write } from './target.ts';

/** What the platform's answer to one write tells beyond "done". */
export type Written = Pick<Outcome, 'revision' | 'birth'> | void;

/** `Target.write` for an API that takes one name a request. Reports each failure; after AUTH or INTERRUPTED the rest is skipped. */
export function oneByOne(put: (change: Put) => Promise<Written>, remove: (change: Delete) => Promise<Written>): Target['write'] {
  const one = (change: Write): Promise<Written> => (change.action === 'delete' ? remove(change) : put(change));
  return async (changes) => {
    const outcomes: Outcome[] = [];
    let stopped = false;
    for (const change of changes) {
      if (stopped) {
        outcomes.push({ name: change.name, result: 'skipped' });
        continue;
      }
      try {
        outcomes.push({ name: change.name, result: 'done', ...(await one(change)) });
      } catch (error) {
        if (!isDcsError(error)) throw error;
        outcomes.push({ name: change.name, result: resultOf(error), error });
        stopped = error.code === 'AUTH' || error.code === 'INTERRUPTED';
      }
    }
    return outcomes;
  };
}

function resultOf(error: { code: string; details: { applied?: 'no' | 'unknown' } }): Outcome['result'] {
  if (error.details.applied === 'unknown') return 'unknown';
  return error.code === 'CONFLICT' ? 'conflict' : 'failed';
}
