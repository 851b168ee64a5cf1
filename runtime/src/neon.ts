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

/**
 * A client for the connection string that Doppler holds: a pool of pg, or what `neon()` of @neondatabase/serverless makes. It is made anew when
 * the string is another one. Where PostgreSQL refuses the password, Doppler is asked once more, and `use` runs again if the string has changed:
 * let it be one query or one transaction. Rejects with a SecretsError, or with what `use` rejects with.
 */
export function database<C>(
  connect: (url: string) => C,
  { name = 'DATABASE_URL', end = endOf, ...options }: DatabaseOptions = {},
): Database<C> {
  let current: Held<C> | undefined;
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
  return async (use) => {
    const own = reader({ ...options, keys: [name] });
    const held = at((await own.read())[name]!);
    try {
      return await run(held, use);
    } catch (error) {
      if (!refusesLogin(error)) throw error;
      // Another caller may have asked already.
      const url =
        current !== held
          ? current!.url
          : await own.refresh().then(
              (secrets) => secrets[name],
              () => held.url,
            );
      if (url === held.url) throw error;
      return run(at(url!), use);
    }
  };
}

const endOf = (client: { end?: () => unknown }): unknown => client.end?.();
