import { DcsError, isDcsError, type Environment, type Held, type SourceRead } from 'dcs-sdk';
import { dopplerClient, sourceOf } from './doppler-access.ts';
import type { SecretRule } from './config/secret-rules.ts';
import type { AuditEntry } from './engine/audit.ts';
import type { Look } from './engine/look.ts';
import { matches, neverLeaves, staysHome, type ShapeRules } from './engine/shape.ts';
import { nearest } from './config/nearest.ts';
import { history } from './history.ts';
import { seeConfig } from './into/look.ts';
import { reason, SYMBOL } from './render/plan.ts';
import { printable } from './render/style.ts';
import type { Session } from './session.ts';
import { planTargets, type Planned } from './planning.ts';

export interface Explanation {
  readonly name: string;
  /** What Doppler tells of it. */
  readonly doppler: {
    readonly project: string;
    readonly config: string;
    readonly state: Held['state'] | 'absent';
    /** The root config that a branch config has it from. */
    readonly inherited?: string;
    /** What its value is made of, as Doppler writes it: `REDIS_HOST`, `global.prd.HOST`. */
    readonly references: readonly string[];
    /** Its newest change, where the config's log tells. */
    readonly changed?: { readonly at: string; readonly by: string };
  };
  readonly rule?: SecretRule;
  readonly targets: readonly TargetPart[];
}

/** One target's view of the name. */
export interface TargetPart {
  readonly target: string;
  /** What it is called there; undefined: this target does not get it. */
  readonly there?: string;
  /** The rules of dcs.yaml that decided, in the order they apply. */
  readonly because: readonly string[];
  /** `~ update  changed in Doppler`; or why the target could not be looked at. */
  readonly state?: string;
  /** The last sync that wrote or deleted it there, as far as the history tells. */
  readonly written?: { readonly at: string; readonly by: string; readonly sync: string };
}

const ALL = { only: [], except: [], prune: false };

/** One secret: where it comes from, which rules matched, what each target holds. Reads only. Throws USAGE for a name nobody knows. */
export async function explain(session: Session, environment: Environment, name: string): Promise<Explanation> {
  const { looks, failures, source } = await plannedIn(session, environment);
  const read = await source.read();
  if (!read) throw new Error('A source read without a version must answer');
  const held = read.secrets.get(name);
  const parts = looks.map((look) => partOf(look, name));
  if (held === undefined && parts.every(({ there, state }) => there === undefined && state === undefined))
    throw unknown(name, read, environment);
  const rule = session.project.secretRules.get(name);
  const [seen, told] = await Promise.all([inDoppler(session, environment, name), history(session, [environment.name])]);
  return {
    name,
    doppler: { ...environment.doppler, state: held?.state ?? 'absent', ...seen },
    ...(rule === undefined ? {} : { rule }),
    targets: [
      ...parts.map((part) => ({ ...part, ...lastWrite(told.entries, environment, part.target, name) })),
      ...failures.map(({ job, error }) => failedPart(job.name, error)),
    ],
  };
}

/** Where Doppler has it from. */
async function inDoppler(
  session: Session,
  environment: Environment,
  name: string,
): Promise<Pick<Explanation['doppler'], 'inherited' | 'references' | 'changed'>> {
  const client = await dopplerClient(session);
  const { secrets } = await seeConfig(session, client, environment);
  const seen = secrets.find((each) => each.name === name);
  const references = [...(seen?.secret?.raw ?? '').matchAll(/\$\{([A-Za-z0-9_.-]+)\}/g)].map(([, to]) => to!);
  return {
    references: [...new Set(references)],
    ...(seen?.inherited ? { inherited: (await client.config(environment.doppler.project, environment.doppler.config)).environment } : {}),
    ...(seen?.changed ? { changed: seen.changed } : {}),
  };
}

function lastWrite(entries: readonly AuditEntry[], environment: Environment, target: string, name: string): Pick<TargetPart, 'written'> {
  const last = entries.findLast(
    (entry) => entry.target === target && entry.environment === environment.name && entry.changes.some(({ from }) => from === name),
  );
  return last === undefined ? {} : { written: { at: last.at, by: last.by, sync: last.id } };
}

/** An environment that no target takes still has its config. */
async function plannedIn(session: Session, environment: Environment): Promise<Pick<Planned, 'looks' | 'failures' | 'source'>> {
  const takes = [...session.project.targets.values()].some(({ environments }) => environments.includes(environment.name));
  if (takes) return planTargets(session, environment, [], ALL);
  return { looks: [], failures: [], source: sourceOf(session, await dopplerClient(session), environment) };
}

function failedPart(target: string, error: unknown): TargetPart {
  if (!isDcsError(error)) throw error;
  return { target, because: [], state: error.message };
}

function partOf({ job, plan, shaped, found, source }: Look, from: string): TargetPart {
  const wanted = [...shaped.desired.names.values()].find((each) => each.from === from);
  const target = job.name;
  const still = found?.source?.identity === source.identity && found.source.version === source.version;
  const said = (there: string): { state?: string } => {
    const item = plan.items.find(({ name }) => name === there);
    return item === undefined ? {} : { state: `${SYMBOL[item.action]} ${reason(item, still)}`.trim() };
  };
  const there = job.rules.prefix + (job.rules.rename.get(from) ?? from);
  const collides = shaped.collisions.includes(from);
  const one = collides ? [`${shaped.collisions.map(printable).join(', ')} become one name here: nothing is written`] : [];
  if (wanted !== undefined || collides) return { target, there, because: [...steps(job.rules, from), ...one], ...said(there) };
  return { target, because: [leftOut(job.rules, from)], ...said(there) };
}

/** The rules that let it through and changed it. */
function steps({ include, transforms, rename, prefix }: ShapeRules, from: string): string[] {
  const glob = include.find((each) => matches(each, from));
  const to = rename.get(from);
  return [
    ...(glob === undefined ? [] : [`include ${JSON.stringify(glob)}`]),
    ...(transforms.rules.has(from) ? ['transform'] : []),
    ...(to === undefined ? [] : [`rename to ${to}`]),
    ...(prefix === '' ? [] : [`prefix ${prefix}`]),
  ];
}

function leftOut(rules: ShapeRules, from: string): string {
  const { include, exclude } = rules;
  if (neverLeaves(from)) return 'never leaves';
  if (staysHome(from, rules)) return 'stays home: a credential; include it by name to send it';
  const glob = exclude.find((each) => matches(each, from));
  return glob === undefined
    ? `not included: include is ${include.map((each) => JSON.stringify(each)).join(', ')}`
    : `exclude ${JSON.stringify(glob)}`;
}

function unknown(name: string, { secrets }: SourceRead, { doppler }: Environment): DcsError {
  const near = nearest(name, [...secrets.keys()]);
  return new DcsError('USAGE', `Neither Doppler ${doppler.project}/${doppler.config} nor a target has ${name}.`, {
    hint: near === undefined ? 'names are spelt as in Doppler' : `did you mean ${near}?`,
  });
}
