import { DcsError, isDcsError, writes, type Environment, type Guard, type TriggerType } from 'dcs-sdk';
import { apply, runId, type Applied } from './engine/apply.ts';
import { acquire, breakLock, type Lock } from './engine/lock.ts';
import type { LedgerKeys } from './engine/ledger-types.ts';
import type { Job } from './engine/job.ts';
import type { Look } from './engine/look.ts';
import { refuseExpired, refuseForged, refuseStale, type SavedPlan } from './engine/saved-plan.ts';
import { audit, whoWrites } from './audit.ts';
import { meetingRules } from './config/secret-rules.ts';
import { accept, refuseUnconsented } from './accept.ts';
import { renewSources } from './doppler-access.ts';
import type { Filters } from './jobs.ts';
import { alone, inFull, planPartsAlone, prepare, refuseUnknownNames, type Part, type Work } from './planning.ts';
import { progress } from './progress.ts';
import { planKeys } from './record.ts';
import { plansLines, shows, sumLine } from './render/plan.ts';
import { tally, type TargetReport } from './render/report.ts';
import type { Style } from './render/style.ts';
import type { Session } from './session.ts';
import { finish, joined, type SyncResult } from './sync-end.ts';
import { wordsOfTrigger } from './trigger.ts';
import { mayBeBehind, withUndeployed } from './undeployed.ts';

export interface SyncOptions extends Filters {
  readonly words: readonly string[];
  readonly yes: boolean;
  readonly allow: readonly Guard[];
  /** A saved plan to apply exactly, and its file. */
  readonly plan?: { readonly file: string; readonly saved: SavedPlan };
  readonly breakLock?: string;
  readonly redeploy: boolean;
  /** dcs.yaml itself consents, as far as a trigger goes. */
  readonly trigger?: TriggerType;
  /** The person has said yes to these very names already. */
  readonly consented?: boolean;
  /** The command line that does it again, for hints. Default: `dcs sync -e ENV`. */
  readonly again?: string;
  /** Whatever moves meanwhile ends it: consent to one plan is none to the next. */
  readonly once?: boolean;
}

/** One dcs.yaml's part: what `secrets:` asks for must be there, and `-e` typed where one place is for every environment. */
export async function prepareSync(session: Session, environment: Environment, options: SyncOptions): Promise<Part> {
  refuseUnconsented(session, environment, options);
  const { trigger } = options;
  const words = trigger === undefined ? options.words : await wordsOfTrigger(session, trigger, environment, options.words);
  const part = await prepare(session, environment, words, options);
  return { ...part, source: meetingRules(part.source, session.project.secretRules, environment.name) };
}

/** Plan, consent, write, verify, record: `dcs sync`. Prints plan and progress on stderr as it goes; the report is returned. */
export async function syncTargets(
  session: Session,
  environment: Environment & { line: string },
  options: SyncOptions,
  style: Style,
  say: (line: string) => void,
): Promise<SyncResult> {
  renewSources(session);
  const prepared = await prepareSync(session, environment, options);
  const plan = options.plan && { ...options.plan, keys: await planKeys(session, environment) };
  const part = plan ? { ...prepared, source: inFull(prepared.source) } : prepared;
  return syncJobs(session, environment, options, { ...alone(part), ...(plan ? { plan } : {}) }, style, say);
}

/** The one loop over jobs that are chosen already. */
export async function syncJobs(
  session: Session,
  environment: Environment,
  options: SyncOptions,
  work: Work & { readonly plan?: Bound },
  style: Style,
  say: (line: string) => void,
): Promise<SyncResult> {
  const { stateDir } = session.directories;
  if (options.breakLock !== undefined) await breakLock(stateDir, options.breakLock);
  const run = runId();
  const { locks, ...locked } = await lock(work, stateDir, run);
  try {
    return await rounds(session, environment, options, { ...work, ...locked, run }, style, say);
  } finally {
    for (const each of locks) await each.release();
  }
}

/** All places of a part, or none of them. */
async function lock(work: Work, stateDir: string, run: string): Promise<Pick<Work, 'parts' | 'failed'> & { locks: readonly Lock[] }> {
  const locks: Lock[] = [];
  const failed = [...work.failed];
  const parts: Part[] = [];
  const writers = new Map<string, Job>();
  for (const part of work.parts) {
    const own: Lock[] = [];
    try {
      for (const job of part.jobs.toSorted((a, b) => (a.place < b.place ? -1 : 1))) {
        const other = writers.get(job.place);
        if (other) throw twoWriters(job, other);
        own.push(await acquire({ stateDir, place: job.place, run }));
        writers.set(job.place, job);
      }
      parts.push(part);
      locks.push(...own);
    } catch (error) {
      for (const each of own) await each.release();
      for (const job of part.jobs) if (writers.get(job.place) === job) writers.delete(job.place);
      if (!work.several || !isDcsError(error)) {
        for (const each of locks) await each.release();
        throw error;
      }
      failed.push({ name: part.session.member ?? '.', error });
    }
  }
  return { parts, failed, locks };
}

