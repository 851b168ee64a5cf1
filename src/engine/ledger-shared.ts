import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DcsError } from 'dcs-sdk';
import { parse, serialise } from './ledger-file.ts';
import { mergeLedgers } from './ledger-merge.ts';
import { LedgerMoved, type Ledger, type LedgerHome, type LedgerKeys, type Waiting } from './ledger-types.ts';
import type { SharedStore } from './shared-store.ts';

/** How often a merge is tried again when machines write at the same time. */
const TRIES = 8;
/** A writer that stood still at so many looks is dead. Looks, not time: a machine that slept saw nothing meanwhile. */
const PACE = { looks: 8, pollMs: 1000 };

interface Known {
  /** As the engine last loaded or saved it. */
  readonly view: Ledger | undefined;
  /** As it stands in the store, where another machine's entries were merged in. */
  readonly stored: Ledger | undefined;
  /** The same, as its bytes: a machine that writes chunk after chunk changes them and not the serial. */
  readonly text: string | undefined;
}

/** Ledgers that machines share, one text a place, each write a compare-and-set. */
export function sharedHome({ store, keys, pace = PACE }: { store: SharedStore; keys: LedgerKeys; pace?: typeof PACE }): LedgerHome {
  const known = new Map<string, Known>();
  const ready = new Map<string, string | undefined>();
  const opened = (place: string, text: string | undefined): Ledger | undefined => {
    const ledger = text === undefined ? undefined : parse(text, keys, store.title);
    return ledger?.place === place ? ledger : undefined;
  };
  const readAll = async (places: readonly string[]): Promise<(string | undefined)[]> => {
    const texts = await store.read(places.map(ledgerName));
    return places.map((place) => texts.get(ledgerName(place)));
  };
  const readyAll = async (places: readonly string[]): Promise<(string | undefined)[]> => {
    const texts = await readAll(places);
    for (const [index, place] of places.entries()) ready.set(place, texts[index]);
    return texts;
  };
  const read = async (place: string): Promise<string | undefined> => (await readAll([place]))[0];
  const swap = async (place: string, view: Ledger, stored: Ledger): Promise<boolean> => {
    const text = serialise(stored, keys);
    if (!(await store.swap(ledgerName(place), text))) return false;
    known.set(place, { view, stored, text });
    return true;
  };
  return {
    title: store.title,
    fileOf: () => store.title,
    async preload(places) {
      if (!places.every((place) => ready.has(place))) await readyAll(places);
    },
    async load(place) {
      const text = ready.has(place) ? ready.get(place) : await read(place);
      ready.delete(place); // once: whoever plans again reads again
      const ledger = opened(place, text);
      known.set(place, { view: ledger, stored: ledger, text });
      return ledger;
    },
    async save(ledger, step) {
      if (step === 'answer') return;
      const { place } = ledger;
      const { view, stored } = known.get(place) ?? { view: undefined, stored: undefined };
      if (step === 'intent') {
        if (view !== stored || !(await swap(place, ledger, ledger))) throw new LedgerMoved(store.title);
        return;
      }
      let theirs = stored;
      for (let tries = 0; tries < TRIES; tries++) {
        const merged = theirs === undefined || theirs === view ? ledger : mergeLedgers(view, ledger, theirs);
        if (await swap(place, ledger, merged)) return;
        theirs = opened(place, await read(place));
      }
      throw new DcsError('CONFLICT', `The record in ${store.title} could not be written: others write to it all the time.`, {
        hint: 'try again',
      });
    },
    quiet: (places, waiting) =>
      quiet(
        async () => {
          const texts = await readyAll(places);
          return texts.map((text, index) => opened(places[index]!, text));
        },
        waiting,
        pace,
      ),
    async moved(places) {
      const texts = await readyAll(places);
      return places.some((place, index) => texts[index] !== known.get(place)?.text);
    },
    async forget(place) {
      await store.read([ledgerName(place)]);
      await store.swap(ledgerName(place), undefined); // whoever wrote meanwhile still uses it
    },
  };
}

async function quiet(load: () => Promise<(Ledger | undefined)[]>, { signal, say }: Waiting, { looks, pollMs }: typeof PACE): Promise<void> {
  let seen = '';
  for (let still = 0; still < looks; still++, await sleep(pollMs, undefined, { signal })) {
    const pending = (await load()).flatMap((ledger) => (ledger === undefined ? [] : ledger.pending.map(({ run }) => [run, ledger.serial])));
    if (pending.length === 0) return;
    const now = JSON.stringify(pending);
    if (now === seen) continue;
    if (seen === '') say(`Another machine is writing here (sync ${String(pending[0]![0])}); waiting for it to end.`);
    seen = now;
    still = 0;
  }
}

/** A name that Doppler takes, the same on every machine; the place itself would tell account and worker to whoever sees names. */
export const ledgerName = (place: string): string => `DCS_LEDGER_${hash('sha256', place).slice(0, 16).toUpperCase()}`;
