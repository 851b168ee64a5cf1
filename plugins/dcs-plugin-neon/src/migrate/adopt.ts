import { DcsError } from 'dcs-sdk';
import type { Client } from 'pg';
import type { Migration } from './files.ts';

export const TOOLS = ['dbmate', 'node-pg-migrate', 'drizzle'] as const;
export type Tool = (typeof TOOLS)[number];

/** How each tool remembers what ran. Their documentation and sources, last verified 2026-11-21. */
const LEDGERS: Readonly<Record<Tool, { table: string; query: string; fits: (migration: Migration, key: string) => boolean }>> = {
  dbmate: {
    table: 'schema_migrations',
    query: 'select version as key from schema_migrations',
    fits: ({ version }, key) => version === key,
  },
  'node-pg-migrate': {
    table: 'pgmigrations',
    query: 'select name as key from pgmigrations',
    fits: ({ file }, key) => file.replace(/\.sql$/, '') === key,
  },
  drizzle: {
    table: 'drizzle.__drizzle_migrations',
    query: 'select hash as key from drizzle.__drizzle_migrations',
    fits: ({ digest }, key) => digest === key,
  },
};

/** The files that another tool ran. Each entry of its ledger has to be a file here, or nothing is taken over. */
export async function ranBy(client: Client, tool: Tool, files: readonly Migration[]): Promise<Migration[]> {
  const { table, query, fits } = LEDGERS[tool];
  const { rows: there } = await client.query<{ found: boolean }>('select to_regclass($1) is not null as found', [table]);
  if (there[0]?.found !== true)
    throw new DcsError('CONFLICT', `There is no table ${table}: ${tool} never ran on this branch.`, { why: 'Nothing was written.' });
  const { rows } = await client.query<{ key: string }>(query);
  const strange = rows.filter(({ key }) => !files.some((file) => fits(file, key)));
  if (strange.length > 0)
    throw new DcsError(
      'CONFLICT',
      `${tool} ran ${strange.length} migrations that are no file here: ${strange.map(({ key }) => key).join(', ')}.`,
      {
        why: 'Nothing was written.',
        hint: 'put these files into the folder as they ran',
      },
    );
  return files.filter((file) => rows.some(({ key }) => fits(file, key)));
}
