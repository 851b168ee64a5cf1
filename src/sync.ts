import { DcsError, isDcsError, writes, type Environment, type Guard, type Source } from 'dcs-sdk';
import { apply, runId, type Applied } from './engine/apply.ts';
import type { Job } from './engine/job.ts';
import { acquire, breakLock } from './engine/lock.ts';
import type { LedgerKeys, Waiting } from './engine/ledger-types.ts';
import { look, type Look } from './engine/look.ts';
import { refuseExpired, refuseForged, refuseStale, type SavedPlan } from './engine/saved-plan.ts';
import { survey, type Surveyed } from './engine/survey.ts';
import { audit, whoWrites } from './audit.ts';
import { meetingRules } from './config/secret-rules.ts';
import { consent, type Adoption } from './consent.ts';
import { dopplerClient, sourceOf } from './doppler-access.ts';
import { chooseTargets, makeJobs, type Filters } from './jobs.ts';
import { refuseSharedPlaces } from './places.ts';
import { progress } from './progress.ts';
import { planKeys } from './record.ts';
import { prompts } from './prompts.ts';
import { countLine, planLines } from './render/plan.ts';
import { tally, type TargetReport } from './render/report.ts';
import type { Style } from './render/style.ts';
import type { Session } from './session.ts';
import { finish, joined, type SyncResult } from './sync-end.ts';

export interface SyncOptions extends Filters {
  readonly words: readonly string[];
  readonly yes: boolean;
  readonly allow: readonly Guard[];
  /** A saved plan to apply exactly, and its file. */
  readonly plan?: { readonly file: string; readonly saved: SavedPlan };
  readonly breakLock?: string;
  readonly redeploy: boolean;
  /** The person has said yes to these very names already. */
  readonly consented?: boolean;
  /** The command line that does it again, for hints. Default: `dcs sync -e ENV`. */
  readonly again?: string;
  /** Whatever moves meanwhile ends it: consent to one plan is none to the next. */
  readonly once?: boolean;
}

export interface Planned {
  readonly environment: Environment;
  readonly source: Source;
  readonly looks: readonly Look[];
  readonly failures: readonly { readonly job: Job; readonly error: unknown }[];
}

/** Plans every chosen target; nothing is written. */
export async function planTargets(
  session: Session,
  environment: Environment,
  words: readonly string[],
  filters: Filters,
  read: 'values' | 'what-is-needed' = 'what-is-needed',
): Promise<Planned> {
  const { source: lazy, jobs } = await prepare(session, environment, words, filters);
  const source = read === 'values' ? inFull(lazy) : lazy;
  return { environment, source, ...split(await survey(source, jobs)) };
}

/** Never "not modified": a saved plan is bound to the values themselves. */
const inFull = (source: Source): Source => ({ ...source, read: () => source.read() });

