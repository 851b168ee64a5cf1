import { DcsError, isDcsError, writes, type Environment, type Source } from 'dcs-sdk';
import { atMost } from './at-most.ts';
import { dopplerClient, renewSources, sharedSourceOf } from './doppler-access.ts';
import type { Job } from './engine/job.ts';
import type { Waiting } from './engine/ledger-types.ts';
import type { Look } from './engine/look.ts';
import { survey, type Surveyed } from './engine/survey.ts';
import { chooseTargets, makeJobs, type Filters } from './jobs.ts';
import { refuseSharedPlaces } from './places.ts';
import type { Session } from './session.ts';

export interface Planned {
  readonly environment: Environment;
  readonly source: Source;
  readonly looks: readonly Look[];
  readonly failures: readonly { readonly job: Job; readonly error: unknown }[];
}

/** What one dcs.yaml brings into a command: its targets in one environment, and the config that they are fed from. */
export interface Part {
  readonly session: Session;
  readonly environment: Environment;
  readonly source: Source;
  readonly jobs: readonly Job[];
}

/** What a sync is about. */
export interface Work {
  readonly parts: readonly Part[];
  /** Members that cannot take part. */
  readonly failed: readonly { readonly name: string; readonly error: DcsError }[];
  /** Of several members: what is in sync is a count, and one that fails stops no other. */
  readonly several: boolean;
}

export const alone = (part: Part): Work => ({ parts: [part], failed: [], several: false });

/** Plans every chosen target; nothing is written. */
export async function planTargets(
  session: Session,
  environment: Environment,
  words: readonly string[],
  filters: Filters,
  read: 'values' | 'what-is-needed' = 'what-is-needed',
): Promise<Planned> {
  renewSources(session);
  const { source: lazy, jobs } = await prepare(session, environment, words, filters);
  const source = read === 'values' ? inFull(lazy) : lazy;
  return { environment, source, ...split(await survey(source, jobs)) };
}

/** Never "not modified": a saved plan is bound to the values themselves. */
export const inFull = (source: Source): Source => ({ ...source, read: () => source.read() });

export async function prepare(session: Session, environment: Environment, words: readonly string[], filters: Filters): Promise<Part> {
  const entries = chooseTargets(session, words, environment.name);
  await refuseSharedPlaces(session);
  const source = sharedSourceOf(session, await dopplerClient(session), environment);
  const { jobs } = await makeJobs(session, environment, source, entries, filters);
  return { session, environment, source, jobs };
}

/** So many members at a time; requests have a pace of their own. */
const MEMBERS = 32;

/** Plans of all parts. */
export const planParts = async (work: Work): Promise<Pick<Planned, 'looks' | 'failures'>> => split(await surveyParts(work));

/** The same for a sync, which waits for those of other machines. */
export async function planPartsAlone(work: Work, waiting: Waiting): Promise<Pick<Planned, 'looks' | 'failures'>> {
  const jobs = work.parts.flatMap((part) => part.jobs);
  return split(await surveyAlone(jobs, waiting, () => surveyParts(work)));
}

/**
 * Two machines on one place: the second one plans on what the first one leaves, and never takes what it sees of the first one's
 * writes for a stranger's.
 */
export async function surveyAlone(
  jobs: readonly Job[],
  waiting: Waiting,
  look: () => Promise<readonly Surveyed[]>,
): Promise<readonly Surveyed[]> {
  const homes = [...Map.groupBy(jobs, ({ home }) => home)].map(([home, mine]) => ({ home, places: mine.map(({ place }) => place) }));
  for (let tries = 1; ; tries++) {
    await Promise.all(homes.map(async ({ home, places }) => home.quiet?.(places, waiting)));
    const surveyed = await look();
    const idle = surveyed.every((each) => 'look' in each && writes(each.look.plan).length === 0);
    if (idle || tries === 3) return surveyed;
    const moved = await Promise.all(homes.map(async ({ home, places }) => home.moved?.(places)));
    if (!moved.includes(true)) return surveyed;
  }
}

/** Of several parts, one whose source cannot be read stops no other. */
async function surveyParts(work: Work): Promise<readonly Surveyed[]> {
  for (const { session } of work.parts) renewSources(session);
  await preload(work);
  const surveyed = await atMost(MEMBERS, work.parts, async ({ source, jobs }): Promise<readonly Surveyed[]> => {
    try {
      return await survey(source, jobs);
    } catch (error) {
      if (!work.several || !isDcsError(error)) throw error;
      return jobs.map((job) => ({ job, error }));
    }
  });
  return surveyed.flat();
}

/** In one step a home, where members share one. */
async function preload(work: Work): Promise<void> {
  if (!work.several) return;
  const homes = Map.groupBy(
    work.parts.flatMap(({ jobs }) => jobs),
    ({ home }) => home,
  );
  const loading = [...homes].map(async ([home, jobs]) => home.preload?.(jobs.map(({ place }) => place)));
  await Promise.allSettled(loading); // `survey` meets the same failure
}

function split(surveyed: readonly Surveyed[]): Pick<Planned, 'looks' | 'failures'> {
  return {
    looks: surveyed.flatMap((each) => ('look' in each ? [each.look] : [])),
    failures: surveyed.flatMap((each) => ('error' in each ? [each] : [])),
  };
}

/** Names of `--only` and `--except` that neither Doppler nor a record knows are a mistake, not "nothing to do". */
export function refuseUnknownNames(looks: readonly Look[], { only, except }: Filters): void {
  if (looks.length === 0) return;
  const knows = (name: string): boolean =>
    looks.some(
      ({ shaped, ledger }) =>
        shaped.outOfScope.has(name) ||
        [...shaped.desired.names.values(), ...ledger.records.values()].some(({ from }) => from === name) ||
        ledger.records.has(name),
    );
  const absent = [...only, ...except].filter((name) => !knows(name));
  if (absent.length > 0) throw new DcsError('USAGE', `Doppler has no ${absent.join(', ')}.`, { hint: 'names are spelt as in Doppler' });
}
