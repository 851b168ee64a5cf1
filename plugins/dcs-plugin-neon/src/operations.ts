import { setTimeout as wait } from 'node:timers/promises';
import { DcsError, path, type Context } from 'dcs-sdk';
import { fieldsIn, listIn, textIn, type Api, type Fields } from './api.ts';

const PATIENCE_MS = 300_000;
const SLOWEST_MS = 1000;
const GOOD = new Set(['finished', 'skipped']);
const BAD = new Set(['failed', 'error', 'cancelled']);

/** What a change of a project goes through: the API, and the signal that ends waiting. */
export interface Neon {
  readonly api: Api;
  readonly signal: AbortSignal;
}

export const neonOf = (api: Api, { signal }: Context): Neon => ({ api, signal });

/** Resolves when the operations that an answer names are done; throws where one failed. */
export async function finished({ api, signal }: Neon, project: string, answer: Fields, subject: string): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  for (const begun of listIn(answer, 'operations', subject)) {
    const id = textIn(begun, 'id', subject);
    let status = textIn(begun, 'status', subject);
    for (let pause = 100; !GOOD.has(status); pause = Math.min(pause * 2, SLOWEST_MS)) {
      if (BAD.has(status))
        throw new DcsError('TARGET', `Neon could not finish the work on ${subject} (${status}).`, {
          ref: `operation ${id}`,
          applied: 'unknown',
        });
      if (Date.now() > end)
        throw new DcsError('NETWORK', `Neon is still at work on ${subject} after ${PATIENCE_MS / 60_000} minutes.`, {
          ref: `operation ${id}`,
          applied: 'unknown',
          hint: 'the same command again: it goes on with what is there',
        });
      await wait(pause, undefined, { signal }).catch((error: unknown) => {
        throw signal.aborted ? new DcsError('INTERRUPTED', 'Interrupted.', { applied: 'unknown' }) : error;
      });
      const now = await api({ method: 'GET', path: path`/projects/${project}/operations/${id}`, subject });
      status = textIn(fieldsIn(now['operation'], subject), 'status', subject);
    }
  }
}
