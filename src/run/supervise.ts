import { constants } from 'node:os';
import { isDcsError } from 'dcs-sdk';
import type { Child } from './child.ts';
import type { Injection } from './injection.ts';
import type { Change } from './watch.ts';

/** What a program gets to end by itself after SIGTERM, as with `doppler run --watch`. */
const GRACE_MS = 10_000;
const ENDING = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Checks what a start needs while the old program still runs, and answers the start itself. */
export type Prepare = (injection: Injection) => Promise<() => Promise<Child>>;

/** Keeps the program running, anew after every change; answers its exit code once it ends by itself or on a signal. */
export async function supervise(
  first: Injection,
  prepare: Prepare,
  changes: AsyncGenerator<Change>,
  say: (line: string) => void,
): Promise<number> {
  let told: number | undefined;
  for (const signal of ENDING) process.on(signal, () => (told ??= 128 + constants.signals[signal]));
  let child = await (await prepare(first))();
  for (let next = changes.next(); ; next = changes.next()) {
    const event = await Promise.race([child.ended, next]);
    if (typeof event === 'number') return event;
    if (event.done) return child.ended;
    const { injection, names } = event.value;
    const start = await prepared(prepare, injection, say);
    if (start === undefined) continue;
    say(`Restarting: ${names.join(', ')} changed in Doppler.`);
    await child.stop(GRACE_MS);
    if (told !== undefined) return told;
    child = await start();
  }
}

/** Undefined: the program could not be started with the new values, so the old one is left alone. */
async function prepared(prepare: Prepare, injection: Injection, say: (line: string) => void): Promise<(() => Promise<Child>) | undefined> {
  try {
    return await prepare(injection);
  } catch (error) {
    if (!isDcsError(error)) throw error;
    say(`! ${error.message} The program goes on with what it has.`);
    return undefined;
  }
}
