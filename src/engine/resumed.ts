import type { Listing } from 'dcs-sdk';
import type { Desired } from './desired.ts';
import { entryOf, factsOf, fits, trailOf, type Who } from './facts.ts';
import type { Ledger } from './ledger-types.ts';
import { writesSince } from './settle.ts';

/**
 * Names that get again what an interrupted run was giving them, or what dcs gave them before: where all that happened since may be that
 * run's own request, this overwrites nobody's. `found`: the ledger as that run left it; `ledger`: the same, settled. Pure.
 */
export function resumed(found: Ledger | undefined, ledger: Ledger, desired: Desired, listing: Listing, who: Who): ReadonlySet<string> {
  const pending = new Map((found?.pending ?? []).map((each) => [each.name, each]));
  const mayBeOurs = [...pending.values()].every(({ name, base }) => {
    const trail = trailOf(entryOf(listing, name), listing);
    return trail === undefined || (writesSince(trail, base)?.length ?? 2) <= 1;
  });
  if (pending.size === 0 || !mayBeOurs) return new Set();
  const again = [...desired.names.values()].filter((wanted) => {
    const { held, name } = wanted;
    if (held.state === 'value' && fits(who.keys, who.place, name, held.secret, pending.get(name)?.mac)) return true;
    return factsOf(name, desired, listing, ledger, who).record === 'equal';
  });
  return new Set(again.map(({ name }) => name));
}
