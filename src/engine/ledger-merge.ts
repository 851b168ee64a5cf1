import type { Ledger, LedgerRecord, Origin, Pending } from './ledger-types.ts';

/**
 * What two machines recorded since `base`, as one ledger. Nobody's entry is lost: a name that only one of them touched is as
 * that one left it; of a name that both touched differently only what both can vouch for stays. Pure.
 */
export function mergeLedgers(base: Ledger | undefined, ours: Ledger, theirs: Ledger): Ledger {
  // The target was made again: the other one's entries speak of what is gone.
  if (ours.incarnation !== theirs.incarnation) return { ...ours, serial: Math.max(ours.serial, theirs.serial) + 1 };
  const records = new Map<string, LedgerRecord>();
  for (const name of new Set([...ours.records.keys(), ...theirs.records.keys()])) {
    const merged = mergeRecord(base?.records.get(name), ours.records.get(name), theirs.records.get(name));
    if (merged) records.set(name, merged);
  }
  return {
    ...theirs,
    ...ours,
    serial: Math.max(ours.serial, theirs.serial) + 1,
    records,
    pending: mergePending(base?.pending, ours.pending, theirs.pending),
  };
}

type Maybe = LedgerRecord | undefined;

/** One name's records. Without a base both sides count as having touched it. */
export function mergeRecord(base: Maybe, ours: Maybe, theirs: Maybe): Maybe {
  if (same(ours, theirs) || same(theirs, base)) return ours;
  if (same(ours, base)) return theirs;
  // One took the name away, the other wrote it: it may stand there, with whatever value.
  if (!ours || !theirs) return unproven((ours ?? theirs)!);
  const { mac, revision, birth, ...rest } = ours;
  return {
    ...rest,
    origin: weaker(ours.origin, theirs.origin),
    wanted: ours.wanted || theirs.wanted,
    ...agreed({ mac }, theirs.mac),
    ...agreed({ revision }, theirs.revision),
    ...agreed({ birth }, theirs.birth),
  };
}

function agreed<T extends object>(field: T, other: string | undefined): T | object {
  return Object.values(field)[0] === other && other !== undefined ? field : {};
}

function unproven({ mac: _mac, revision: _revision, ...rest }: LedgerRecord): LedgerRecord {
  return rest;
}

/** From the one that lets dcs do least to the one that lets it do most. */
const STRENGTH: readonly Origin[] = ['unsure', 'adopted', 'overwrote', 'claimed', 'created'];

function weaker(a: Origin, b: Origin): Origin {
  return STRENGTH.indexOf(a) < STRENGTH.indexOf(b) ? a : b;
}

/** Both sides' new intents, and of the former ones those that neither settled. */
function mergePending(base: readonly Pending[] | undefined, ours: readonly Pending[], theirs: readonly Pending[]): Pending[] {
  const id = ({ run, chunk, name, action }: Pending): string => JSON.stringify([run, chunk, name, action]);
  const [before, mine, other] = [new Set(base?.map(id)), new Set(ours.map(id)), new Set(theirs.map(id))];
  const settled = (each: Pending): boolean => before.has(id(each)) && !(mine.has(id(each)) && other.has(id(each)));
  return [...ours, ...theirs.filter((each) => !mine.has(id(each)))].filter((each) => !settled(each));
}

const FIELDS = ['name', 'mac', 'origin', 'from', 'wanted', 'birth', 'revision'] as const satisfies readonly (keyof LedgerRecord)[];

function same(a: Maybe, b: Maybe): boolean {
  return a === b || (a !== undefined && b !== undefined && FIELDS.every((field) => a[field] === b[field]));
}
