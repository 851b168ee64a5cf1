import { DcsError, EXIT, isDcsError, type Environment } from 'dcs-sdk';
import { savePlan } from './engine/saved-plan.ts';
import type { Look } from './engine/look.ts';
import type { Filters } from './jobs.ts';
import { rivalLine, rivalsOf, RIVAL_HINT, type Rival } from './native-syncs.ts';
import { planTargets, refuseUnknownNames } from './planning.ts';
import { planKeys } from './record.ts';
import { firstLine } from './render/first-line.ts';
import { differs, planJson, plansLines, shows, sumLine } from './render/plan.ts';
import { styleFor } from './render/style.ts';
import { together } from './render/together.ts';
import type { Session } from './session.ts';
import { namedSources, planNamedSources } from './sources.ts';
import { withUndeployed } from './undeployed.ts';

export interface DiffOptions extends Filters {
  readonly words: readonly string[];
  readonly out?: string;
}

export interface DiffResult {
  readonly lines: readonly string[];
  readonly json: Readonly<Record<string, unknown>>;
  readonly exit: number;
  readonly differences: boolean;
}

/** What was found, to be shown. */
export interface Compared {
  readonly environment: Environment;
  readonly looks: readonly Look[];
  readonly failures: readonly { readonly name: string; readonly error: unknown }[];
  /** Of several members: what is in sync is a count. */
  readonly brief: boolean;
  /** The command to go on with, where there are differences; always, where it was asked to. */
  readonly next: { readonly command: string; readonly always?: boolean };
  /** Targets that Doppler's own syncs may be writing to as well. */
  readonly rivals: readonly Rival[];
}

/** What a sync would do. Reads only. */
export async function runDiff(session: Session, options: DiffOptions, say: (line: string) => void): Promise<DiffResult> {
  const environment = session.choose(false);
  firstLine(session, environment, say);
  const { out } = options;
  const keys = out === undefined ? undefined : await planKeys(session, environment);
  const sources = namedSources(session, options.words);
  const again = `dcs sync ${sources.map(({ name }) => `${name} `).join('')}-e ${environment.name}`;
  if (sources.length > 0 && out !== undefined) throw new DcsError('USAGE', 'A plan that fills Doppler is not saved.', { hint: again });
  const { looks: found, ...planned } =
    sources.length > 0
      ? await planNamedSources(session, sources, environment, options)
      : await planTargets(session, environment, options.words, options, keys && 'values');
  const looks = await withUndeployed(found);
  const others = await rivalsOf([{ session, environment, jobs: looks.map(({ job }) => job) }]);
  const failures = planned.failures.map(({ job, error }) => ({ name: job.name, error }));
  refuseUnknownNames(looks, options);
  if (out !== undefined && keys) {
    if (failures[0]) throw failures[0].error;
    await savePlan(out, { environment: environment.name, filters: options }, looks, keys.active, new Date());
  }
  const next = out === undefined ? { command: again } : { command: `dcs sync --plan ${out} --yes`, always: true };
  return diffResult(session, { environment, looks, failures, brief: false, next, rivals: others });
}

/** Makes the result; nothing is printed. */
export function diffResult(session: Session, { environment, looks, failures, brief, next, rivals: others }: Compared): DiffResult {
  const style = styleFor(process.stdout, session.env);
  const shown = looks.filter(differs);
  const told = brief ? looks.filter(shows) : looks;
  const lines = plansLines(told, style);
  for (const { name, error } of brief ? together(failures, ({ error: each }) => messageOf(each)) : failures)
    lines.push(`${style.red('✗')} ${name}  ${messageOf(error)}`, ...hintsOf(error), '');
  for (const rival of others) lines.push(`! ${rivalLine(rival)}`);
  if (others.length > 0) lines.push(`  Try   ${RIVAL_HINT}`, '');
  lines.push(sumLine(looks, brief));
  if (next.always === true || shown.length > 0) lines.push(`Next  ${next.command}`);
  else if (looks.some(shows)) lines.push(`Next  ${next.command} --redeploy`);
  return {
    lines,
    differences: shown.length > 0,
    exit: exitOf(looks, failures),
    json: {
      environment: { name: environment.name, protected: environment.protected, why: environment.why },
      ...(brief ? { inSync: looks.length - shown.length } : {}),
      targets: told.map(planJson),
      nativeSyncs: others.map(({ target, sync }) => ({
        target,
        name: sync.name,
        type: sync.type,
        project: sync.project,
        config: sync.config,
      })),
      failures: failures.map(({ name, error }) => ({
        target: name,
        ...(isDcsError(error) ? { code: error.code, message: error.message } : { code: 'BUG', message: 'unexpected error' }),
      })),
    },
  };
}

/** The code the failures share; several kinds are TARGET. */
function exitOf(looks: readonly Look[], failures: Compared['failures']): number {
  const bugs = failures.find(({ error }) => !isDcsError(error));
  if (bugs) throw bugs.error;
  const codes = new Set(failures.map(({ error }) => (error as DcsError).code));
  const [code] = codes;
  if (code !== undefined) return codes.size === 1 ? EXIT[code] : EXIT.TARGET;
  return looks.some(({ plan }) => plan.collisions.length > 0) ? EXIT.CONFIG : 0;
}

function messageOf(error: unknown): string {
  return isDcsError(error) ? `${error.code}  ${error.message}` : 'unexpected error';
}

function hintsOf(error: unknown): string[] {
  return isDcsError(error) ? [error.details.hint ?? []].flat().map((hint) => `  Try   ${hint}`) : [];
}
