import { expect } from 'chai';
import { Secret, type Listing, type Revision, type Supports } from 'dcs-sdk';
import { sharedKeys } from '../../src/engine/key.ts';
import { emptyLedger } from '../../src/engine/ledger-file.ts';
import type { Ledger, LedgerRecord, Pending } from '../../src/engine/ledger-types.ts';
import { settle } from '../../src/engine/settle.ts';

export const keys = sharedKeys('k'.repeat(40));
export const supports: Supports = { readable: false, ownership: false, atomic: true, trail: true };
export const mac = (value: string): string => keys.active.mac('here', 'A', value);
export const trail = (...ids: string[]): Revision[] => ids.map((id) => (id.startsWith('code') ? { id, touches: false } : { id }));
export const old: LedgerRecord = { name: 'A', mac: mac('old'), origin: 'created', wanted: true, revision: 'r1' };
export const put = (more: Partial<Pending> = {}): Pending => ({
  run: 'R',
  chunk: 0,
  name: 'A',
  action: 'put',
  mac: mac('new'),
  had: true,
  proven: true,
  base: 'r1',
  ...more,
});

interface Before {
  readonly records?: readonly LedgerRecord[];
  readonly fresh?: boolean;
  readonly ownership?: boolean;
}

/** What becomes of one write, and of its record. */
export function after(pending: Pending, listing: Listing, before: Before = {}) {
  const { fates, ledger } = afterAll([pending], listing, before);
  return { fate: fates.get(pending.name), record: ledger.records.get(pending.name), ledger };
}

export function afterAll(pending: Pending[], listing: Listing, { records = [old], fresh = true, ownership = false }: Before = {}) {
  const ledger: Ledger = {
    ...emptyLedger('here', keys, undefined),
    records: new Map(records.map((each) => [each.name, each])),
    pending,
  };
  const settled = settle(ledger, listing, { supports: { ...supports, ownership }, keys, fresh });
  expect(settled.ledger.pending).to.deep.equal([]);
  return settled;
}

export const opaque = (ids?: string[]): Listing => ({ entries: [{ name: 'A' }], ...(ids ? { trail: trail(...ids) } : {}) });
export const readable = (value: string): Listing => ({ entries: [{ name: 'A', value: new Secret(value) }] });
