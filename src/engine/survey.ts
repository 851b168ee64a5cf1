import type { Source, SourceRead } from 'dcs-sdk';
import type { Job } from './job.ts';
import type { Ledger } from './ledger-types.ts';
import { look, lookRecorded, see, type Look, type Seen } from './look.ts';

/** One target's plan, or why there is none. One target's failure stops no other. */
export type Surveyed = { readonly job: Job; readonly look: Look } | { readonly job: Job; readonly error: unknown };

/**
 * Reads the source once and lists every target side by side. Where all ledgers know one version of the source, a conditional
 * read comes first: on a 304 the plan runs on the ledger's HMACs, and any difference reads the source in full.
 */
export async function survey(source: Source, jobs: readonly Job[]): Promise<Surveyed[]> {
  const loading = loadInTurn(jobs);
  const seeing = jobs.map(async (job, index): Promise<Seen | { job: Job; error: unknown }> => {
    try {
      return await see(job, await loading[index]);
    } catch (error) {
      return { job, error };
    }
  });
  const known = commonVersion(source, jobs, await Promise.allSettled(loading));
  // A failed read of the source ends the command, but not before the listings have ended too.
  const [read, ...seen] = await settleBoth(source.read(known), seeing);
  if (read) return Promise.all(seen.map((each) => conclude(each, read)));

  const recorded = await Promise.all(
    seen.map(async (each): Promise<Surveyed | undefined> => {
      if ('error' in each) return each;
      try {
        const found = await lookRecorded(each);
        return found && { job: each.job, look: found };
      } catch (error) {
        return { job: each.job, error };
      }
    }),
  );
  if (recorded.every((each) => each !== undefined)) return recorded;
  const full = await source.read();
  if (!full) throw new Error('A source read without a version must answer');
  return Promise.all(seen.map((each) => conclude(each, full)));
}

/** One after another: reading them is work, not waiting, and twenty texts at a time would only fill the memory. */
function loadInTurn(jobs: readonly Job[]): Promise<Ledger | undefined>[] {
  let turn: Promise<unknown> = Promise.all(
    [...Map.groupBy(jobs, ({ home }) => home)].map(async ([home, mine]) => home.preload?.(mine.map(({ place }) => place))),
  ).catch(() => undefined); // `load` meets the same failure, and it is that target's
  return jobs.map((job) => {
    const loaded = turn.then(() => job.home.load(job.place));
    turn = loaded.catch(() => undefined); // `survey` reports it
    return loaded;
  });
}

async function conclude(seen: Seen | { job: Job; error: unknown }, read: SourceRead): Promise<Surveyed> {
  if ('error' in seen) return seen;
  try {
    return { job: seen.job, look: await look(seen, read) };
  } catch (error) {
    return { job: seen.job, error };
  }
}

async function settleBoth<S>(
  first: Promise<SourceRead | undefined>,
  rest: readonly Promise<S>[],
): Promise<[SourceRead | undefined, ...S[]]> {
  const [head] = await Promise.allSettled([first, ...rest]);
  if (head?.status === 'rejected') throw head.reason;
  return [await first, ...(await Promise.all(rest))];
}

/** A ledger that cannot be read knows none: `survey` reports it. */
function commonVersion(
  source: Source,
  jobs: readonly Job[],
  loaded: readonly PromiseSettledResult<Ledger | undefined>[],
): string | undefined {
  const versions = new Set(
    loaded.map((each, index) => {
      const ledger = each.status === 'fulfilled' ? each.value : undefined;
      // HMACs of another key move to the active one only with the values at hand.
      const known = ledger?.source?.identity === source.identity && ledger.keyId === jobs[index]!.keys.active.id;
      return known ? ledger.source?.version : undefined;
    }),
  );
  return versions.size === 1 ? [...versions][0] : undefined;
}
