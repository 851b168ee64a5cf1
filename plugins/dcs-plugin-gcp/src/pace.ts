/** Waits until a write may leave. */
export interface Pace {
  /** `secret`: a write that the vendor also counts by secret. */
  turn(project: string, secret?: string): Promise<void>;
}

// 600 writes a minute and project, 2 a second and secret: https://cloud.google.com/secret-manager/quotas, last verified 2026-11-21.
const PER_PROJECT = 1000 / 8;
/** A little more than half a second: requests do not take equally long. */
const PER_SECRET = 550;

/** At most 8 writes a second to a project and 2 to a secret, in the order they are asked for. */
export function paceOf(now: () => number, sleep: (ms: number) => Promise<void>): Pace {
  const free = new Map<string, number>();
  return {
    async turn(project, secret) {
      const lane = JSON.stringify([project, secret]);
      const at = Math.max(now(), free.get(project) ?? 0, (secret === undefined ? undefined : free.get(lane)) ?? 0);
      free.set(project, at + PER_PROJECT);
      if (secret !== undefined) free.set(lane, at + PER_SECRET);
      const wait = at - now();
      if (wait > 0) await sleep(wait);
    },
  };
}

/** One for the process: two targets may write to one project. */
export const vendorPace: Pace = paceOf(Date.now, (ms) => new Promise((resolve) => setTimeout(resolve, ms)));
