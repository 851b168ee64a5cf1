import { createHash } from 'node:crypto';
import type { Entry, Facts, Listing, Mark, Moved, Owned, Revision, Secret, TargetDefinition } from 'dcs-sdk';
import type { Desired, Wanted } from './desired.ts';
import type { Ledger, LedgerKeys, LedgerRecord, Origin } from './ledger-types.ts';

/** Whose names, and where: what every question about a name is asked for. A Job is one. */
export interface Who {
  readonly place: string;
  /** The source's identity, as marks on the platform name it. */
  readonly owner: string;
  readonly keys: LedgerKeys;
  readonly definition: Pick<TargetDefinition<never>, 'supports'>;
}

/** Is the HMAC one of this value, under any current key? */
export function fits(keys: LedgerKeys, place: string, name: string, secret: Secret, mac: string | undefined): boolean {
  return mac !== undefined && keys.all.some((key) => key.mac(place, name, secret.reveal()) === mac);
}

/** A name's own trail, or the one that all names share. */
export function trailOf(entry: Entry | undefined, listing: Listing): readonly Revision[] | undefined {
  return entry?.trail ?? listing.trail;
}

/** What happened to the name since the record was made. */
export function moved(
  entry: Entry,
  record: LedgerRecord | undefined,
  listing: Listing,
  { place, keys }: Pick<Who, 'place' | 'keys'>,
): Moved {
  // Without an HMAC that this machine can check, the revision still tells.
  if (entry.value && record?.mac !== undefined) return fits(keys, place, entry.name, entry.value, record.mac) ? 'same' : 'others';
  return trailMoved(trailOf(entry, listing), record);
}

function trailMoved(trail: readonly Revision[] | undefined, record: LedgerRecord | undefined): Moved {
  if (!trail) return 'none';
  const at = record?.revision === undefined ? -1 : trail.findIndex(({ id }) => id === record.revision);
  if (at < 0) return 'lost';
  return trail.slice(0, at).every(({ touches }) => touches === false) ? 'same' : 'others';
}

/** Is this the very incarnation of the name that the record speaks of? */
export function proven(entry: Entry, record: LedgerRecord, listing: Listing, who: Pick<Who, 'place' | 'keys'>): boolean {
  if (record.birth !== undefined && entry.birth !== undefined) return record.birth === entry.birth;
  const trail = trailOf(entry, listing);
  if (trail) return trailMoved(trail, record) === 'same';
  if (entry.value) return moved(entry, record, listing, who) === 'same';
  return true; // the platform shows nothing at all: the ledger is the only witness
}

/** May dcs delete the name? A locked name is never dcs's. */
export function owned(entry: Entry, record: LedgerRecord | undefined, listing: Listing, who: Who): Owned {
  if (entry.mark && entry.mark.owner !== who.owner) return 'other';
  if (entry.locked !== undefined) return 'no';
  if (who.definition.supports.ownership) return entry.mark?.created && leftHere(entry.mark, who) ? 'yes' : 'no';
  return record && (record.origin === 'created' || record.origin === 'claimed') && proven(entry, record, listing, who) ? 'yes' : 'no';
}

const places = new Map<string, string>();

/** How marks name a place: no host, account or project is told to who reads them. */
export function placeInMarks(place: string): string {
  let digest = places.get(place);
  if (digest === undefined) places.set(place, (digest = createHash('sha256').update(place).digest('hex').slice(0, 16)));
  return digest;
}

/** Two targets of one source may see the same names: each owns what it made. */
export function leftHere({ place }: Mark, who: Pick<Who, 'place'>): boolean {
  return place === undefined || place === placeInMarks(who.place);
}

/** Another target of this source made it. */
function isAnothers({ mark }: Entry, who: Who): boolean {
  return mark !== undefined && !leftHere(mark, who);
}

/** What is left of an origin when the incarnation at hand is not provably the recorded one. */
export function demote(origin: Origin): Origin {
  return origin === 'adopted' ? origin : 'overwrote';
}

/** Marks that bear the record speak like the ledger: what another machine wrote is no stranger's. The newer of the two counts. */
export function believe(ledger: Ledger, listing: Listing, who: Pick<Who, 'owner' | 'keys' | 'place'>): Ledger {
  const { owner, keys } = who;
  const told = new Map<string, LedgerRecord>();
  for (const entry of listing.entries) {
    const { mark, name } = entry;
    if (mark?.revision === undefined || mark.owner !== owner) continue;
    const before = ledger.records.get(name);
    if (before && !newer(mark.revision, before, entry.trail ?? [])) continue;
    const here = leftHere(mark, who);
    const known = here && keys.all.some(({ id }) => id === mark.keyId); // an HMAC is over its place, too
    told.set(name, {
      name,
      origin: mark.created && here ? 'created' : 'overwrote',
      // Whether the source held it at its last sync, no mark tells.
      wanted: before?.wanted ?? false,
      revision: mark.revision,
      ...(known && mark.mac !== undefined ? { mac: mark.mac } : {}),
      ...(before?.from === undefined ? {} : { from: before.from }),
      ...(entry.birth === undefined ? {} : { birth: entry.birth }),
    });
  }
  return told.size === 0 ? ledger : { ...ledger, records: new Map([...ledger.records, ...told]) };
}

