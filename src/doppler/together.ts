/**
 * Sends what is asked for while a request is under way as one request after it: a sync of twenty targets writes its records in a
 * few requests of the minute's quota. A request that fails is sent again one by one, so that each caller hears of its own.
 */
export function together<T>(send: (all: readonly T[]) => Promise<void>, most: number): (one: T) => Promise<void> {
  let waiting: { one: T; done: () => void; failed: (error: unknown) => void }[] = [];
  let busy = false;

  async function work(): Promise<void> {
    busy = true;
    // Whoever asks in this very turn comes along.
    await Promise.resolve();
    while (waiting.length > 0) {
      const now = waiting.slice(0, most);
      waiting = waiting.slice(most);
      // oxlint-disable-next-line no-await-in-loop -- one request at a time is the point
      await sendAll(now);
    }
    busy = false;
  }

  async function sendAll(all: typeof waiting): Promise<void> {
    try {
      await send(all.map(({ one }) => one));
      for (const { done } of all) done();
    } catch (error) {
      if (all.length === 1) return all[0]!.failed(error);
      // oxlint-disable-next-line no-await-in-loop -- as above
      for (const each of all) await sendAll([each]);
    }
  }

  return (one) =>
    new Promise<void>((done, failed) => {
      waiting.push({ one, done, failed });
      if (!busy) void work();
    });
}
