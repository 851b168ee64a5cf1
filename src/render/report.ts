import { isDcsError } from 'dcs-sdk';
import type { Applied, Result } from '../engine/apply.ts';
import type { Style } from './style.ts';
import { together } from './together.ts';

/** One target's end of a sync. */
export interface TargetReport {
  readonly name: string;
  readonly seconds: number;
  /** Absent where the target failed before its first write. */
  readonly applied?: Applied;
  readonly error?: unknown;
  /** What `--redeploy` made live. */
  readonly redeployed?: string;
}

export function tally(report: TargetReport): Record<Result, number> {
  const results = [...(report.applied?.outcomes.values() ?? [])].map(({ result }) => result);
  const count = (result: Result): number => results.filter((each) => each === result).length;
  return { done: count('done'), failed: count('failed'), unknown: count('unknown'), skipped: count('skipped') };
}

/** So many targets that are wholly written are named; of more only their number is told. */
const FEW = 20;

/** What became of the targets. `brief`: of several members, whose names and reasons are told together where they are alike. */
export function reportsLines(
  reports: readonly TargetReport[],
  { brief, verbose }: { readonly brief: boolean; readonly verbose: boolean },
  style: Style,
): string[] {
  const whole = reports.filter(isWhole);
  const few = !brief || verbose || whole.length <= FEW;
  const listed = few ? reports : reports.filter((report) => !isWhole(report));
  const shown = brief && !verbose ? alike(listed) : listed;
  const width = Math.max(0, ...shown.map(({ name }) => name.length));
  const names = whole.reduce((sum, report) => sum + tally(report).done, 0);
  return [
    ...(few ? [] : [`${style.green('✓')} ${whole.length} targets  ${names} written (--verbose names them)`]),
    ...shown.flatMap((report) => reportLines(report, { width, brief: brief && !verbose }, style)),
  ];
}

/** Targets that came to nothing in one way are told together. */
function alike(reports: readonly TargetReport[]): TargetReport[] {
  const nothing = (report: TargetReport): boolean => tally(report).done === 0;
  const rest = reports.filter((report) => !nothing(report));
  return [...rest, ...together(reports.filter(nothing), (report) => reasonOf(report))];
}

function reasonOf({ error, applied }: TargetReport): string {
  const fates = [...(applied?.outcomes ?? [])].map(([name, { result, error: why }]) => `${name} ${note(result, why?.message)}`);
  return [error === undefined ? '' : messageOf(error), ...fates].join('\n');
}

function isWhole(report: TargetReport): boolean {
  const { failed, unknown, skipped } = tally(report);
  return report.applied !== undefined && report.error === undefined && failed + unknown + skipped === 0;
}

function reportLines(report: TargetReport, { width, brief }: { width: number; brief: boolean }, style: Style): string[] {
  const { done, failed, unknown, skipped } = tally(report);
  const { applied } = report;
  const whole = isWhole(report);
  const what =
    applied === undefined
      ? messageOf(report.error)
      : whole
        ? `${done === 0 ? 'nothing to write' : `${done} written`}, ${proof(report)}`
        : `${done} of ${done + failed + unknown + skipped} written`;
  const head = `${whole ? style.green('✓') : style.red('✗')} ${report.name.padEnd(width)}  ${what}`;
  const seconds = `${report.seconds.toFixed(1)} s`;
  const lines = [`${head}${' '.repeat(Math.max(2, 79 - plain(head).length - seconds.length))}${seconds}`];
  if (whole || !applied) return lines;
  if (report.error !== undefined) lines.push(`    ${style.red('✗')} ${messageOf(report.error)}`);
  const rows = [...applied.outcomes].map(([name, { result, error }]) => ({ name, result, note: note(result, error?.message) }));
  const told = brief ? together(rows, ({ result, note: why }) => `${result} ${why}`) : rows;
  const nameWidth = Math.max(...told.map(({ name }) => name.length));
  for (const { name, result, note: why } of told) lines.push(`    ${symbol(result, style)} ${name.padEnd(nameWidth)}  ${why}`.trimEnd());
  return lines;
}

/** *verified*: values were read back. *confirmed*: every name is listed and the newest revision is ours. */
function proof({ applied, redeployed }: TargetReport): string {
  const { job, identity } = applied!.look;
  const effect = identity?.effect ?? job.definition.effect;
  const word = job.definition.supports.readable && applied!.readBack ? 'verified' : 'confirmed';
  const { revision, live: serving } = applied!;
  const version = serving ?? (revision && `version ${revision.slice(0, 8)}`);
  const live = redeployed ?? (effect === 'now' ? (version ? `live as ${version}` : 'live') : 'not live yet');
  return `${word}, ${live}`;
}

function symbol(result: Result, style: Style): string {
  if (result === 'done') return style.green('✓ done   ');
  if (result === 'failed') return style.red('✗ failed ');
  return result === 'unknown' ? style.yellow('? unknown') : '· skipped';
}

function note(result: Result, message: string | undefined): string {
  if (result === 'unknown') return 'no answer; dcs looks at it before it writes again';
  return result === 'skipped' ? 'not sent' : (message ?? '');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'failed';
}

// eslint-disable-next-line no-control-regex
const plain = (text: string): string => text.replace(/\u001B\[\d+m/g, '');

export function totalLine(reports: readonly TargetReport[], run: string): string {
  const sum = (result: Result): number => reports.reduce((total, report) => total + tally(report)[result], 0);
  const parts = [`${sum('done')} written`, `${sum('failed')} failed`];
  if (sum('unknown') > 0) parts.push(`${sum('unknown')} unknown`);
  if (sum('skipped') > 0) parts.push(`${sum('skipped')} not sent`);
  return `${parts.join(', ')}; sync ${run}`;
}

export function reportJson(report: TargetReport): Record<string, unknown> {
  const { applied } = report;
  return {
    target: report.name,
    seconds: Number(report.seconds.toFixed(3)),
    revision: applied?.revision ?? null,
    live: applied?.live ?? null,
    redeployed: report.redeployed ?? null,
    outcomes: [...(applied?.outcomes ?? [])].map(([name, { result, error }]) => ({
      name,
      result,
      ...(error ? { code: error.code, message: error.message } : {}),
    })),
    ...(report.error === undefined ? {} : { error: messageOf(report.error) }),
    ...(isDcsError(report.error) ? { code: report.error.code } : {}),
  };
}