async function prepare(
  session: Session,
  environment: Environment,
  words: readonly string[],
  filters: Filters,
): Promise<{ source: Source; jobs: readonly Job[] }> {
  const entries = chooseTargets(session, words, environment.name);
  await refuseSharedPlaces(session);
  const source = sourceOf(session, await dopplerClient(session), environment);
  const { jobs } = await makeJobs(session, environment, source, entries, filters);
  return { source, jobs };
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

/** Plan, consent, write, verify, record: `dcs sync`. Prints plan and progress on stderr as it goes; the report is returned. */
export async function syncTargets(
  session: Session,
  environment: Environment & { line: string },
  options: SyncOptions,
  style: Style,
  say: (line: string) => void,
): Promise<SyncResult> {
  refuseUnconsented(session, environment, options);
  const { jobs, ...prepared } = await prepare(session, environment, options.words, options);
  const plan = options.plan && { ...options.plan, keys: await planKeys(session, environment) };
  const source = meetingRules(plan ? inFull(prepared.source) : prepared.source, session.project.secretRules, environment.name);
  return syncJobs(session, environment, options, { source, jobs, ...(plan ? { plan } : {}) }, style, say);
}

/** The one loop over jobs that are chosen already. */
export async function syncJobs(
  session: Session,
  environment: Environment,
  options: SyncOptions,
  { source, jobs, plan }: { readonly source: Source; readonly jobs: readonly Job[]; readonly plan?: Bound },
  style: Style,
  say: (line: string) => void,
): Promise<SyncResult> {
  const { stateDir } = session.directories;
  if (options.breakLock !== undefined) await breakLock(stateDir, options.breakLock);
  const run = runId();
  const locks = [];
  try {
    for (const job of jobs.toSorted((a, b) => (a.place < b.place ? -1 : 1))) locks.push(await acquire({ stateDir, place: job.place, run }));
    return await rounds(session, environment, options, { source, jobs, run, ...(plan ? { plan } : {}) }, style, say);
  } finally {
    for (const lock of locks) await lock.release();
  }
}

/** Doppler may move, or somebody clash, while a sync runs: then it plans again, at most three times, never for a saved plan. */
async function rounds(
  session: Session,
  environment: Environment,
  options: SyncOptions,
  { source, jobs, run, plan }: { source: Source; jobs: readonly Job[]; run: string; plan?: Bound },
  style: Style,
  say: (line: string) => void,
): Promise<SyncResult> {
  let reports: readonly TargetReport[] = [];
  let looks: readonly Look[] = [];
  const once = options.plan !== undefined || options.once === true;
  const again = options.again ?? `dcs sync -e ${environment.name}`;
  for (let round = 1; ; round++) {
    try {
      const planned = split(await surveyAlone(source, jobs, { signal: session.signal, say }));
      ({ looks } = planned);
      refuseUnknownNames(looks, options);
      if (plan !== undefined) checkSaved(plan, looks);
      for (const each of looks) for (const line of [...planLines(each, style), '']) say(line);
      say(countLine(looks));
      const accepted = await accept(session, environment, options, looks, source);
      const author = accepted.some(({ plan: decided }) => writes(decided).length > 0) ? await whoWrites(session) : undefined;
      const own: TargetReport[] = [
        ...(await write(session, accepted, run, author?.by ?? 'you', options.redeploy)),
        ...planned.failures.map(({ job, error }) => ({ name: job.name, seconds: 0, error })),
      ];
      reports = joined(reports, own);
      if (author) await audit(session, environment, { reports: own, looks, run }, author);
      const moved = !once && !session.signal.aborted && (own.some(({ applied }) => applied?.clash) || (await sourceMoved(source, own)));
      if (!moved || round === 3) return finish(session, environment, { reports, looks, run, again }, style);
    } catch (error) {
      // Once something was written the report says what: the error alone would read as if nothing was.
      if (!isDcsError(error) || reports.every((report) => tally(report).done === 0)) throw error;
      return finish(session, environment, { reports: reports.map((report) => ({ ...report, error })), looks, run, again }, style);
    }
    say('Doppler or a target moved meanwhile: planning again.');
  }
}

/**
 * Two machines on one place: the second one plans on what the first one leaves, and never takes what it sees of the first one's
 * writes for a stranger's.
 */
export async function surveyAlone(source: Source, jobs: readonly Job[], waiting: Waiting): Promise<Surveyed[]> {
  const homes = [...Map.groupBy(jobs, ({ home }) => home)].map(([home, mine]) => ({ home, places: mine.map(({ place }) => place) }));
  for (let tries = 1; ; tries++) {
    await Promise.all(homes.map(async ({ home, places }) => home.quiet?.(places, waiting)));
    const surveyed = await survey(source, jobs);
    const idle = surveyed.every((each) => 'look' in each && writes(each.look.plan).length === 0);
    if (idle || tries === 3) return surveyed;
    const moved = await Promise.all(homes.map(async ({ home, places }) => home.moved?.(places)));
    if (!moved.includes(true)) return surveyed;
  }
}

/** One conditional request, and only after a write. */
async function sourceMoved(source: Source, reports: readonly TargetReport[]): Promise<boolean> {
  const written = reports.find((report) => tally(report).done > 0)?.applied?.look.source.version;
  if (written === undefined) return false;
  const read = await source.read(written);
  return read !== undefined && read.version !== written;
}

function refuseUnconsented(session: Session, environment: Environment, options: SyncOptions): void {
  const single = [...session.project.targets.values()].filter(({ singleValue }) => singleValue);
  if (
    single.length > 0 &&
    session.invocation.env === undefined &&
    options.plan === undefined &&
    single.some(({ environments }) => environments.length > 1)
  )
    throw new DcsError('REFUSED', `${single.map(({ name }) => name).join(', ')}: one place for all environments is written only with -e.`, {
      why: 'The entry names one value for every environment, so it must be clear which one owns it. Nothing was written.',
      hint: [
        `dcs sync -e ${environment.name}`,
        'or give each environment its own: worker: {staging: ..., prod: ...} (dcs config migrate asks)',
      ],
    });
}

type Bound = NonNullable<SyncOptions['plan']> & { readonly keys: LedgerKeys };

function checkSaved({ file, saved, keys }: Bound, looks: readonly Look[]): void {
  refuseForged(saved, keys, file);
  refuseExpired(saved, new Date(), file);
  refuseStale(saved, looks, keys, file);
}

async function accept(
  session: Session,
  environment: Environment,
  options: SyncOptions,
  looks: readonly Look[],
  source: Source,
): Promise<readonly Look[]> {
  const given = {
    yes: options.yes,
    allow: new Set(options.allow),
    named: session.invocation.env !== undefined || options.consented === true,
    plan: options.plan !== undefined,
    ...(options.again === undefined ? {} : { again: options.again }),
  };
  const adoptions = await consent(looks, environment, given, prompts(session.invocation, session.env));
  if (!adoptions) throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });
  return Promise.all(looks.map((each) => withoutLeft(each, adoptions.get(each), source)));
}

/** Names that the person leaves alone are planned again with that answer. */
async function withoutLeft(found: Look, adoption: Adoption | undefined, source: Source): Promise<Look> {
  if (!adoption || adoption.leave.size === 0) return found;
  const read = await source.read();
  if (!read) throw new Error('A source read without a version must answer');
  const except = new Set([
    ...(found.job.rules.except ?? []),
    ...[...adoption.leave].map((name) => found.shaped.desired.names.get(name)?.from ?? name),
  ]);
  const job = { ...found.job, rules: { ...found.job.rules, except } };
  return look({ job, found: found.found, settled: found.ledger, listing: found.listing }, read);
}

async function write(session: Session, looks: readonly Look[], run: string, by: string, redeploy: boolean): Promise<TargetReport[]> {
  const bar = await progress(session, looks);
  const reports = await Promise.all(
    looks.map(async (each): Promise<TargetReport> => {
      const started = performance.now();
      const done = (rest: Partial<TargetReport>): TargetReport => ({
        name: each.job.name,
        seconds: (performance.now() - started) / 1000,
        ...rest,
      });
      let applied: Applied | undefined;
      try {
        applied = await apply(each, run, by, session.signal, () => new Date());
        const live =
          redeploy && each.job.target.redeploy && tally({ name: '', seconds: 0, applied }).done > 0
            ? await each.job.target.redeploy()
            : undefined;
        return done({ applied, ...(live ? { redeployed: live.title } : {}) });
      } catch (error) {
        return done({ error, ...(applied ? { applied } : {}) });
      } finally {
        bar.finished(each.job.name);
      }
    }),
  );
  await bar.end();
  return reports;
}
