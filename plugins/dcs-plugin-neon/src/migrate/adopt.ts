import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DcsError } from 'dcs-sdk';
import type { Client } from 'pg';
import { inOrder, type Migration } from './files.ts';
import { exists } from './ledger.ts';
import type { Row } from './plan.ts';

export const TOOLS = ['dbmate', 'node-pg-migrate', 'drizzle'] as const;
export type Tool = (typeof TOOLS)[number];

const TABLES: Readonly<Record<Tool, string>> = {
  dbmate: 'public.schema_migrations',
  'node-pg-migrate': 'public.pgmigrations',
  drizzle: 'drizzle.__drizzle_migrations',
};
/** Equal to no checksum: of a row whose file is gone, or not the one that was applied. */
const NOT_THIS = '';

/** The tools whose record this database holds. */
export async function toolsIn(client: Client): Promise<Tool[]> {
  const found: Tool[] = [];
  for (const tool of TOOLS) if (await exists(client, TABLES[tool])) found.push(tool);
  return found;
}

/** What another tool has applied, as rows of our own record; those that it has already are left out. */
export async function rowsOf(
  client: Client,
  tool: Tool,
  files: readonly Migration[],
  directory: string,
  known: readonly Row[],
): Promise<Row[]> {
  if (!(await exists(client, TABLES[tool])))
    throw new DcsError('CONFLICT', `This database has no record of ${tool}.`, {
      why: `It would be the table ${TABLES[tool]}. Nothing was written.`,
    });
  const rows = tool === 'drizzle' ? await ofDrizzle(client, files, directory) : await byName(client, tool, files);
  return rows.filter(({ version }) => !known.some((row) => inOrder(row.version, version) === 0));
}

async function byName(client: Client, tool: 'dbmate' | 'node-pg-migrate', files: readonly Migration[]): Promise<Row[]> {
  const column = tool === 'dbmate' ? 'version' : 'name';
  const { rows } = await client.query<{ said: string }>(`SELECT ${column} AS said FROM ${TABLES[tool]}`);
  return rows.map(({ said }) => {
    const [version] = /^\d+/.exec(said) ?? [];
    if (version === undefined) throw unnumbered(tool, said);
    const file = files.find((each) => (tool === 'dbmate' ? inOrder(each.version, version) === 0 : each.file === `${said}.sql`));
    return file ? applied(file) : { version, file: said, checksum: NOT_THIS, statements: null };
  });
}

/** Its rows hold the SHA-256 of the file and the moment that the journal gives it. https://orm.drizzle.team/docs/migrations (last verified 2026-11-21). */
async function ofDrizzle(client: Client, files: readonly Migration[], directory: string): Promise<Row[]> {
  const { rows } = await client.query<{ hash: string; made: string }>(
    `SELECT hash, created_at::text AS made FROM ${TABLES.drizzle} ORDER BY created_at`,
  );
  const journal = await journalOf(directory);
  return rows.map(({ hash, made }) => {
    const same = files.find(({ digest }) => digest === hash);
    if (same) return applied(same);
    const tag = journal.get(made);
    const edited = files.find(({ file }) => file === `${tag}.sql`);
    const [version] = /^\d+/.exec(tag ?? '') ?? [];
    if (edited === undefined && version === undefined) throw unnumbered('drizzle', `of ${made}`);
    return { version: edited?.version ?? version!, file: `${tag}.sql`, checksum: NOT_THIS, statements: null };
  });
}

/** Moment: name without `.sql`. */
async function journalOf(directory: string): Promise<Map<string, string>> {
  const path = join(directory, 'meta', '_journal.json');
  try {
    const { entries } = JSON.parse(await readFile(path, 'utf8')) as { entries: { when: number; tag: string }[] };
    return new Map(entries.map(({ when, tag }) => [String(when), tag]));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError)
      throw new DcsError('CONFIG', `${path} is no journal of drizzle.`, { why: 'Nothing was written.' });
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
}

const applied = ({ version, file, checksum }: Migration): Row => ({ version, file, checksum, statements: null });

const unnumbered = (tool: Tool, said: string): DcsError =>
  new DcsError('CONFLICT', `The record of ${tool} names a migration that no file answers to: ${JSON.stringify(said)}.`, {
    why: 'dcs would not know where it stands in the order. Nothing was written.',
    hint: '--dir DIRECTORY',
  });
