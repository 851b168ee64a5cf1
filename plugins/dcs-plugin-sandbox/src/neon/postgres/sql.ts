import type { Client } from 'pg';

/** The one role of a cluster that is not the customer's. */
export const ADMIN = 'cloud_admin';

export interface Address {
  port: number;
  database: string;
  password: string;
}

/** Runs `work` on a connection of its own, as the cluster's superuser. */
export async function connected<T>({ port, database, password }: Address, work: (client: Client) => Promise<T>): Promise<T> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ host: '127.0.0.1', port, database, user: ADMIN, password, connectionTimeoutMillis: 5000 });
  // Emitted when the server goes away under a waiting client; every query says so by itself.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export const ident = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const literal = (text: string): string => {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
};
