import type { Client } from 'pg';
import { ident, literal } from './postgres/sql.ts';
import type { Stores } from './postgres/stores.ts';
import type { Database, Role } from './state.ts';

/** What the vendor's API names inside a branch: roles and databases. */
export interface Contents {
  roles: Map<string, Role>;
  databases: Map<string, Database>;
}

type Place = { id: string };

const SUPERUSER = 'neon_superuser';

/** The group that roles made by the API belong to. https://neon.com/docs/manage/roles, last verified 2026-11-21. */
const PREPARE = [
  `CREATE ROLE ${SUPERUSER} NOLOGIN CREATEDB CREATEROLE BYPASSRLS REPLICATION`,
  `GRANT pg_monitor, pg_read_all_data, pg_write_all_data, pg_signal_backend TO ${SUPERUSER} WITH ADMIN OPTION`,
];

export class ContentsOf {
  readonly #stores: Stores;

  constructor(stores: Stores) {
    this.#stores = stores;
  }

  #run(store: Place, statements: readonly string[], database = 'postgres'): Promise<void> {
    return this.#stores.sql(store, database, async (client) => {
      for (const statement of statements) await client.query(statement);
    });
  }

  prepare(store: Place): Promise<void> {
    return this.#run(store, PREPARE);
  }

  addRole(store: Place, { name, password, login }: Role): Promise<void> {
    const options = login
      ? `LOGIN PASSWORD ${literal(password)} CREATEDB CREATEROLE BYPASSRLS REPLICATION IN ROLE ${SUPERUSER}`
      : 'NOLOGIN';
    return this.#run(store, [`CREATE ROLE ${ident(name)} ${options}`]);
  }

  /** The role's databases have another owner by then; what else it owns goes with it. */
  async dropRole(store: Place, { databases }: Contents, name: string): Promise<void> {
    for (const database of databases.keys())
      await this.#run(store, [`REASSIGN OWNED BY ${ident(name)} TO ${SUPERUSER}`, `DROP OWNED BY ${ident(name)}`], database);
    await this.#run(store, [`DROP ROLE ${ident(name)}`]);
  }

  /** Live connections of the role end. */
  setPassword(store: Place, name: string, password: string): Promise<void> {
    return this.#run(store, [
      `ALTER ROLE ${ident(name)} PASSWORD ${literal(password)}`,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ${literal(name)}`,
    ]);
  }

  addDatabase(store: Place, { name, owner }: Database): Promise<void> {
    return this.#run(store, [`CREATE DATABASE ${ident(name)} OWNER ${ident(owner)}`]);
  }

  alterDatabase(store: Place, from: string, { name, owner }: Database): Promise<void> {
    const guests = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${literal(from)}`;
    return this.#run(store, [
      ...(from === name ? [] : [guests, `ALTER DATABASE ${ident(from)} RENAME TO ${ident(name)}`]),
      `ALTER DATABASE ${ident(name)} OWNER TO ${ident(owner)}`,
    ]);
  }

  dropDatabase(store: Place, name: string): Promise<void> {
    return this.#run(store, [`DROP DATABASE ${ident(name)} WITH (FORCE)`]);
  }

  /** Leaves the schema and takes the rows. */
  async empty(store: Place, { databases }: Contents): Promise<void> {
    const tables = `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`;
    for (const database of databases.keys())
      await this.#stores.sql(store, database, async (client) => {
        const { rows } = await client.query<{ name: string }>(tables);
        if (rows.length > 0) await client.query(`TRUNCATE ${rows.map(({ name }) => name).join(', ')} RESTART IDENTITY CASCADE`);
      });
  }

  /** After a journey in time: what was not there yet is not there, and every role has the password that is told. */
  reconcile(store: Place, { roles, databases }: Contents): Promise<void> {
    return this.#stores.sql(store, 'postgres', async (client) => {
      const there = await names(client, 'SELECT rolname AS name FROM pg_roles');
      for (const { name, password, login } of roles.values())
        if (!there.has(name)) roles.delete(name);
        else if (login) await client.query(`ALTER ROLE ${ident(name)} PASSWORD ${literal(password)}`);
      const kept = await names(client, 'SELECT datname AS name FROM pg_database');
      for (const name of databases.keys()) if (!kept.has(name)) databases.delete(name);
    });
  }

  size(store: Place): Promise<number> {
    return this.#stores.sql(store, 'postgres', async (client) => {
      const { rows } = await client.query<{ size: string }>('SELECT sum(pg_database_size(oid))::text AS size FROM pg_database');
      return Number(rows[0]?.size ?? 0);
    });
  }
}

async function names(client: Client, query: string): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>(query);
  return new Set(rows.map(({ name }) => name));
}
