import { setTimeout as wait } from 'node:timers/promises';
import { DcsError, path, type Context } from 'dcs-sdk';
import { fieldsIn, listIn, textIn, type Api, type Fields } from './api.ts';

const PATIENCE_MS = 300_000;
const FIRST_MS = 25;
const SLOWEST_MS = 1000;
export const AGAIN = 'the same command again: it goes on with what is there';
const GOOD = new Set(['finished', 'skipped']);
const BAD = new Set(['failed', 'error', 'cancelled']);

/** What a change of a project goes through: the API, and the signal that ends waiting. */
export interface Neon {
  readonly api: Api;
  readonly signal: AbortSignal;
}

export const neonOf = (api: Api, { signal }: Context): Neon => ({ api, signal });

/** Resolves when the operations that an answer names are done; throws where one failed. One request a look, however many there are. */
export async function finished({ api, signal }: Neon, project: string, answer: Fields, subject: string): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  let left = statesIn(answer, subject);
  for (let pause = FIRST_MS; ; pause = Math.min(pause * 1.5, SLOWEST_MS)) {
    for (const [id, status] of left) {
      if (GOOD.has(status)) left.delete(id);
      if (BAD.has(status))
        throw new DcsError('TARGET', `Neon could not finish the work on ${subject} (${status}).`, {
          ref: `operation ${id}`,
          applied: 'unknown',
        });
    }
    const [id] = left.keys();
    if (id === undefined) return;
    if (Date.now() > end)
      throw new DcsError('NETWORK', `Neon is still at work on ${subject} after ${PATIENCE_MS / 60_000} minutes.`, {
        ref: `operation ${id}`,
        applied: 'unknown',
        hint: AGAIN,
      });
    await wait(pause, undefined, { signal }).catch((error: unknown) => {
      throw signal.aborted ? new DcsError('INTERRUPTED', 'Interrupted.', { applied: 'unknown' }) : error;
    });
    left = await look(api, project, left, subject);
  }
}

const statesIn = (answer: Fields, subject: string): Map<string, string> =>
  new Map(listIn(answer, 'operations', subject).map((each) => [textIn(each, 'id', subject), textIn(each, 'status', subject)]));

/** The newest operations come first. One that is not among them is asked for by itself. */
async function look(api: Api, project: string, ids: ReadonlyMap<string, string>, subject: string): Promise<Map<string, string>> {
  const page = statesIn(await api({ method: 'GET', path: path`/projects/${project}/operations`, query: { limit: 100 }, subject }), subject);
  const states = [...ids.keys()].map(async (id): Promise<[string, string]> => {
    const status = page.get(id);
    if (status !== undefined) return [id, status];
    const one = await api({ method: 'GET', path: path`/projects/${project}/operations/${id}`, subject });
    return [id, textIn(fieldsIn(one['operation'], subject), 'status', subject)];
  });
  return new Map(await Promise.all(states));
}
