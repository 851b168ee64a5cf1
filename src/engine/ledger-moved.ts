import { isDcsError } from 'dcs-sdk';
import type { Ledger, LedgerHome } from './ledger-types.ts';

/** Opens another home; undefined: there is none. Asked only when the present one has nothing. */
export type FormerHome = () => Promise<LedgerHome | undefined>;

/**
 * A home that takes over what a former one still holds: the first save of a place moves it, sealed with the key of this home.
 * Changing where the record lives costs no write to a target.
 */
export function movingHome(home: LedgerHome, former: readonly FormerHome[]): LedgerHome {
  const from = new Map<string, LedgerHome>();
  const open = former.map((each) => {
    let opened: Promise<LedgerHome | undefined> | undefined;
    return (): ReturnType<FormerHome> => (opened ??= each());
  });
  return {
    ...home,
    async load(place) {
      const found = await home.load(place);
      if (found !== undefined) return found;
      for (const each of open) {
        // oxlint-disable-next-line no-await-in-loop -- in order: a later home is asked only when the earlier ones have nothing
        const other = await each();
        // oxlint-disable-next-line no-await-in-loop -- as above
        const ledger = other && (await loadIfAllowed(other, place));
        if (other === undefined || ledger === undefined || ledger.foreign) continue;
        from.set(place, other);
        return ledger;
      }
      return undefined;
    },
    async save(ledger, step) {
      await home.save(ledger, step);
      if (step === 'answer') return;
      await from.get(ledger.place)?.forget(ledger.place);
      from.delete(ledger.place);
    },
  };
}

/** A credential that may not look there took nothing from there either: what is not taken over is asked for again. */
async function loadIfAllowed(home: LedgerHome, place: string): Promise<Ledger | undefined> {
  try {
    return await home.load(place);
  } catch (error) {
    if (isDcsError(error) && error.code === 'AUTH') return undefined;
    throw error;
  }
}
