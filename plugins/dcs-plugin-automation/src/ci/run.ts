import { dirname } from 'node:path';
import { DcsError, EXIT, type DcsRun, type Env, type Environment, type Host, type Log } from 'dcs-sdk';
import { beforeChange } from './base.ts';
import { leave } from './forge.ts';
import { failedRun } from './failed.ts';
import { googleToken } from './google.ts';
import { fenced, logLine, word } from './markdown.ts';
import type { Place } from './place.ts';
import { entryLines, planEntries, without, type PlanEntry } from './plan.ts';

export interface CiRun {
  readonly host: Host;
  readonly place: Place;
  readonly environment: Environment;
  /** What dcs.yaml may be called. */
  readonly files: readonly string[];
  readonly targets: readonly string[];
  readonly names: 'auto' | 'list' | 'count';
  readonly log: Log;
}

/** What became of it: the command's lines and document, and the exit code of the dcs that did the work. */
export interface CiResult {
  readonly lines: readonly string[];
  readonly json: Readonly<Record<string, unknown>>;
  readonly exit: number;
}

/** One run of CI for one environment: the plan of a change, a sync, or a look for drift. */
export async function runCi(run: CiRun): Promise<CiResult> {
  const { event } = run.place;
  const elsewhere = event.environment !== undefined && event.environment !== run.environment.name;
  if (event.change?.fork === true) return nothing(run, 'This change comes from a fork: it gets no plan and no comment.');
  if (elsewhere) return nothing(run, `This dispatch is about another environment.`);
  const google = await googleToken(run.host.env, run.log);
  // What a child does not need it does not get.
  const env: Env = {
    GITHUB_TOKEN: undefined,
    DCS_GITLAB_TOKEN: undefined,
    ...(google === undefined ? {} : { GOOGLE_OAUTH_ACCESS_TOKEN: google }),
  };
  switch (event.kind) {
    case 'change':
      return change(run, env);
    case 'sync':
      return sync(run, env);
    case 'drift':
      return drift(run, env);
  }
}

const nothing = ({ place, environment }: CiRun, line: string): CiResult => ({
  lines: [`Nothing to do: ${line}`],
  json: { event: place.event.kind, environment: environment.name, done: 'nothing' },
  exit: 0,
});

const namesOf = ({ names, place }: CiRun): 'list' | 'count' => (names === 'auto' ? (place.event.isPublic ? 'count' : 'list') : names);

async function change(run: CiRun, env: Env): Promise<CiResult> {
  const { host, place, environment, targets } = run;
  const { number, base } = place.event.change!;
  const words = ['diff', ...targets, '-e', environment.name];
  const now = await host.dcs(words, { env });
  if (now.exit !== 0) return failed(run, now);
  const before = await beforeChange(host, base, run.files, async (file) =>
    file === undefined ? [] : entriesOf(await host.dcs([...words, '--config-file', file], { cwd: dirname(file), env })),
  );
  const entries = planEntries(now.document ?? {});
  const [added, gone] = [without(entries, before ?? []), without(before ?? [], entries)];
  const altered = before === undefined || added.length + gone.length > 0;
  const name = word(environment.name);
  const mark = `<!-- dcs:plan:${name} -->`;
  const body = altered ? `${mark}\n${described(name, { added, gone, known: before !== undefined }, namesOf(run))}` : undefined;
  const resolved = `${mark}\nThis change no longer alters what dcs plans for \`${name}\`.`;
  const left = await leave(await place.forge().comments(number), mark, body, resolved);
  if (body !== undefined) await place.summary(body);
  const text = altered ? `This change alters the plan of ${name}.` : `This change does not alter the plan of ${name}.`;
  return { lines: [text, `Comment: ${left}`], json: { event: 'change', environment: environment.name, altered, comment: left }, exit: 0 };
}

/** Undefined: nobody knows what was planned before. */
const entriesOf = ({ exit, document }: DcsRun): PlanEntry[] | undefined => (exit === 0 ? planEntries(document ?? {}) : undefined);

interface Altered {
  readonly added: readonly PlanEntry[];
  readonly gone: readonly PlanEntry[];
  readonly known: boolean;
}

function described(name: string, { added, gone, known }: Altered, names: 'list' | 'count'): string {
  const part = (title: string, entries: readonly PlanEntry[]): string[] =>
    entries.length === 0 ? [] : [title, fenced(entryLines(entries, names))];
  return [
    `**dcs**: this change alters the plan of \`${name}\`. Nothing was written; a sync after the merge plans anew.`,
    ...(known ? [] : ['What was planned before could not be told, so this is the whole plan.']),
    ...part('Planned with this change:', added),
    ...part('No longer planned:', gone),
  ].join('\n\n');
}

