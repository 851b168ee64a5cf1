import type { Entry, Listing, Revision, Supports } from 'dcs-sdk';
import { demote, fits, moved, trailOf } from './facts.ts';
import type { Ledger, LedgerKeys, LedgerRecord, Origin, Pending } from './ledger-types.ts';

/** `gone`: it was written and is not there. `overwritten`: it was done, and somebody wrote over it or made it again. */
export type Fate = 'applied' | 'not' | 'undecided' | 'gone' | 'overwritten';

export interface SettleOptions {
  readonly supports: Supports;
  readonly keys: LedgerKeys;
  /** Nothing but our own requests lay between the pending's base and this listing, as far as we can know. */
  readonly fresh: boolean;
}

interface Settling extends SettleOptions {
  readonly place: string;
  readonly listing: Listing;
  readonly records: Map<string, LedgerRecord>;
  readonly fates: Map<string, Fate>;
  /** Revisions known to be ours, and the names that they wrote. */
  readonly ours: Map<string, ReadonlySet<string>>;
}

/** What became of every pending write, told from the listing alone: crash recovery, lost answers and verification. Pure. */
export function settle(ledger: Ledger, listing: Listing, options: SettleOptions): { ledger: Ledger; fates: Map<string, Fate> } {
  const all: Settling = { ...options, place: ledger.place, listing, records: new Map(ledger.records), fates: new Map(), ours: new Map() };
  const entries = new Map(listing.entries.map((entry) => [entry.name, entry]));
  const chunkOf = (each: Pending): string => JSON.stringify([each.run, each.chunk]);
  const chunks = new Map([...Map.groupBy(ledger.pending, chunkOf)].map(([id, chunk]) => [id, new Set(chunk.map(({ name }) => name))]));
  const writes = ledger.pending.map((pending) => {
    const entry = entries.get(pending.name);
    const trail = trailOf(entry, listing);
    return { pending, entry, revision: trail && revisionOf(pending, trail, entry?.trail !== undefined, all) };
  });
  // Before any of them is judged: what is newer than a chunk's own revision may be the next chunk's.
  for (const { pending, revision } of writes) if (revision !== undefined) all.ours.set(revision, chunks.get(chunkOf(pending))!);
  for (const { pending, entry, revision } of writes) {
    const settleOne = pending.action === 'delete' ? settleDelete : settlePut;
    all.fates.set(pending.name, settleOne(pending, entry, revision, all));
  }
  followOurs(all, entries);
  return { ledger: { ...ledger, records: all.records, pending: [] }, fates: all.fates };
}

/** The revisions above `base` that may have altered a secret; undefined when the trail does not reach back to it. */
export function writesSince(trail: readonly Revision[], base: string | undefined): readonly Revision[] | undefined {
  const at = base === undefined ? trail.length : trail.findIndex(({ id }) => id === base);
  return at < 0 ? undefined : trail.slice(0, at).filter(({ touches }) => touches !== false);
}

/** A platform that shows only a name's last change has a trail of one. */
function isStamp(trail: readonly Revision[], own: boolean): boolean {
  return own && trail.length === 1;
}

/** The revision that this write made, where that is certain. Histories can lose revisions: only an immediate look may count. */
function revisionOf(pending: Pending, trail: readonly Revision[], own: boolean, { fresh }: Settling): string | undefined {
  if (pending.revision !== undefined) return pending.revision;
  if (pending.told !== 'done' || !fresh) return undefined;
  const since = writesSince(trail, pending.base);
  if (since) return since.length === 1 ? since[0]!.id : undefined;
  return isStamp(trail, own) ? trail[0]!.id : undefined;
}

/** The trail proves that the write never happened. */
function absentFrom({ told, base }: Pending, trail: readonly Revision[]): boolean {
  return told !== 'done' && writesSince(trail, base)?.length === 0;
}

function settleDelete(pending: Pending, entry: Entry | undefined, revision: string | undefined, all: Settling): Fate {
  const { records, listing } = all;
  const { name, told } = pending;
  const before = records.get(name);
  if (!entry) {
    records.delete(name);
    return 'applied';
  }
  if (revision !== undefined || told === 'done') {
    records.delete(name); // deleted, and made again by somebody
    return 'overwritten';
  }
  const births = before?.birth !== undefined && entry.birth !== undefined;
  const trail = trailOf(entry, listing);
  const stands = (trail && absentFrom(pending, trail)) || (births && before.birth === entry.birth);
  if (stands || (entry.value && before && moved(entry, before, listing, all) === 'same')) return 'not';
  if (births) {
    records.delete(name);
    return 'overwritten';
  }
  if (before) records.set(name, { ...before, origin: demote(before.origin) });
  return 'undecided';
}

