import type { SecretsError } from './error.ts';
import type { Secrets, SecretsOptions } from './types.ts';

/** What one answer held. */
export interface Held {
  readonly secrets: Secrets;
  readonly etag: string | null;
}

interface Entry extends Held {
  readonly at: number;
  /** The other side could not be reached; it is not asked again before then. 0: it could. */
  retryAt: number;
}

/** Where values come from. */
export interface Origin {
  /** Who asks: a refusal takes away all that was read for the same owner. */
  readonly owner: string;
  /** What is asked for. */
  readonly scope: string;
  /** False: no value counts as fresh. */
  readonly fresh: boolean;
  /** Rejects with a SecretsError. */
  readonly load: (known: Held | undefined) => Promise<Held>;
  /** Answers where neither the other side nor the cache can. */
  readonly otherwise?: () => Secrets | undefined;
}

/** Keeps a platform from stopping work that outlives the answer. */
export type WaitUntil = (promise: Promise<unknown>) => void;

/** What asks for one set of names: made once, called often. */
export interface Reader<K extends string = string> {
  readonly key: string;
  /** A value where the cache may answer, else a promise of it. */
  read(waitUntil?: WaitUntil): Secrets<K> | Promise<Secrets<K>>;
  /** What the cache may answer now; asks behind its back when that is due. */
  peek(): Secrets<K> | undefined;
  /** Asks, whatever the cache holds. */
  refresh(): Promise<Secrets<K>>;
}

const entries = new Map<string, Entry>();
const flights = new Map<string, Promise<Secrets>>();
const RETRY_MS = 10_000;
export const ignore = (): void => {};

/** Forgets every value: the next call asks. */
export function clearSecretsCache(): void {
  entries.clear();
  flights.clear();
}

export function cachedReader(origin: Origin, options: SecretsOptions): Reader {
  const { owner, scope, fresh, load, otherwise } = origin;
  const key = owner + scope;
  const ttl = fresh ? (options.ttl ?? options.cache?.ttl ?? 300) * 1000 : 0;
  const most = ttl + (options.maxStale ?? 3600) * 1000;

  /** One request at a time, however many ask. What it brings is kept unless the cache was cleared meanwhile; a failure never is. */
  const refresh = (): Promise<Secrets> => {
    const running = flights.get(key);
    if (running) return running;
    const known = entries.get(key);
    const landed = (): boolean => flights.get(key) === flight && flights.delete(key);
    const flight: Promise<Secrets> = load(known).then(
      (held) => {
        if (landed()) entries.set(key, { ...held, at: Date.now(), retryAt: 0 });
        return held.secrets;
      },
      (error: SecretsError) => {
        landed();
        if (error.code !== 'UNREACHABLE')
          for (const other of entries.keys()) {
            if (other === key || (error.code === 'REFUSED' && other.startsWith(owner))) entries.delete(other);
          }
        else if (known) known.retryAt = Date.now() + RETRY_MS;
        throw error;
      },
    );
    flights.set(key, flight);
    return flight;
  };

  /** From the age `patience` on nobody gets the old value, unless the other side is known to be out of reach. */
  const cached = (waitUntil: WaitUntil, patience: number): Secrets | undefined => {
    const entry = entries.get(key);
    if (!entry) return undefined;
    const now = Date.now();
    const age = now - entry.at;
    if (age < 0 || age >= most) return undefined; // below 0: the clock was set back
    if (age >= ttl && now >= entry.retryAt) {
      if (age >= patience && !entry.retryAt) return undefined;
      waitUntil(refresh().catch(ignore));
    }
    return entry.secrets;
  };

  return {
    key,
    read(waitUntil = ignore) {
      const found = cached(waitUntil, 2 * ttl);
      if (found) return found;
      const flight = refresh();
      // On Workers a request that ends takes its I/O along, and others may wait for this.
      waitUntil(flight.catch(ignore));
      return flight.catch((error: SecretsError) => {
        const instead = error.code === 'UNREACHABLE' && (cached(ignore, most) ?? otherwise?.());
        if (instead) return instead;
        throw error;
      });
    },
    peek() {
      const found = cached(ignore, most);
      if (!found) refresh().catch(ignore);
      return found;
    },
    refresh,
  };
}
