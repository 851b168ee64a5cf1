import type { PlanItem } from 'dcs-sdk';
import type { Look } from './look.ts';

/** Is the target what Doppler says? Drift is a finding; mending it is a separate, planned write. */
export type TargetState = 'in sync' | 'behind' | 'drifted' | 'cannot compare';

/** The platform moved, not by dcs. */
export const DRIFT: ReadonlySet<PlanItem['reason']> = new Set(['drift', 'touched', 'gone']);
/** Doppler moved; a sync brings it. */
export const BEHIND: ReadonlySet<PlanItem['reason']> = new Set(['new', 'changed', 'removed']);

export interface Standing {
  readonly state: TargetState;
  readonly drifted: readonly string[];
  readonly behind: readonly string[];
  readonly unclear: readonly string[];
  /** Names the source wants here. */
  readonly total: number;
}

export function standing({ plan, shaped }: Look): Standing {
  const names = (test: (item: PlanItem) => boolean): string[] => plan.items.filter(test).map(({ name }) => name);
  const drifted = names(({ reason }) => DRIFT.has(reason));
  const behind = names(({ reason }) => BEHIND.has(reason));
  const unclear = names(({ state, reason }) => !DRIFT.has(reason) && !BEHIND.has(reason) && (state === 'unknown' || state === 'differs'));
  const state: TargetState =
    drifted.length > 0
      ? 'drifted'
      : behind.length > 0
        ? 'behind'
        : unclear.length > 0 || plan.collisions.length > 0
          ? 'cannot compare'
          : 'in sync';
  return { state, drifted, behind, unclear, total: shaped.desired.names.size };
}