function settlePut(pending: Pending, entry: Entry | undefined, revision: string | undefined, all: Settling): Fate {
  const { records, supports, listing } = all;
  const { name, told, mac } = pending;
  if (!entry) {
    if (!pending.had) records.delete(name);
    return told === 'done' ? 'gone' : 'not';
  }
  const before = records.get(name);
  const trail = trailOf(entry, listing);
  const origin = originAfter(pending, before);
  const sameBirth = before?.birth !== undefined && before.birth === entry.birth;
  const known = isKnown(pending, entry, revision, sameBirth, all);
  const put = (last: { mac?: string | undefined; revision?: string | undefined; origin: Origin }): void => {
    records.set(name, {
      name,
      wanted: true,
      origin: known || last.origin === 'unsure' ? last.origin : demote(last.origin),
      ...(last.mac === undefined ? {} : { mac: last.mac }),
      ...(pending.from === undefined ? {} : { from: pending.from }),
      ...(last.revision === undefined ? {} : { revision: last.revision }),
      ...(entry.birth === undefined || !known ? {} : { birth: entry.birth }),
    });
  };
  const certain = !trail || sameBirth || isClean(pending, trail, revision, entry.trail !== undefined, all);
  const sure = certain ? origin : demote(origin);
  if (entry.value) {
    if (fits(all.keys, all.place, name, entry.value, mac)) {
      put({ mac, revision: revision ?? trail?.[0]?.id, origin: sure });
      return 'applied';
    }
    if (told !== 'done') return 'not';
    put({ origin: demote(origin) });
    return 'overwritten';
  }
  if (revision !== undefined) {
    put({ mac, revision, origin: sure });
    return 'applied';
  }
  if (trail && absentFrom(pending, trail)) return 'not';
  if (supports.ownership && told !== 'done' && !entry.mark) return 'not'; // our request would have left its mark
  if (!trail && told === 'done' && known) {
    put({ mac, origin });
    return 'applied';
  }
  put({ origin: !before || before.origin === 'unsure' ? 'unsure' : sameBirth && pending.proven ? origin : demote(origin) });
  return 'undecided';
}

function originAfter({ had, proven }: Pending, before: LedgerRecord | undefined): Origin {
  if (!had) return 'created';
  if (!before) return 'overwrote';
  return proven && before.origin !== 'unsure' ? before.origin : demote(before.origin);
}

/** Did we write to the very incarnation that stands there: by the answer, a birth on record, one look at once, the value or the history? */
function isKnown(pending: Pending, entry: Entry, revision: string | undefined, sameBirth: boolean, all: Settling): boolean {
  if (entry.birth === undefined) return true;
  if (entry.value && fits(all.keys, all.place, pending.name, entry.value, pending.mac)) return true;
  if (pending.birth !== undefined) return pending.birth === entry.birth;
  if (sameBirth || all.fresh) return true;
  return revision !== undefined && (entry.trail !== undefined || newerAreOurs(trailOf(entry, all.listing) ?? [], revision, all));
}

function newerAreOurs(trail: readonly Revision[], revision: string, { ours }: Settling): boolean {
  const since = writesSince(trail, revision);
  return since !== undefined && since.every(({ id }) => ours.has(id));
}

/** Nobody else wrote between the base and our own revision. */
function isClean({ base }: Pending, trail: readonly Revision[], revision: string | undefined, own: boolean, { ours }: Settling): boolean {
  if (isStamp(trail, own)) return trail[0]!.id === revision;
  const at = trail.findIndex(({ id }) => id === revision);
  const before = at < 0 ? undefined : writesSince(trail.slice(at + 1), base);
  return before !== undefined && before.every(({ id }) => ours.has(id));
}

/** Records of names that our chunks did not write move along with our own revisions, and with nobody else's. */
function followOurs({ records, ours, listing }: Settling, entries: ReadonlyMap<string, Entry>): void {
  for (const record of records.values()) {
    const entry = entries.get(record.name);
    const trail = (entry && trailOf(entry, listing)) ?? [];
    const start = trail.findIndex(({ id }) => id === record.revision);
    let at = start;
    while (at > 0) {
      const above = trail[at - 1]!;
      const names = ours.get(above.id);
      if (above.touches !== false && (!names || names.has(record.name))) break;
      at--;
    }
    if (at !== start) records.set(record.name, { ...record, revision: trail[at]!.id });
  }
}
