import type { Listing } from 'dcs-sdk';
import type { Wanted } from './desired.ts';
import { fits, macOf } from './facts.ts';
import type { Job } from './job.ts';
import type { Ledger, LedgerRecord } from './ledger-types.ts';
import type { Look } from './look.ts';
import { shapeDigest } from './shape.ts';

/**
 * The ledger as a run leaves it: what is wanted now, and what the source said, so that a 304 can be planned on. Pure. `last`: when
 * and by whom, if the run wrote.
 */
export function lastWord(look: Look, ledger: Ledger, listing: Listing, last: Ledger['last']): Ledger {
  const { job } = look;
  const { desired, outOfScope } = look.shaped;
  const here = new Set(listing.entries.map(({ name }) => name));
  const records = new Map<string, LedgerRecord>();
  for (const before of ledger.records.values()) {
    const wanted = desired.names.get(before.name);
    if (!wanted && !here.has(before.name) && !outOfScope.has(before.name)) continue;
    records.set(before.name, {
      ...before,
      wanted: wanted !== undefined || (before.wanted && outOfScope.has(before.name)),
      ...resealed(job, before, wanted),
    });
  }
  const source = sourceRecord(look);
  return {
    ...ledger,
    records,
    keyId: job.keys.active.id,
    ...(source === undefined ? {} : { source }),
    ...(last === undefined ? {} : { last }),
  };
}

/** A retired key goes as soon as each value was seen once. */
function resealed(job: Job, { name, mac }: LedgerRecord, wanted: Wanted | undefined): { mac?: string } {
  if (wanted?.held.state !== 'value' || !fits(job.keys, job.place, name, wanted.held.secret, mac)) return {};
  return { mac: macOf(wanted, job)! };
}

/** Filtered runs saw a part of the source only, and of two names that are one a record holds one: neither must stand for the whole. */
function sourceRecord({ job, found, shaped, source }: Look): Ledger['source'] | undefined {
  if (job.rules.only || job.rules.except || shaped.collisions.length > 0) return found?.source;
  const names = new Map([...shaped.desired.names.values()].map((wanted) => [wanted.name, macOf(wanted, job) ?? wanted.held.state]));
  return { ...source, shape: shapeDigest(job.rules), names };
}

/** The same to whoever loads it. */
export function alike(a: Ledger, b: Ledger): boolean {
  return comparable(a) === comparable(b);
}

function comparable(ledger: Ledger): string {
  return JSON.stringify({
    ...ledger,
    records: [...ledger.records.values()],
    source: ledger.source && { ...ledger.source, names: [...ledger.source.names] },
  });
}
