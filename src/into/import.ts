import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EXIT, writes, type Environment, type Guard } from 'dcs-sdk';
import type { TargetEntry } from '../config/project.ts';
import { dopplerClient } from '../doppler-access.ts';
import { isMissing } from '../files.ts';
import { planIntoDoppler, syncIntoDoppler, type IntoDoppler } from '../into-doppler.ts';
import { chooseTargets } from '../jobs.ts';
import { countLine, planJson, planLines } from '../render/plan.ts';
import { plural, type Style } from '../render/style.ts';
import type { Session } from '../session.ts';
import type { SyncResult } from '../sync-end.ts';
import { readGiven, type ImportFormat } from './file.ts';
import { sourceOfGiven, type Given } from './given.ts';
import { judge } from './judge.ts';
import { readTarget } from './target.ts';

export interface ImportOptions {
  /** A file, `-`, or a target of dcs.yaml. */
  readonly from: string;
  readonly format: ImportFormat | undefined;
  readonly only: readonly string[];
  readonly except: readonly string[];
  readonly asIs: boolean;
  readonly references: boolean;
  readonly yes: boolean;
  readonly allow: readonly Guard[];
  readonly dryRun: boolean;
}

interface Found {
  readonly shown: string;
  /** Whose values they are, for the history that a team may share: no path of this machine. */
  readonly identity: string;
  readonly given: readonly Given[];
  readonly unreadable: readonly string[];
  readonly left: readonly string[];
}

/** Brings a file or a readable target into Doppler. Names that it lacks stay as they are. */
export async function runImport(
  session: Session,
  environment: Environment,
  options: ImportOptions,
  style: Style,
  say: (line: string) => void,
): Promise<SyncResult> {
  const found = await find(session, environment, options);
  const { taken, left } = judge(found.given, found.shown, { ...options, rules: session.project.secretRules });
  for (const line of [...found.left, ...left]) say(`  · left out  ${line}`);
  if (found.given.length === 0 && found.unreadable.length > 0) return notInDoppler(session, environment, found);
  if (found.unreadable.length > 0) say(`  · left out  ${found.shown} shows no value of ${found.unreadable.join(', ')}`);
  const into: IntoDoppler = {
    from: found.shown,
    again: againLine(options, environment),
    yes: options.yes,
    allow: options.allow,
    existing: 'ask',
    record: false,
    references: options.references,
  };
  if (taken.length === 0) return nothingIn(found, left, environment);
  const source = sourceOfGiven(found.shown, found.identity, taken);
  const result = options.dryRun
    ? await preview(session, environment, source, into, style)
    : await syncIntoDoppler(session, environment, source, into, style, say);
  return { ...result, json: { ...result.json, from: found.shown, leftOut: [...found.left, ...left], unreadable: found.unreadable } };
}

async function find(session: Session, environment: Environment, { from, format }: ImportOptions): Promise<Found> {
  const entry = from === '-' || (await isThere(resolve(session.cwd, from))) ? undefined : targetNamed(session, environment, from);
  if (entry !== undefined) {
    const read = await readTarget(session, environment, entry);
    return { ...read, shown: entry.name, identity: `target:${entry.name}` };
  }
  const { shown, given } = await readGiven(from === '-' ? from : resolve(session.cwd, from), format);
  return { shown, given, unreadable: [], left: [], identity: `file:${shown}` };
}

/** A word that is no file and no target is a file that is not there. */
function targetNamed(session: Session, environment: Environment, word: string): TargetEntry | undefined {
  if (!session.project.targets.has(word)) return undefined;
  return chooseTargets(session, [word], environment.name)[0];
}

/** A folder may well bear the name of a target. */
async function isThere(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isDirectory();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** A platform that shows no values can only tell which names Doppler would have to be given by hand. */
async function notInDoppler(session: Session, environment: Environment, { shown, unreadable }: Found): Promise<SyncResult> {
  const { project, config } = environment.doppler;
  const held = new Set(await (await dopplerClient(session)).names(project, config));
  const missing = unreadable.filter((name) => !held.has(name));
  const json = { environment: environment.name, from: shown, written: [], notInDoppler: missing };
  if (missing.length === 0)
    return {
      lines: [`${shown} shows no values. Doppler ${project}/${config} has all its ${plural(unreadable.length, 'name')}.`],
      json,
      exit: 0,
    };
  return {
    lines: [
      `${shown} shows no values, so nothing was written. Names it holds that Doppler ${project}/${config} lacks:`,
      ...missing.map((name) => `  ! missing  ${name}`),
      `Next  dcs secrets set ${missing[0]} -e ${environment.name}`,
    ],
    json,
    exit: EXIT.TARGET,
  };
}

function nothingIn({ shown, left }: Found, more: readonly string[], environment: Environment): SyncResult {
  const out = [...left, ...more];
  return {
    lines: [`Nothing to import: ${shown} holds no value${out.length === 0 ? '' : ` but ${plural(out.length, 'name')} that stays out`}.`],
    json: { environment: environment.name, from: shown, plans: [], targets: [], leftOut: out },
    exit: 0,
  };
}

async function preview(
  session: Session,
  environment: Environment,
  source: ReturnType<typeof sourceOfGiven>,
  into: IntoDoppler,
  style: Style,
): Promise<SyncResult> {
  const { looks } = await planIntoDoppler(session, environment, source, into);
  const [look] = looks;
  const lines = [...looks.flatMap((each) => [...planLines(each, style), '']), countLine(looks)];
  if (look && writes(look.plan).length > 0) lines.push(`Next  ${into.again}`);
  return { lines, json: { environment: environment.name, plans: looks.map(planJson) }, exit: 0 };
}

function againLine({ from, only, except, asIs, references }: ImportOptions, { name }: Environment): string {
  const words = [
    ...only.map((each) => `--only ${each}`),
    ...except.map((each) => `--except ${each}`),
    ...(asIs ? ['--as-is'] : []),
    ...(references ? ['--references'] : []),
  ];
  return ['dcs import', /^[\w./@:+-]+$/.test(from) ? from : JSON.stringify(from), `-e ${name}`, ...words].join(' ');
}
