import { createHmac, randomBytes } from 'node:crypto';
import type { Secrets } from 'dcs-sdk';

/** What an environment holds. */
export interface Held {
  /** `prod`; among several projects `prod (shop/prd)`. */
  readonly environment: string;
  readonly protected: boolean;
  readonly secrets: Secrets;
}

export interface Place {
  readonly environment: string;
  readonly protected: boolean;
  readonly name: string;
}

/** Flags, ports and levels are alike everywhere, and mean nothing. */
const meaning = (value: string): boolean => value.length >= 6 && !/^[\d.,:+-]+$/.test(value);

/**
 * Values of a protected environment that stand in another one too, under whatever name: the places of each. Compared by HMAC under
 * a key of this run alone; neither is ever told.
 */
export function sharedWithProtected(all: readonly Held[]): readonly (readonly Place[])[] {
  const key = randomBytes(32);
  const places = new Map<string, Place[]>();
  for (const { environment, protected: isProtected, secrets } of all)
    for (const [name, held] of secrets) {
      if (held.state !== 'value' || name.startsWith('DCS_') || !meaning(held.secret.reveal())) continue;
      const mac = createHmac('sha256', key).update(held.secret.reveal()).digest('base64');
      const known = places.get(mac) ?? [];
      places.set(mac, known);
      known.push({ environment, protected: isProtected, name });
    }
  return [...places.values()].filter(
    (found) => found.some((place) => place.protected) && new Set(found.map(({ environment }) => environment)).size > 1,
  );
}

/** `prod and dev share STRIPE_KEY`; `prod STRIPE_KEY, dev PAYMENT_KEY` where the names differ. */
export function sharedLine(places: readonly Place[]): string {
  const environments = [...new Set(places.map(({ environment }) => environment))];
  const names = new Set(places.map(({ name }) => name));
  const [name] = names;
  if (names.size === 1) return `${environments.slice(0, -1).join(', ')} and ${environments.at(-1)} share the value of ${name}`;
  return `one value: ${places.map((place) => `${place.environment} ${place.name}`).join(', ')}`;
}
