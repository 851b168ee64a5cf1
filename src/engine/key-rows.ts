import type { PlanItem } from 'dcs-sdk';
import type { Origin } from './ledger-types.ts';
import type { Look } from './look.ts';
import { BEHIND, DRIFT } from './state.ts';

/** One name at a target, for `dcs status --keys`. */
export interface KeyRow {
  readonly name: string;
  readonly state: 'in sync' | 'behind' | 'drifted' | 'cannot compare' | 'waits' | 'not by dcs';
  /** Doppler's name, where it is another. */
  readonly from?: string;
  /** How dcs came to it; absent: the record does not know the name. */
  readonly origin?: Origin;
  /** The platform's version or stamp of what dcs wrote last. */
  readonly revision?: string;
}

/** Every name of the target and of what Doppler wants there, sorted. */
export function keyRows({ plan, found }: Look): readonly KeyRow[] {
  return plan.items.map((item) => {
    const record = found?.records.get(item.name);
    return {
      name: item.name,
      state: stateOf(item),
      ...(item.from === undefined ? {} : { from: item.from }),
      ...(record === undefined ? {} : { origin: record.origin }),
      ...(record?.revision === undefined ? {} : { revision: record.revision }),
    };
  });
}

function stateOf({ action, reason }: PlanItem): KeyRow['state'] {
  if (action === 'same') return 'in sync';
  if (action === 'foreign' || (action === 'kept' && reason !== 'not-in-doppler')) return 'not by dcs';
  if (action === 'blocked' || action === 'held') return 'waits';
  if (DRIFT.has(reason)) return 'drifted';
  return BEHIND.has(reason) || reason === 'not-in-doppler' ? 'behind' : 'cannot compare';
}
