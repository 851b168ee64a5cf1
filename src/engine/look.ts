import {
  guard,
  overflow,
  plan as decidePlan,
  writes,
  type Finding,
  type Identity,
  type Listing,
  type Plan,
  type SourceRead,
} from 'dcs-sdk';
import type { Desired, Wanted } from './desired.ts';
import { believe, factsOf, owned, recall } from './facts.ts';
import type { Job } from './job.ts';
import type { Ledger, LedgerRecord } from './ledger-types.ts';
import { emptyLedger } from './ledger-file.ts';
import { resumed } from './resumed.ts';
import { settle } from './settle.ts';
import { shape, shapeDigest, type Shaped } from './shape.ts';

/** What stands on both sides of one target, and the plan that follows. Nothing was written. */
export interface Look {
  readonly job: Job;
  readonly plan: Plan;
  readonly findings: readonly Finding[];
  readonly listing: Listing;
  readonly shaped: Shaped;
  /** As found on disk, and with interrupted writes settled and equal values recorded. */
  readonly found: Ledger | undefined;
  readonly ledger: Ledger;
  /** Asked for only when there is something to write. */
  readonly identity: Identity | undefined;
  readonly source: { readonly identity: string; readonly version: string };
  /** Code that still runs with older values; absent where it was not asked for. */
  readonly undeployed?: readonly string[];
}

/** The target's half, which needs no source: made while the source is being read. */
export interface Seen {
  readonly job: Job;
  readonly found: Ledger | undefined;
  readonly settled: Ledger;
  readonly listing: Listing;
}

/** `found`: the place's ledger, as just loaded. */
export async function see(job: Job, found: Ledger | undefined): Promise<Seen> {
  let listing = await job.target.list(revisions(found));
  const usable = found && found.incarnation === listing.incarnation ? found : undefined;
  let settled = usable ?? emptyLedger(job.place, job.keys, listing.incarnation, found?.serial);
  if (settled.pending.length > 0) {
    // An interrupted run: find out from the platform what became of its writes, then look again from the places it reached.
    settled = settle(settled, listing, { supports: job.definition.supports, keys: job.keys, fresh: false }).ledger;
    listing = await job.target.list(revisions(settled));
  }
  return { job, found, settled: believe(settled, listing, job), listing };
}

export function revisions(ledger: Ledger | undefined): ReadonlySet<string> {
  return new Set([...(ledger?.records.values() ?? [])].flatMap(({ revision }) => (revision === undefined ? [] : [revision])));
}

/** Pure but for `identify()`, which is asked only when the plan writes. */
export async function look(seen: Seen, read: Pick<SourceRead, 'identity' | 'version' | 'secrets'>): Promise<Look> {
  const { job } = seen;
  const shaped = shape(read.secrets, job.rules, job.definition);
  return conclude(seen, shaped, read);
}

/** On a 304: the ledger's own HMACs stand for the values. Undefined when they cannot decide and the source must be read. */
export async function lookRecorded(seen: Seen): Promise<Look | undefined> {
  const { job, settled } = seen;
  const { source } = settled;
  if (!source || source.shape !== shapeDigest(job.rules)) return undefined;
  const names = new Map(
    [...source.names].map(([name, mac]) => [name, { name, from: settled.records.get(name)?.from ?? name, held: recorded(mac) }]),
  );
  const shaped: Shaped = { desired: { names }, collisions: [], outOfScope: new Set(), withheld: [] };
  const decided = decidePlan(subjects(seen.listing, shaped, settled, job), job.settings);
  // What the rules leave out is not told from what Doppler no longer has: only the source says.
  const settledAll = decided.items.every(
    ({ action, reason }) => action === 'same' || action === 'foreign' || (action === 'kept' && reason !== 'not-in-doppler'),
  );
  return settledAll ? conclude(seen, shaped, source) : undefined;
}

function recorded(mac: string): Wanted['held'] {
  if (mac === 'untransformed') return { state: mac, reason: '' }; // blocked: the source is read in full, and says why
  return mac === 'withheld' || mac === 'unresolved' ? { state: mac } : { state: 'recorded', mac };
}

async function conclude(seen: Seen, shaped: Shaped, { identity: from, version }: { identity: string; version: string }): Promise<Look> {
  const { job, listing, found } = seen;
  const ledger = recall(seen.settled, shaped.desired, listing, job);
  const plan = planFor(listing, shaped, ledger, job);
  const identity = writes(plan).length > 0 ? await job.target.identify() : undefined;
  const findings = guard({
    plan,
    wanted: [...shaped.desired.names.keys()],
    wantedBefore: wantedBefore(ledger, shaped, job.rules),
    resumed: resumed(found, ledger, shaped.desired, listing, job),
    existing: listing.entries.filter((entry) => entry.locked === undefined).length,
    owned: listing.entries.filter((entry) => owned(entry, ledger.records.get(entry.name), listing, job) === 'yes').length,
    shows: job.definition.supports.readable || job.definition.supports.ownership || job.definition.supports.trail,
    identity: [[found?.source?.identity, from], ...(identity ? [[found?.identity, identity.id] as const] : [])],
    existingPolicy: job.settings.existing,
  });
  return { job, plan, findings, listing, shaped, found, ledger, identity, source: { identity: from, version } };
}

/** Names that `--only`, `--except` or a changed rule leave out did not vanish from the source. */
function wantedBefore(ledger: Ledger, { outOfScope }: Shaped, rules: Job['rules']): string[] {
  return [...ledger.records.values()]
    .filter((record) => record.wanted && !outOfScope.has(record.name) && concerns(rules, record, record.name))
    .map(({ name }) => name);
}

/** Whether `--only` and `--except` speak of a name that the source no longer has: by what the source called it. */
function concerns({ only, except }: Job['rules'], record: LedgerRecord | undefined, name: string): boolean {
  const from = record?.from ?? name;
  return (only?.has(from) ?? true) && !except?.has(from);
}

function planFor(listing: Listing, shaped: Shaped, ledger: Ledger, job: Job): Plan {
  const plan = decidePlan(subjects(listing, shaped, ledger, job), job.settings, shaped.collisions);
  const { count } = job.definition.limits ?? {};
  if (count === undefined || overflow(plan, listing, count) === 0) return plan;
  const creates = new Set(plan.items.filter(({ action }) => action === 'create').map(({ name }) => name));
  const note = `${job.definition.title} holds at most ${count} names`;
  const full: Desired = {
    names: new Map([...shaped.desired.names].map(([name, wanted]) => [name, creates.has(name) ? { ...wanted, limit: note } : wanted])),
  };
  return decidePlan(subjects(listing, { ...shaped, desired: full }, ledger, job), job.settings, shaped.collisions);
}

function subjects(listing: Listing, { desired, outOfScope }: Shaped, ledger: Ledger, job: Job): Parameters<typeof decidePlan>[0] {
  const held = listing.entries
    .map(({ name }) => name)
    .filter((name) => desired.names.has(name) || (!outOfScope.has(name) && concerns(job.rules, ledger.records.get(name), name)));
  return [...new Set([...desired.names.keys(), ...held])].map((name) => {
    const from = desired.names.get(name)?.from;
    return { name, ...(from === undefined ? {} : { from }), facts: factsOf(name, desired, listing, ledger, job) };
  });
}
