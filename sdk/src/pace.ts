import { pause } from './retry.ts';

/** Whose turn it is at one API: shared by all who speak to it, so that many targets do not ask for more than one may. */
export interface Pace {
  /** Resolves when a request may leave; rejects when `signal` aborts. */
  enter(signal?: AbortSignal): Promise<void>;
  /** The request ended. `quiet`: the API asked for that many ms without a request (429). */
  leave(quiet?: number): void;
}

/** At most `width` requests at once, and none while the API asked for a pause. */
export function createPace(width: number): Pace {
  let running = 0;
  let quietUntil = 0;
  const waiting = new Set<() => void>();
  const next = (): void => {
    for (const start of waiting) {
      if (running >= width) return;
      waiting.delete(start);
      running++;
      start();
    }
  };
  const turn = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const end = (): void => {
        if (waiting.delete(start)) reject(new Error('aborted'));
      };
      const start = (): void => {
        signal?.removeEventListener('abort', end);
        resolve();
      };
      signal?.addEventListener('abort', end, { once: true });
      waiting.add(start);
      next();
    });
  const leave = (quiet = 0): void => {
    quietUntil = Math.max(quietUntil, Date.now() + quiet);
    running--;
    next();
  };
  return {
    async enter(signal) {
      for (;;) {
        await turn(signal);
        const quiet = quietUntil - Date.now();
        if (quiet <= 0) return;
        leave();
        await pause(quiet, signal);
      }
    },
    leave,
  };
}