/** Does the mark's revision come after the record's? */
function newer(revision: string, { revision: recorded }: LedgerRecord, trail: readonly Revision[]): boolean {
  const at = trail.findIndex(({ id }) => id === revision);
  const before = trail.findIndex(({ id }) => id === recorded);
  return before < 0 || (at >= 0 && at < before);
}

/** Equal readable values are recorded without a write. */
export function recall(ledger: Ledger, desired: Desired, listing: Listing, who: Who): Ledger {
  const changed = new Map<string, LedgerRecord>();
  for (const entry of listing.entries) {
    const wanted = desired.names.get(entry.name);
    if (!wanted || wanted.limit !== undefined || !entry.value || entry.locked !== undefined) continue;
    if (entry.mark && entry.mark.owner !== who.owner) continue;
    const mac = macOf(wanted, who);
    if (mac === undefined || !equal(entry.value, wanted, who)) continue;
    const before = ledger.records.get(entry.name);
    const trail = trailOf(entry, listing);
    if (before?.mac === mac && (!trail || trailMoved(trail, before) === 'same')) continue;
    changed.set(entry.name, {
      name: entry.name,
      mac,
      origin: originOf(entry, before, listing, who),
      from: wanted.from,
      wanted: true,
      ...(entry.birth === undefined ? {} : { birth: entry.birth }),
      ...(trail?.[0] ? { revision: trail[0].id } : {}),
    });
  }
  return changed.size === 0 ? ledger : { ...ledger, records: new Map([...ledger.records, ...changed]) };
}

function originOf(entry: Entry, before: LedgerRecord | undefined, listing: Listing, who: Who): Origin {
  if (!before) return entry.mark?.created ? 'created' : 'adopted';
  return before.origin !== 'unsure' && proven(entry, before, listing, who) ? before.origin : demote(before.origin);
}

/** By the active key; undefined where there is no value. */
export function macOf({ name, held }: Wanted, { place, keys }: Pick<Who, 'place' | 'keys'>): string | undefined {
  if (held.state === 'value') return keys.active.mac(place, name, held.secret.reveal());
  return held.state === 'recorded' ? held.mac : undefined;
}

function equal(value: Secret, { name, held }: Wanted, { place, keys }: Who): boolean {
  if (held.state === 'value') return held.secret.reveal() === value.reveal();
  return held.state === 'recorded' && fits(keys, place, name, value, held.mac);
}

const indexes = new WeakMap<Listing, ReadonlyMap<string, Entry>>();

/** A listing's entry by name; each listing is indexed once. */
export function entryOf(listing: Listing, name: string): Entry | undefined {
  let index = indexes.get(listing);
  if (!index) indexes.set(listing, (index = new Map(listing.entries.map((entry) => [entry.name, entry]))));
  return index.get(name);
}

/** All that is known of one name. */
export function factsOf(name: string, desired: Desired, listing: Listing, ledger: Ledger, who: Who): Facts {
  const wanted = desired.names.get(name);
  const entry = entryOf(listing, name);
  const record = ledger.records.get(name);
  return {
    source: sourceState(wanted?.held),
    limit: (wanted?.held.state === 'untransformed' ? wanted.held.reason : wanted?.limit) ?? (wanted && entry?.locked),
    target: targetState(entry, wanted, who),
    record: recordState(entry, record, wanted, who),
    moved: entry ? moved(entry, record, listing, who) : 'none',
    owned: entry ? (!wanted && isAnothers(entry, who) ? 'other' : owned(entry, record, listing, who)) : 'no',
  };
}

function sourceState(held: Wanted['held'] | undefined): Facts['source'] {
  if (!held) return 'absent';
  return held.state === 'recorded' ? 'value' : held.state;
}

function known({ held }: Wanted): boolean {
  return held.state === 'value' || held.state === 'recorded';
}

function targetState(entry: Entry | undefined, wanted: Wanted | undefined, who: Who): Facts['target'] {
  if (!entry) return 'absent';
  if (!entry.value || !wanted || !known(wanted)) return 'opaque';
  return equal(entry.value, wanted, who) ? 'equal' : 'different';
}

function recordState(entry: Entry | undefined, record: LedgerRecord | undefined, wanted: Wanted | undefined, who: Who): Facts['record'] {
  if (!record) return entry?.mark?.owner === who.owner ? 'unknown' : 'none';
  if (record.origin === 'unsure') return 'unsure';
  if (record.mac === undefined || !wanted || !known(wanted)) return 'unknown';
  const { held } = wanted;
  const same =
    held.state === 'value'
      ? fits(who.keys, who.place, wanted.name, held.secret, record.mac)
      : held.state === 'recorded' && held.mac === record.mac;
  return same ? 'equal' : 'differs';
}