const twoWriters = ({ name, environment }: Job, other: Job): DcsError =>
  new DcsError('CONFLICT', `${name} and ${other.name} are one place, and one sync cannot write it twice.`, {
    why: `Both say shared: true. Nothing was written to ${name}.`,
    hint: [`dcs sync ${other.name} -e ${environment}`, `dcs sync ${name} -e ${environment}`],
  });

/** Doppler may move, or somebody clash, while a sync runs: then it plans again, at most three times, never for a saved plan. */
async function rounds(
  session: Session,
  environment: Environment,
  options: SyncOptions,
  { run, plan, ...work }: Work & { readonly run: string; readonly plan?: Bound },
  style: Style,
  say: (line: string) => void,
): Promise<SyncResult> {
  let reports: readonly TargetReport[] = [];
  let looks: readonly Look[] = [];
  const brief = work.several;
  const once = options.plan !== undefined || options.once === true;
  const again = options.again ?? `dcs sync -e ${environment.name}`;
  const end = (all: readonly TargetReport[]): SyncResult => finish(session, environment, { reports: all, looks, run, again, brief }, style);
  for (let round = 1; ; round++) {
    try {
      const planned = await planPartsAlone(work, { signal: session.signal, say });
      const asks = options.redeploy || planned.looks.some((each) => writes(each.plan).length > 0);
      looks = asks ? await withUndeployed(planned.looks) : planned.looks;
      refuseUnknownNames(looks, options);
      if (plan !== undefined) checkSaved(plan, looks);
      for (const line of plansLines(brief ? looks.filter(shows) : looks, style)) say(line);
      say(sumLine(looks, brief));
      const { accepted, refused } = await accept(session, environment, options, looks, work);
      const failed = [
        ...planned.failures.map(({ job, error }) => ({ name: job.name, error })),
        ...refused.map(({ look: { job }, error }) => ({ name: job.name, error })),
        ...work.failed,
      ];
      const author = accepted.some(({ plan: decided }) => writes(decided).length > 0)
        ? await whoWrites(session, options.trigger)
        : undefined;
      const own: TargetReport[] = [
        ...(await write(session, accepted, run, author?.by ?? 'you', options.redeploy)),
        ...failed.map((each) => ({ ...each, seconds: 0 })),
      ];
      reports = joined(reports, own);
      if (author) await auditParts(work, { reports: own, looks, run }, author);
      renewSources(session);
      const moved = !once && !session.signal.aborted && (own.some(({ applied }) => applied?.clash) || (await sourceMoved(work, own)));
      if (!moved || round === 3) return end(reports);
    } catch (error) {
      // Once something was written the report says what: the error alone would read as if nothing was.
      if (!isDcsError(error) || reports.every((report) => tally(report).done === 0)) throw error;
      return end(reports.map((report) => ({ ...report, error })));
    }
    say('Doppler or a target moved meanwhile: planning again.');
  }
}

const reportsOf = (jobs: readonly Job[], reports: readonly TargetReport[]): readonly TargetReport[] =>
  reports.filter(({ name }) => jobs.some((job) => job.name === name));

/** One entry in each log, for all members that write to it. */
async function auditParts({ parts }: Work, round: Parameters<typeof audit>[2], author: Parameters<typeof audit>[3]): Promise<void> {
  const logs = Map.groupBy(parts, ({ session: { project, identity }, environment: { name, doppler } }) => {
    const kind = project.ledger(name);
    return JSON.stringify([identity?.name, name, doppler, kind, kind === 'git' ? project.root : '']);
  });
  for (const [part, ...others] of logs.values()) {
    const jobs = [part!, ...others].flatMap((each) => each.jobs);
    await audit(part!.session, part!.environment, { ...round, reports: reportsOf(jobs, round.reports) }, author);
  }
}

/** One conditional request a config, and only after a write. */
async function sourceMoved({ parts }: Work, reports: readonly TargetReport[]): Promise<boolean> {
  const moved = parts.map(async ({ jobs, source }) => {
    const written = reportsOf(jobs, reports).find((report) => tally(report).done > 0)?.applied?.look.source.version;
    if (written === undefined) return false;
    const read = await source.read(written);
    return read !== undefined && read.version !== written;
  });
  return (await Promise.all(moved)).includes(true);
}

type Bound = NonNullable<SyncOptions['plan']> & { readonly keys: LedgerKeys };

function checkSaved({ file, saved, keys }: Bound, looks: readonly Look[]): void {
  refuseForged(saved, keys, file);
  refuseExpired(saved, new Date(), file);
  refuseStale(saved, looks, keys, file);
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
        // Where all of this sync's writes failed, nothing new waits.
        const due = redeploy && (writes(each.plan).length === 0 ? mayBeBehind(each) : tally({ name: '', seconds: 0, applied }).done > 0);
        const live = due ? await each.job.target.redeploy?.() : undefined;
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