async function sync(run: CiRun, env: Env): Promise<CiResult> {
  const { host, place, environment, targets } = run;
  const done = await host.dcs(['sync', ...targets, '-e', environment.name, '--trigger', 'ci'], { env });
  await tellChannels(run, 'ci', done);
  if (done.exit !== 0) return failed(run, done);
  tell(host, done.text);
  const counts = new Map<string, number>();
  for (const outcome of outcomesOf(done)) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const text = counts.size === 0 ? 'nothing to do' : [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
  await place.summary(`**dcs**: \`${word(environment.name)}\` is synced: ${text}.`);
  return {
    lines: [`Synced ${environment.name}: ${text}.`],
    json: { event: 'sync', environment: environment.name, outcomes: Object.fromEntries(counts) },
    exit: 0,
  };
}

async function drift(run: CiRun, env: Env): Promise<CiResult> {
  const { host, place, environment, targets } = run;
  const seen = await host.dcs(['status', ...targets, '-e', environment.name, '--exit-code'], { env });
  await tellChannels(run, 'schedule', seen);
  if (seen.exit !== 0 && seen.exit !== 2) return failed(run, seen);
  const name = word(environment.name);
  const drifted = driftOf(seen);
  const mark = `<!-- dcs:drift:${name} -->`;
  const lines = drifted.map(({ target, names }) =>
    namesOf(run) === 'list' ? `${target}  ${names.join(' ')}` : `${target}  ${names.length}`,
  );
  const body = `${mark}\n${name} holds what dcs did not write:\n\n${fenced(lines)}\n\nLook with \`dcs diff -e ${name}\`; \`dcs sync -e ${name}\` mends it.`;
  if (drifted.length === 0 && rowsOf(seen).some(({ state }) => state !== 'in sync' && state !== 'behind'))
    return {
      lines: [`Whether ${name} drifted cannot be told.`],
      json: { event: 'drift', environment: environment.name, drifted: null },
      exit: 0,
    };
  const shelf = await place.forge().issues(`dcs: ${name} drifted`);
  const left = await leave(shelf, mark, drifted.length > 0 ? body : undefined, `${mark}\n${name} is again as dcs wrote it.`);
  if (drifted.length > 0) await place.summary(body);
  return {
    lines: [drifted.length > 0 ? `${name} drifted.` : `${name} did not drift.`, `Issue: ${left}`],
    json: { event: 'drift', environment: environment.name, drifted: drifted.length > 0, issue: left },
    exit: 0,
  };
}

const rowsOf = ({ document }: DcsRun): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(document?.['targets']) ? (document['targets'] as Readonly<Record<string, unknown>>[]) : [];

const driftOf = (run: DcsRun): { target: string; names: readonly string[] }[] =>
  rowsOf(run)
    .filter(({ state }) => state === 'drifted')
    .map(({ target, drifted }) => ({ target: String(target), names: Array.isArray(drifted) ? drifted.map(String) : [] }));

const outcomesOf = (run: DcsRun): string[] =>
  rowsOf(run).flatMap(({ outcomes }) =>
    Array.isArray(outcomes) ? (outcomes as { result?: unknown }[]).map(({ result }) => String(result)) : [],
  );

/** `notifications:` of dcs.yaml. */
async function tellChannels({ host, environment }: CiRun, trigger: 'ci' | 'schedule', ran: DcsRun): Promise<void> {
  if (host.notifications === undefined) return;
  const { notify, noticesOf } = await import('../notify/notify.ts');
  await notify(host, noticesOf(ran, { trigger, project: environment.doppler.project, environment: environment.name }));
}

function tell({ output }: Host, text: string): void {
  for (const line of text.split('\n')) if (line.trim() !== '') output.note(logLine(line));
}

/** The child's own error is this run's error. */
async function failed({ host, place, environment }: CiRun, run: DcsRun): Promise<CiResult> {
  tell(host, run.text);
  const { message, why, hint } = failedRun(run);
  await place.summary(`**dcs**: \`${word(environment.name)}\` failed.\n\n${fenced([message, ...why])}`);
  const code = Object.entries(EXIT).find(([, known]) => known === run.exit)?.[0];
  const lines = [message, ...why].map(logLine);
  if (code === undefined) return { lines, json: { event: place.event.kind, environment: environment.name, failed: lines }, exit: run.exit };
  throw new DcsError(code as keyof typeof EXIT, logLine(message), {
    ...(why.length === 0 ? {} : { why: why.map(logLine).join(' ') }),
    hint: hint.map(logLine),
  });
}
