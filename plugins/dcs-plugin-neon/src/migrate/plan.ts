import { inOrder, type Migration } from './files.ts';

/** A row of the record. */
export interface Row {
  readonly version: string;
  readonly file: string;
  /** Null: not compared. */
  readonly checksum: string | null;
  /** How many statements of a file without a transaction are done; null: all. */
  readonly statements: number | null;
}

export interface Finding {
  readonly kind: 'edited' | 'missing' | 'stopped' | 'late';
  readonly file: string;
  readonly text: string;
}

export interface Pending {
  readonly migration: Migration;
  /** Statements that were done before. */
  readonly done: number;
}

export interface Plan {
  readonly pending: readonly Pending[];
  /** Rows of another tool's record. */
  readonly adopted: readonly Row[];
  /** Rows that take the place of what the record says. */
  readonly repaired: readonly Row[];
  /** What stops the run. */
  readonly findings: readonly Finding[];
  readonly applied: number;
}

export interface Wanted {
  readonly repair: boolean;
  /** The last version to apply. */
  readonly to?: string;
}

/** What has to be done, from the files and the record alone. */
export function planOf(files: readonly Migration[], record: readonly Row[], adopted: readonly Row[], { repair, to }: Wanted): Plan {
  const rows = [...record, ...adopted];
  const rowOf = ({ version }: Migration) => rows.find((row) => inOrder(row.version, version) === 0);
  const found: { finding: Finding; row?: Row }[] = [];
  const pending: Pending[] = [];
  const newest = rows.reduce<string | undefined>(
    (most, { version }) => (most === undefined || inOrder(version, most) > 0 ? version : most),
    undefined,
  );
  for (const migration of files) {
    const { version, file, path, checksum } = migration;
    const row = rowOf(migration);
    const wanted = to === undefined || inOrder(version, to) <= 0;
    if (row === undefined) {
      if (!wanted) continue;
      pending.push({ migration, done: 0 });
      if (newest !== undefined && inOrder(version, newest) < 0)
        found.push({ finding: { kind: 'late', file, text: `${path} comes before ${newest}, which is applied: give it a later number` } });
    } else if (row.statements !== null) {
      const line = migration.statements[row.statements]?.line;
      const text = `${path} stopped${line === undefined ? '' : ` at line ${line}`}, outside a transaction: what stands before is done`;
      found.push({ finding: { kind: 'stopped', file, text } });
      if (repair && wanted) pending.push({ migration, done: row.statements });
    } else if (row.checksum !== null && row.checksum !== checksum)
      found.push({ finding: { kind: 'edited', file, text: `${path} was edited since it was applied` }, row: { ...row, file, checksum } });
  }
  for (const row of rows)
    if (row.checksum !== null && !files.some(({ version }) => inOrder(version, row.version) === 0))
      found.push({
        finding: { kind: 'missing', file: row.file, text: `${row.file} is applied, and there is no such file` },
        row: { ...row, checksum: null },
      });
  const mended = ({ finding }: (typeof found)[number]): boolean => repair && finding.kind !== 'late';
  return {
    pending,
    adopted,
    repaired: found.flatMap((each) => (mended(each) && each.row ? [each.row] : [])),
    findings: found.filter((each) => !mended(each)).map(({ finding }) => finding),
    applied: rows.filter(({ statements }) => statements === null).length,
  };
}

export const nothingToDo = ({ pending, adopted, repaired }: Plan): boolean => pending.length + adopted.length + repaired.length === 0;
