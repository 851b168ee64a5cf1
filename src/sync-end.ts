import { EXIT, isDcsError, type DcsError, type Environment, type ErrorCode } from 'dcs-sdk';
import type { Result } from './engine/apply.ts';
import type { Look } from './engine/look.ts';
import { differs, planJson } from './render/plan.ts';
import { reportJson, reportsLines, tally, totalLine, type TargetReport } from './render/report.ts';
import type { Style } from './render/style.ts';
import type { Session } from './session.ts';

export interface SyncResult {
  readonly lines: readonly string[];
  readonly json: Readonly<Record<string, unknown>>;
  readonly exit: number;
}

/** What a sync has done, for its report, its exit code and the record of who did what. */
export interface Ended {
  readonly reports: readonly TargetReport[];
  readonly looks: readonly Look[];
  readonly run: string;
  /** The command line that does it again. */
  readonly again: string;
  /** Of several members: what is in sync is a count. */
  readonly brief: boolean;
}

/** What an earlier round wrote stays written, whatever became of the target in this one; also what only this one found there. */
export function joined(before: readonly TargetReport[], reports: readonly TargetReport[]): TargetReport[] {
  return reports.map((report) => {
    const earlier = before.find(({ name }) => name === report.name);
    const told = [...(earlier?.applied?.outcomes ?? [])];
    const written = told.filter(([name, { result }]) => result === 'done' || (result === 'unknown' && stands(name, report)));
    if (earlier?.applied === undefined || written.length === 0) return report;
    const done = written.map(([name]): [string, { readonly result: Result }] => [name, { result: 'done' }]);
    const outcomes = new Map([...done, ...(report.applied?.outcomes ?? [])]);
    const applied = report.applied ?? earlier.applied;
    const live = applied.live ?? earlier.applied.live;
    return { ...report, seconds: earlier.seconds + report.seconds, applied: { ...applied, live, outcomes } };
  });
}

/** As this round's look has it there is nothing left to do to the name. */
function stands(name: string, { applied }: TargetReport): boolean {
  if (applied === undefined) return false;
  const { plan, listing } = applied.look;
  const item = plan.items.find((each) => each.name === name);
  return item === undefined ? listing.entries.every((entry) => entry.name !== name) : item.action === 'same';
}

/** Makes the report; nothing is printed. */
export function finish(session: Session, environment: Environment, ended: Ended, style: Style): SyncResult {
  const { reports, looks, run, brief } = ended;
  const acted = ({ applied, redeployed }: TargetReport): boolean => (applied?.outcomes.size ?? 0) > 0 || redeployed !== undefined;
  const wrote = reports.some(acted);
  const shown = reports.filter((report) => report.error !== undefined || acted(report));
  const exit = exitOf(session, ended);
  const lines = [
    ...reportsLines(shown, { brief, verbose: session.invocation.verbose }, style),
    wrote || exit !== 0 ? totalLine(reports, run) : nothingToDo(looks),
  ];
  const told = brief ? { plans: looks.filter(differs), reports: shown } : { plans: looks, reports };
  const json = {
    environment: environment.name,
    run,
    exit,
    ...(brief ? { inSync: reports.length - shown.length } : {}),
    plans: told.plans.map(planJson),
    targets: told.reports.map(reportJson),
  };
  return { lines: [...lines, ...advice(session, environment, ended, exit)], json, exit };
}

const nothingToDo = (looks: readonly Look[]): string =>
  looks.some(({ job }) => job.definition.type === 'doppler')
    ? 'Nothing to do: Doppler holds all of it.'
    : 'Nothing to do: every target is in sync.';

function advice(session: Session, environment: Environment, { reports, looks, run, again }: Ended, exit: number): string[] {
  if (exit === EXIT.INTERRUPTED) return [`Next  ${again}     goes on where this stopped`];
  if (exit !== 0) {
    const colliding = looks.filter(({ plan }) => plan.collisions.length > 0);
    const rules = colliding.map(({ job }) => `look at rename and prefix of ${job.name} in dcs.yaml`);
    return [...rules, ...hints(reports), `${again}     does only what is left`].map((hint) => `Try   ${hint}`);
  }
  const waiting = looks.filter(
    ({ job, identity }) =>
      // Where `identify` names another effect than usual, nothing is deployed that a redeploy would reach.
      (identity?.effect ?? job.definition.effect) === job.definition.effect &&
      reports.some((report) => report.name === job.name && tally(report).done > 0 && report.redeployed === undefined) &&
      job.target.redeploy !== undefined,
  );
  if (session.invocation.quiet) return [];
  // A target's first sync has nothing before it; Doppler's own log has.
  const undoable = looks.some(
    ({ job, found }) =>
      (found?.last !== undefined || job.definition.type === 'doppler') &&
      reports.some((report) => report.name === job.name && tally(report).done > 0),
  );
  return [
    ...waiting.map(({ job }) => `Next  dcs sync ${job.name} -e ${environment.name} --redeploy`),
    ...(undoable ? [`Undo  dcs undo ${run}`] : []),
  ];
}

/** What each failure says to try, once: a request that failed says the same of all its names. */
function hints(reports: readonly TargetReport[]): ReadonlySet<string> {
  return new Set(errorsOf(reports).flatMap(({ details }) => [details.hint ?? []].flat()));
}

function errorsOf(reports: readonly TargetReport[]): DcsError[] {
  const all = reports.flatMap(({ error, applied }) => [error, ...[...(applied?.outcomes.values() ?? [])].map((outcome) => outcome.error)]);
  return all.filter((error) => isDcsError(error));
}

function exitOf({ signal }: Session, { reports, looks }: Ended): number {
  const sums = reports.map((report) => tally(report));
  const done = sums.reduce((sum, each) => sum + each.done, 0);
  const bad =
    sums.some(({ failed, unknown, skipped }) => failed + unknown + skipped > 0) || reports.some(({ error }) => error !== undefined);
  const blocked = looks.flatMap(({ plan }) => plan.items).filter(({ action }) => action === 'blocked');
  if (signal.aborted) return EXIT.INTERRUPTED;
  if (looks.some(({ plan }) => plan.collisions.length > 0)) return done > 0 ? EXIT.PARTIAL : EXIT.CONFIG;
  if (!bad && blocked.length === 0) return 0;
  if (done > 0) return EXIT.PARTIAL;
  const codes = new Set<ErrorCode>(errorsOf(reports).map(({ code }) => code));
  if (codes.size === 0 && blocked.some(({ reason }) => reason === 'other-owner')) return EXIT.CONFLICT;
  if (!bad && blocked.every(({ reason }) => reason === 'untransformed')) return EXIT.CONFIG;
  const [code] = codes;
  return codes.size === 1 && code ? EXIT[code] : EXIT.TARGET;
}
