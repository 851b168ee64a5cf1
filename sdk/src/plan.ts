import type { Listing } from './target.ts';

/** How far a sync may go. `mirror` also deletes what dcs owns. */
export type Policy = 'create-only' | 'upsert-only' | 'mirror';
/** What happens to names dcs finds and never wrote. */
export type Existing = 'ask' | 'leave' | 'replace';
export interface Settings {
  readonly policy: Policy;
  readonly existing: Existing;
}

/** `untransformed`: there is a value, and what dcs.yaml would make of it cannot be made. */
export type SourceState = 'value' | 'withheld' | 'unresolved' | 'untransformed' | 'absent';
export type TargetState = 'absent' | 'equal' | 'different' | 'opaque';
/** The ledger's word on a name. `unknown`: a record without HMAC; `unsure`: an interrupted create. */
export type RecordState = 'none' | 'equal' | 'differs' | 'unknown' | 'unsure';
/** What the platform's trail says happened since the record. `none`: it shows nothing. */
export type Moved = 'same' | 'others' | 'lost' | 'none';
export type Owned = 'yes' | 'no' | 'other';

/** All that is known of one name; `decide` is pure in it. */
export interface Facts {
  readonly source: SourceState;
  /** Why the name or value cannot live there. */
  readonly limit?: string | undefined;
  readonly target: TargetState;
  readonly record: RecordState;
  readonly moved: Moved;
  readonly owned: Owned;
}

export type Action = 'create' | 'update' | 'delete' | 'same' | 'kept' | 'foreign' | 'blocked' | 'held' | 'nothing';
export type Reason =
  | 'new'
  | 'gone'
  | 'changed'
  | 'drift'
  | 'touched'
  | 'unknown'
  | 'adopt'
  | 'removed'
  | 'policy'
  | 'not-in-doppler'
  | 'existing'
  | 'withheld'
  | 'unresolved'
  | 'untransformed'
  | 'limit'
  | 'other-owner'
  | 'not-ours'
  | 'contested'
  | '';
export interface Verdict {
  readonly action: Action;
  readonly reason: Reason;
  /** Whether the target holds what the source wants. */
  readonly state: 'same' | 'differs' | 'unknown' | 'none';
}

const verdict = (action: Action, reason: Reason, state: Verdict['state']): Verdict => ({ action, reason, state });

/** The decision table of docs/engine.md, first line that fits. No I/O, no clock. */
export function decide(facts: Facts, settings: Settings): Verdict {
  if (facts.source === 'absent') return decideRemoved(facts, settings);
  if (facts.source !== 'value') return verdict('blocked', facts.source, facts.target === 'absent' ? 'differs' : 'unknown');
  if (facts.target === 'absent') {
    if (facts.limit !== undefined) return verdict('blocked', 'limit', 'differs');
    return verdict('create', facts.record === 'none' ? 'new' : 'gone', 'differs');
  }
  if (facts.target === 'equal') return verdict('same', '', 'same');
  const written = writtenByDcs(facts, settings);
  const [reason, state] = difference(facts, written);
  if (facts.owned === 'other') return verdict('blocked', 'other-owner', state === 'same' ? 'unknown' : state);
  if (state === 'same') return verdict('same', '', 'same');
  if (settings.policy === 'create-only') return verdict('kept', 'policy', state);
  if (reason === 'adopt' && settings.existing === 'leave') return verdict('kept', 'existing', state);
  if (facts.limit !== undefined) return verdict('blocked', 'limit', state);
  return verdict('update', reason, state);
}

function decideRemoved({ target, owned, record }: Facts, { policy }: Settings): Verdict {
  if (target === 'absent') return verdict('nothing', '', 'none');
  if (owned === 'yes') return policy === 'mirror' ? verdict('delete', 'removed', 'differs') : verdict('kept', 'not-in-doppler', 'none');
  return verdict('foreign', owned === 'other' ? 'other-owner' : record === 'none' ? 'not-ours' : 'contested', 'none');
}

function writtenByDcs({ record, owned }: Facts, { existing }: Settings): boolean {
  return (record !== 'none' && !(record === 'unsure' && existing === 'leave')) || owned === 'yes';
}

function difference({ target, record, moved }: Facts, written: boolean): [Reason, Verdict['state']] {
  if (target === 'different') return [!written ? 'adopt' : record === 'none' || moved === 'same' ? 'changed' : 'drift', 'differs'];
  if (!written) return ['adopt', 'unknown'];
  if (record === 'none' || record === 'unknown' || record === 'unsure') return ['unknown', 'unknown'];
  if (moved === 'others') return ['touched', 'unknown'];
  if (moved === 'lost') return ['unknown', 'unknown'];
  return record === 'equal' ? ['', 'same'] : ['changed', 'differs'];
}

/** One name in the plan. Data only: no value, no HMAC. */
export interface PlanItem extends Verdict {
  readonly name: string;
  /** Doppler's name for it, where a rename differs. */
  readonly from?: string;
  /** Why it is blocked, in words. */
  readonly note?: string;
}

export interface Plan {
  /** Sorted by name. */
  readonly items: readonly PlanItem[];
  /** Two source names shaped into one: nothing at all is written. */
  readonly collisions: readonly string[];
}

const WRITES: ReadonlySet<Action> = new Set(['create', 'update', 'delete']);

/** What the plan is made from: one name each, already shaped. */
export interface Subject {
  readonly name: string;
  readonly from?: string;
  readonly facts: Facts;
}

/** Pure. One blocked name holds back every delete, and nothing else; a collision holds back everything. */
export function plan(subjects: readonly Subject[], settings: Settings, collisions: readonly string[] = []): Plan {
  const decided = subjects.map(({ name, from, facts }): PlanItem => ({
    name,
    ...(from === undefined || from === name ? {} : { from }),
    ...decide(facts, settings),
    ...(facts.limit === undefined ? {} : { note: facts.limit }),
  }));
  const blocked = decided.some((item) => item.action === 'blocked');
  const isHeld = ({ action }: PlanItem): boolean => (collisions.length > 0 ? WRITES.has(action) : action === 'delete' && blocked);
  const items = decided
    .filter((item) => item.action !== 'nothing')
    .map((item) => (isHeld(item) ? { ...item, action: 'held' as const } : item))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { items, collisions };
}

export const writes = (plan: Plan): readonly PlanItem[] => plan.items.filter((item) => WRITES.has(item.action));

/** The number of names the container would hold beyond its limit, if all creates were made. */
export function overflow(plan: Plan, listing: Listing, count: number): number {
  const creates = plan.items.filter((item) => item.action === 'create').length;
  const deletes = plan.items.filter((item) => item.action === 'delete').length;
  return Math.max(0, listing.entries.length + creates - deletes - count);
}
