import { DcsError } from 'dcs-sdk';
import type { Client } from 'pg';
import type { Connection } from './connection.ts';

const CONNECT_MS = 15_000;

/** Loads the driver while Neon is at work. Most commands never need it. */
export const loadDriver = (): void => void import('pg');

/** A session of PostgreSQL. */
export async function connect(connection: Connection, through: 'pooled' | 'direct', application = 'dcs'): Promise<Client> {
  const { default: pg } = await import('pg');
  const { host, pooled, database, role, query, password } = connection;
  const place = new URL(`postgresql://${through === 'pooled' ? pooled : host}`);
  const client = new pg.Client({
    host: place.hostname,
    ...(place.port === '' ? {} : { port: Number(place.port) }),
    database,
    user: role,
    password: password.reveal(),
    application_name: application,
    connectionTimeoutMillis: CONNECT_MS,
    // Neon's certificates are those of a public authority; only a sandbox on this machine has none.
    ssl: new URLSearchParams(query).get('sslmode') === 'disable' ? false : { rejectUnauthorized: true },
  });
  // A session that ends by itself is told by the statement that runs on it.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw refused(error, `${place.host}, ${through}`);
  }
  return client;
}

/** PostgreSQL's own words can echo what was sent: only its SQLSTATE is told. */
function refused(error: unknown, where: string): DcsError {
  const code = stateOf(error);
  const wrong = code === '28P01' || code === '28000';
  const said = `PostgreSQL does not let dcs in (${where}${code === undefined ? '' : `, ${code}`}).`;
  return wrong ? new DcsError('AUTH', said, { why: 'The password is not the one that Neon told.' }) : new DcsError('NETWORK', said);
}

export function stateOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** Opens the database on both ways in, and tells its version. */
export async function probe(connection: Connection): Promise<string> {
  const versions = await Promise.all(
    (['direct', 'pooled'] as const).map(async (through) => {
      const client = await connect(connection, through);
      try {
        return (await client.query<{ server_version: string }>('show server_version')).rows[0]?.server_version ?? '';
      } finally {
        await client.end();
      }
    }),
  );
  return versions[0]!.split(' ')[0]!;
}
