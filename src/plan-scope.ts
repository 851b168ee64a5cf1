import { DcsError } from 'dcs-sdk';
import { named } from './config/environment.ts';
import { readPlan, type SavedPlan } from './engine/saved-plan.ts';
import type { Filters } from './jobs.ts';
import type { Session } from './session.ts';

/** What a command acts on: said on the command line, or by a saved plan. */
export interface Scope {
  /** Undefined: what `-e` and the rules say. */
  readonly environment: string | undefined;
  readonly words: readonly string[];
  readonly filters: Filters;
  readonly plan?: { readonly file: string; readonly saved: SavedPlan };
}

/** A saved plan says environment, targets and names by itself; saying something else beside it is a mistake. */
export async function scopeOf(
  { project, invocation }: Session,
  { words, ...filters }: Filters & { readonly words: readonly string[] },
  file: string | undefined,
): Promise<Scope> {
  if (file === undefined) return { environment: undefined, words, filters };
  const saved = await readPlan(file);
  if (words.length > 0 || filters.only.length > 0 || filters.except.length > 0 || filters.prune)
    throw new DcsError('USAGE', '--plan says by itself which targets and names it is for.', {
      hint: 'leave out target names, --only, --except and --prune',
    });
  if (invocation.env !== undefined && named(project, invocation.env).name !== saved.environment)
    throw new DcsError('USAGE', `${file} is for ${saved.environment}, -e says ${invocation.env}.`, { hint: 'leave out -e' });
  return {
    environment: saved.environment,
    words: saved.targets.map(({ name }) => name),
    filters: saved.filters,
    plan: { file, saved },
  };
}
