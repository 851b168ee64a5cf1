import { ignore } from './cache.ts';
import { reader } from './reader.ts';
import type { SecretsOptions } from './types.ts';

export { clearSecretsCache } from './cache.ts';
export { SecretsError, type SecretsErrorCode } from './error.ts';

export interface DatabaseOptions extends Omit<SecretsOptions, 'keys'> {
  /** The name that holds the connection string. Default `DATABASE_URL`. */
  name?: string | undefined;
  /** Ends a client that nobody uses any more because the URL is another one. Default: its `end()`, where it has one. */
  end?: (client: never) => unknown;
}

/** Runs `use` with a client of the current connection string. */
export type Database<C> = <T>(use: (client: C) => T | Promise<T>) => Promise<T>;

interface Held<C> {
  readonly url: string;
  readonly client: C;
  users: number;
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html, last verified 2026-11-21; drivers over HTTP tell it in words only.
const refusesLogin = (error: unknown): boolean => {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return code === '28P01' || code === '28000' || String(message).includes('password authentication failed');
};

/** Doppler is asked at most this often while it has nothing that opens the database. */
const AGAIN_MS = 1000;

/**
 * A client for the connection string that Doppler holds: a pool of pg, or what `neon()` of @neondatabase/serverless makes. It is made anew when
 * the string is another one. Where PostgreSQL refuses the password, Doppler is asked once more (at most once a second), and `use` runs again
 * if the string has changed: let it be one query or one transaction. Rejects with a SecretsError, or with what `use` rejects with.
 */
export function database<C>(
  connect: (url: string) => C,
  { name = 'DATABASE_URL', end = endOf, ...options }: DatabaseOptions = {},
): Database<C> {
  let current: Held<C> | undefined;
  let asked: Promise<string | undefined> | undefined;
  let again = 0;
  const retire = async (held: Held<C>): Promise<void> => {
    try {
      await end(held.client as never);
    } catch {
      // It served its last query: that it does not end well is nobody's concern.
    }
  };
  const at = (url: string): Held<C> => {
    const former = current;
    if (former?.url === url) return former;
    current = { url, client: connect(url), users: 0 };
    again = 0;
    // Neon ends connections that nobody uses. A pool opens others, but would end the process where nobody listens.
    (current.client as { on?: (event: string, listener: () => void) => void }).on?.('error', ignore);
    if (former?.users === 0) void retire(former);
    return current;
  };
  const run = async <T>(held: Held<C>, use: (client: C) => T | Promise<T>): Promise<T> => {
    held.users++;
    try {
      return await use(held.client);
    } finally {
      if (--held.users === 0 && held !== current) void retire(held);
    }
  };
  /** Undefined: Doppler has nothing newer, or cannot be asked. */
  const newer = async (url: string): Promise<string | undefined> => {
    // Another caller may have asked already.
    if (current!.url !== url) return current!.url;
    if (Date.now() >= again) {
      again = Date.now() + AGAIN_MS;
      asked = reader({ ...options, keys: [name] })
        .refresh()
        .then(
          (secrets) => secrets[name],
          () => undefined,
        );
    }
    const found = await asked;
    return found === url ? undefined : found;
  };
  return async (use) => {
    const own = reader({ ...options, keys: [name] });
    const held = at((await own.read())[name]!);
    try {
      return await run(held, use);
    } catch (error) {
      if (!refusesLogin(error)) throw error;
      const url = await newer(held.url);
      if (url === undefined) throw error;
      return run(at(url), use);
    }
  };
}

const endOf = (client: { end?: () => unknown }): unknown => client.end?.();
