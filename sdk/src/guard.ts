import type { Plan } from './plan.ts';

export const GUARDS = ['empty', 'shrink', 'delete', 'rewrite', 'identity', 'adopt'] as const;
export type Guard = (typeof GUARDS)[number];

/** A reason to stop that `--yes` does not cover: each needs its own consent. */
export interface Finding {
  readonly guard: Guard;
  readonly exit: 'REFUSED' | 'CONFLICT';
  /** The names it is about; for `identity`, the former and the present identity. */
  readonly names: readonly string[];
  /** What the names are counted against. */
  readonly of: number;
}

export interface GuardInput {
  readonly plan: Plan;
  /** Names the shaped source holds now, and held at the last sync. */
  readonly wanted: readonly string[];
  readonly wantedBefore: readonly string[];
  /** Names that get again what an interrupted run was giving them. */
  readonly resumed: ReadonlySet<string>;
  /** Names the target holds; how many of them dcs owns. */
  readonly existing: number;
  readonly owned: number;
  /** The platform shows values, marks or a trail: a delete can be checked against more than the ledger. */
  readonly shows: boolean;
  /** [pinned by the ledger, found now], each where known. */
  readonly identity: readonly (readonly [before: string | undefined, now: string])[];
  readonly existingPolicy: 'ask' | 'leave' | 'replace';
}

/** Pure. Thresholds are those of docs/engine.md. */
export function guard(input: GuardInput): readonly Finding[] {
  const { plan, wanted, wantedBefore, resumed, existing, owned } = input;
  const names = (test: (item: Plan['items'][number]) => boolean): string[] => plan.items.filter(test).map((item) => item.name);
  const found: Finding[] = [];
  const add = (guard: Guard, about: readonly string[], of: number, exit: Finding['exit'] = 'REFUSED'): void => {
    found.push({ guard, exit, names: about, of });
  };

  const moved = input.identity.flatMap(([before, now]) => (before === undefined || before === now ? [] : [[before, now]]));
  if (moved.length > 0) add('identity', moved.flat(), moved.length, 'CONFLICT');
  if (wanted.length === 0) add('empty', wantedBefore, wantedBefore.length);
  const now = new Set(wanted);
  const gone = wantedBefore.filter((name) => !now.has(name));
  if (gone.length > 10 || (gone.length >= 2 && gone.length > wantedBefore.length / 2)) add('shrink', gone, wantedBefore.length);
  const deletes = names((item) => item.reason === 'removed');
  if (deletes.length > 10 || (deletes.length >= 2 && deletes.length > 0.3 * owned) || (deletes.length > 0 && !input.shows))
    add('delete', deletes, owned);
  const updates = names((item) => item.action === 'update' && !resumed.has(item.name));
  if (existing >= 10 && updates.length > existing / 2) add('rewrite', updates, existing);
  const adopted = names((item) => item.action === 'update' && item.reason === 'adopt');
  if (adopted.length > 0 && input.existingPolicy === 'ask') add('adopt', adopted, existing);
  return found;
}
