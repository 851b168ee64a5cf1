import { DcsError, EXIT, isDcsError, writes } from 'dcs-sdk';
import type { Filters } from './jobs.ts';
import type { LedgerKeys } from './engine/ledger-types.ts';
import { savePlan } from './engine/saved-plan.ts';
import { planKeys } from './record.ts';
import { firstLine } from './render/first-line.ts';
import { countLine, planJson, planLines } from './render/plan.ts';
import { styleFor } from './render/style.ts';
import type { Session } from './session.ts';
import { planTargets, refuseUnknownNames, type Planned } from './sync.ts';

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

/** What a sync would do. Reads only. */
export async function runDiff(session: Session, options: DiffOptions, say: (line: string) => void): Promise<DiffResult> {
  const environment = session.choose(false);
  firstLine(session, environment, say);
  const { out } = options;
  const keys = out === undefined ? undefined : await planKeys(session, environment);
  const planned = await planTargets(session, environment, options.words, options, keys && 'values');
  refuseUnknownNames(planned.looks, options);
  if (out !== undefined && keys) await save(planned, options, keys, out);
  const style = styleFor(process.stdout, session.env);
  const lines = planned.looks.flatMap((look) => [...planLines(look, style), '']);
  for (const { job, error } of planned.failures) lines.push(`${style.red('✗')} ${job.name}  ${messageOf(error)}`, ...hintsOf(error), '');
  lines.push(countLine(planned.looks));
  const differences = planned.looks.some(
    ({ plan }) =>
      writes(plan).length > 0 || plan.collisions.length > 0 || plan.items.some(({ action }) => action === 'blocked' || action === 'held'),
  );
  if (out !== undefined) lines.push(`Next  dcs sync --plan ${out} --yes`);
  else if (differences) lines.push(`Next  dcs sync -e ${environment.name}`);
  return { lines, differences, exit: exitOf(planned), json: json(planned, environment) };
}

function json({ looks, failures }: Planned, { name, protected: isProtected, why }: ReturnType<Session['choose']>): Record<string, unknown> {
  return {
    environment: { name, protected: isProtected, why },
    targets: looks.map(planJson),
    failures: failures.map(({ job, error }) => ({
      target: job.name,
      ...(isDcsError(error) ? { code: error.code, message: error.message } : { code: 'BUG', message: 'unexpected error' }),
    })),
  };
}

async function save({ looks, failures, environment }: Planned, filters: Filters, keys: LedgerKeys, file: string): Promise<void> {
  if (failures.length > 0) throw failures[0]!.error;
  await savePlan(file, { environment: environment.name, filters }, looks, keys.active, new Date());
}

/** The code the failures share; several kinds are TARGET. */
function exitOf({ failures, looks }: Planned): number {
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
