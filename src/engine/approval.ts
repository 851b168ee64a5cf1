import type { PlanItem } from 'dcs-sdk';
import type { LedgerKeys } from './ledger-types.ts';
import { DRIFT } from './state.ts';
import type { Look } from './look.ts';
import { wantedMacs, type SavedTarget } from './saved-plan.ts';

/**
 * A name against the plan that was approved. `approved`: the target holds what the plan said. `pending`: not written yet.
 * `drifted`: the platform moved, not by dcs. `other`: dcs wrote something else since. `unclear`: nothing tells.
 */
export type ApprovalState = 'approved' | 'pending' | 'drifted' | 'other' | 'unclear';

export interface Approval {
  readonly name: string;
  readonly state: ApprovalState;
}

/** Every name that the plan wanted at the target or wanted gone, sorted as in the plan; not those it left to a stranger. */
export function approvals(saved: SavedTarget, look: Look, keys: LedgerKeys): readonly Approval[] {
  const items = new Map(look.plan.items.map((item) => [item.name, item]));
  const ourRecord = look.job.keys.all.some(({ id }) => id === saved.recordKey);
  // The approved HMACs may be of a key that was the active one then.
  const now = keys.all.map((key) => new Map(wantedMacs(look, key)));
  const writes = new Set(saved.changes.map(({ name }) => name));
  // What the plan left alone, it approved nothing of.
  const judged = saved.wanted.filter(([name]) => writes.has(name) || items.get(name)?.action !== 'kept');
  const wanted = judged.map(([name, mac, recorded = mac]): Approval => {
    const moved = !now.some((macs) => macs.get(name) === mac);
    const written = ourRecord ? look.found?.records.get(name)?.mac === recorded : undefined;
    return { name, state: stateOf(items.get(name), moved, written) };
  });
  const listed = new Set(look.listing.entries.map(({ name }) => name));
  const deletes = saved.changes
    .filter(({ action }) => action === 'delete')
    .map(({ name }): Approval => ({ name, state: listed.has(name) ? 'pending' : 'approved' }));
  return [...wanted, ...deletes];
}

/**
 * `moved`: Doppler has another value now. `written`: the record says that the approved value was the last one written; undefined:
 * it cannot say, being another machine's own than the one that the plan was made on.
 */
function stateOf(item: PlanItem | undefined, moved: boolean, written: boolean | undefined): ApprovalState {
  if (item === undefined) return 'other';
  if (DRIFT.has(item.reason)) return 'drifted';
  if (item.action === 'same') return moved ? 'other' : 'approved';
  if (item.reason === 'unknown' || item.action === 'blocked') return 'unclear';
  if (!moved) return 'pending';
  if (item.reason !== 'changed') return 'other';
  return written === undefined ? 'unclear' : written ? 'approved' : 'other';
}
