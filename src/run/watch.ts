import { setTimeout as sleep } from 'node:timers/promises';
import { isDcsError } from 'dcs-sdk';
import type { Session } from '../session.ts';
import { inject, type Injection, type InjectionOptions } from './injection.ts';
import type { Reader } from './reader.ts';

export interface Change {
  readonly injection: Injection;
  /** Names whose value came, went or changed. */
  readonly names: readonly string[];
}

/** Without a stream every config is asked for so often; a 304 is cheap and no entry in Doppler's access log. */
const POLL_MS = 5_000;
/** A stream may lose an event. */
const SAFETY_MS = 300_000;
/** The longest a timer can be. */
const FOREVER_MS = 2 ** 31 - 1;
/** A person who edits three names in a row means one change. */
const DEBOUNCE_MS = 300;

/** Asks Doppler, whatever a snapshot could answer, and yields each change of the injected values until the signal. Trouble is said once and waited out. */
export async function* changes(
  session: Session,
  reader: Reader,
  options: InjectionOptions,
  first: Injection,
  signal: AbortSignal,
  say: (line: string) => void,
): AsyncGenerator<Change> {
  // No request at all: there is nothing to follow.
  if (options.offline) {
    await sleep(FOREVER_MS, undefined, { signal }).catch(() => undefined);
    return;
  }
  const bell = new Bell();
  let polled = false;
  for (const { project, config } of first.configs)
    void reader
      .watch(project, config, signal, () => bell.ring())
      .then((answer) => {
        polled ||= answer === false;
        bell.ring();
      });
  let current = first;
  let trouble: string | undefined;
  while (!signal.aborted) {
    await bell.wait(polled ? POLL_MS : SAFETY_MS, signal);
    if (signal.aborted) return;
    try {
      const injection = await inject(session, reader, { ...options, maxAge: undefined });
      trouble = undefined;
      const names = injection.version === current.version ? [] : differing(current, injection);
      current = injection;
      if (names.length > 0) yield { injection, names };
    } catch (error) {
      if (!isDcsError(error)) throw error;
      if (trouble !== error.message) say(`! ${error.message} The program goes on with what it has.`);
      trouble = error.message;
    }
  }
}

function differing({ secrets: before }: Injection, { secrets: after }: Injection): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.filter((name) => before.get(name)?.reveal() !== after.get(name)?.reveal()).toSorted();
}

/** Wakes whoever waits; several rings close together are one. */
class Bell {
  #wake: () => void = () => undefined;
  #rung = false;

  ring(): void {
    this.#rung = true;
    this.#wake();
  }

  async wait(ms: number, signal: AbortSignal): Promise<void> {
    const waited = new AbortController();
    const rung = new Promise<void>((resolve) => (this.#wake = resolve));
    if (!this.#rung)
      await Promise.race([rung, sleep(ms, undefined, { signal: AbortSignal.any([signal, waited.signal]) }).catch(() => undefined)]);
    waited.abort();
    if (this.#rung) await sleep(DEBOUNCE_MS, undefined, { signal }).catch(() => undefined);
    this.#rung = false;
  }
}
