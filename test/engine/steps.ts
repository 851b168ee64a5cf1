import type { Settings } from 'dcs-sdk';
import fc from 'fast-check';
import type { Fault, Kind } from './cloud.ts';

export interface Sync {
  readonly does: 'sync';
  readonly adopt: boolean;
  readonly fault?: { readonly kind: Fault; readonly at: number };
  /** Operations on cloud and ledger until the process dies. */
  readonly dies?: number;
}
export type Step =
  | Sync
  | { readonly does: 'set'; readonly name: string; readonly value: number }
  | { readonly does: 'withhold'; readonly name: string; readonly state: 'withheld' | 'unresolved' }
  | { readonly does: 'remove' | 'stranger deletes'; readonly name: string }
  | { readonly does: 'stranger writes'; readonly name: string; readonly value: number }
  | { readonly does: 'stranger imitates'; readonly name: string }
  | { readonly does: 'stranger deploys' | 'ledger lost' | 'ledger kept' | 'ledger restored' }
  | { readonly does: 'settings'; readonly settings: Settings };

// One name is the busiest, so that histories meet; four fill more than one chunk.
const name = fc.constantFrom('A', 'A', 'A', 'B', 'C', '__proto__');
const value = fc.nat(2);
/** Nothing fails, and every consent is given. */
export const QUIET: Sync = { does: 'sync', adopt: true };
const doppler: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ does: fc.constant('set' as const), name, value }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('remove' as const), name }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('withhold' as const),
      name,
      state: fc.constantFrom('withheld' as const, 'unresolved' as const),
    }),
  },
);
const fault = fc.record({
  kind: fc.constantFrom<Fault>('lost-applied', 'lost-not-applied', 'refused', 'unread'),
  at: fc.constantFrom(0, 0, 1, 2),
});
const dies = fc.nat(24);
const does = fc.constant('sync' as const);
const adopt = fc.boolean();
const disturbed: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ does, adopt }) },
  { weight: 3, arbitrary: fc.record({ does, adopt, fault }) },
  { weight: 3, arbitrary: fc.record({ does, adopt, dies }) },
  { weight: 1, arbitrary: fc.record({ does, adopt, fault, dies }) },
);
const stranger: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant('stranger writes' as const), name, value }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('stranger imitates' as const), name }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('stranger deletes' as const), name }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('stranger deploys' as const) }) },
);
const settings: fc.Arbitrary<Step> = fc.record({
  does: fc.constant('settings' as const),
  settings: fc.record({
    policy: fc.constantFrom('mirror' as const, 'mirror' as const, 'upsert-only' as const, 'create-only' as const),
    existing: fc.constantFrom('ask' as const, 'leave' as const),
  }),
});
/** An old ledger restored is not told from a new one where only values show (docs/engine.md). */
const ledger = (kind: Kind): fc.Arbitrary<Step> =>
  fc.constantFrom<Step>(
    { does: 'ledger lost' },
    ...(kind !== 'readable' ? [{ does: 'ledger kept' } as const, { does: 'ledger restored' } as const] : []),
  );
const quiet = fc.constant<Step>(QUIET);

/** What often comes together on one name: single steps alone would seldom meet. */
const MEETINGS: readonly ((name: string, value: number, sync: Step) => Step[])[] = [
  (name, at, sync) => [{ does: 'set', name, value: at }, sync],
  (name, at) => [{ does: 'set', name, value: at }, QUIET],
  (name) => [{ does: 'set', name, value: 0 }, { does: 'stranger imitates', name }, QUIET],
  (name, at) => [
    { does: 'stranger deletes', name },
    { does: 'stranger writes', name, value: at },
  ],
  (name, at, sync) => [{ does: 'stranger writes', name, value: at }, { does: 'set', name, value: at }, sync],
  (name) => [{ does: 'remove', name }, QUIET],
  (name) => [{ does: 'withhold', name, state: 'withheld' }, QUIET],
  (name, at, sync) => [
    { does: 'remove', name },
    { does: 'stranger deletes', name },
    QUIET,
    { does: 'stranger writes', name, value: at },
    { does: 'set', name, value: at },
    sync,
  ],
  (name, at) => [{ does: 'remove', name }, { does: 'stranger deletes', name }, { does: 'stranger writes', name, value: at }, QUIET],
  (name, at, sync) => [{ does: 'remove', name }, { does: 'set', name: 'B', value: at }, sync],
  (name, at, sync) => [{ does: 'remove', name }, sync, { does: 'set', name, value: at }],
];
const meeting = fc
  .record({ meet: fc.constantFrom(...MEETINGS), name, value, sync: disturbed })
  .map(({ meet, name: on, value: at, sync }) => meet(on, at, sync));

const history = (...elements: fc.WeightedArbitrary<Step[] | Step>[]): fc.Arbitrary<Step[]> =>
  fc.array(fc.oneof(...elements), { minLength: 3, maxLength: 8, size: 'max' }).map((each) => each.flat());

export const anyHistory = (kind: Kind): fc.Arbitrary<Step[]> =>
  history(
    { weight: 16, arbitrary: meeting },
    { weight: 5, arbitrary: doppler },
    { weight: 4, arbitrary: disturbed },
    { weight: 4, arbitrary: stranger },
    { weight: 1, arbitrary: ledger(kind) },
    { weight: 1, arbitrary: settings },
  );
/** Nobody else writes and nothing fails. */
export const calmHistory = history({ weight: 6, arbitrary: doppler }, { weight: 3, arbitrary: quiet }, { weight: 1, arbitrary: settings });
