import { DcsError } from 'dcs-sdk';
import type { Client } from 'pg';
import { compare, type Migration } from './files.ts';

/** What the database says that ran. */
export interface Applied {
  readonly version: string;
  readonly file: string;
  readonly checksum: string;
  /** False: it was begun, outside of a transaction, and never told to be done. */
  readonly done: boolean;
}

export async function makeLedger(client: Client): Promise<void> {
  await client.query(`create schema if not exists dcs;
create table if not exists dcs.schema_migrations (
  version text primary key,
  file text not null,
  checksum text not null,
  applied_at timestamptz,
  duration_ms integer,
  dcs_version text not null,
  applied_by text not null default session_user
)`);
}

/** Undefined: nothing ever ran here. */
export async function readLedger(client: Client): Promise<Applied[]> {
  const { rows: there } = await client.query<{ found: boolean }>("select to_regclass('dcs.schema_migrations') is not null as found");
  if (there[0]?.found !== true) return [];
  const { rows } = await client.query<Applied>('select version, file, checksum, applied_at is not null as done from dcs.schema_migrations');
  return rows.toSorted((a, b) => compare(a.version, b.version));
}

export async function begun(client: Client, { version, file, checksum }: Migration, dcs: string): Promise<void> {
  await client.query('insert into dcs.schema_migrations (version, file, checksum, dcs_version) values ($1, $2, $3, $4)', [
    version,
    file,
    checksum,
    dcs,
  ]);
}

export async function done(client: Client, { version }: Migration, ms: number): Promise<void> {
  await client.query('update dcs.schema_migrations set applied_at = clock_timestamp(), duration_ms = $2 where version = $1', [version, ms]);
}

/** What stands between the files and the ledger, one line each. */
export function conflictsOf(files: readonly Migration[], applied: readonly Applied[]): string[] {
  const byVersion = new Map(files.map((each) => [each.version, each]));
  const last = applied.at(-1);
  return [
    ...applied.flatMap(({ version, file, checksum, done: whole }) => {
      const here = byVersion.get(version);
      if (!whole) return [`${file} was begun and not finished; it runs outside of a transaction, so look at what it left`];
      if (here === undefined) return [`${file} ran here and is missing in the folder`];
      return here.checksum === checksum ? [] : [`${here.file} was edited after it ran here`];
    }),
    ...pendingOf(files, applied)
      .filter(({ version }) => last !== undefined && compare(version, last.version) < 0)
      .map(({ file }) => `${file} comes before ${last!.file}, which ran here already`),
  ];
}

export function pendingOf(files: readonly Migration[], applied: readonly Applied[]): Migration[] {
  const versions = new Set(applied.map(({ version }) => version));
  return files.filter(({ version }) => !versions.has(version));
}

export function refuseConflicts(conflicts: readonly string[]): void {
  if (conflicts.length === 0) return;
  throw new DcsError('CONFLICT', `The files and the database tell different stories: ${conflicts.join('; ')}.`, {
    why: 'Nothing was written.',
    hint: ['put the files back as they ran, and say the change in a new one', 'dcs neon migrate --repair     the ledger follows the files'],
  });
}

/** Makes the ledger say what the folder says: edited files count as they are, missing and unfinished ones never ran. */
export async function repair(client: Client, files: readonly Migration[], applied: readonly Applied[]): Promise<void> {
  const byVersion = new Map(files.map((each) => [each.version, each]));
  await client.query('begin');
  for (const { version, done: whole } of applied) {
    const here = byVersion.get(version);
    if (here === undefined || !whole) await client.query('delete from dcs.schema_migrations where version = $1', [version]);
    else
      await client.query('update dcs.schema_migrations set file = $2, checksum = $3 where version = $1', [
        version,
        here.file,
        here.checksum,
      ]);
  }
  await client.query('commit');
}
