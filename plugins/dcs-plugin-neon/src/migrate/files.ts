import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DcsError } from 'dcs-sdk';
import { lineAt, statementsOf, touchesTransaction, type Statement } from './statements.ts';

/** One migration. */
export interface Migration {
  /** The digits that the name begins with. */
  readonly version: string;
  readonly file: string;
  /** SHA-256 of the text, line ends as \n: git may write others. */
  readonly checksum: string;
  /** SHA-256 of the bytes, as other tools take it. */
  readonly digest: string;
  readonly sql: string;
  /** What runs: all of it, or its part that goes up. */
  readonly statements: readonly Statement[];
  readonly transaction: boolean;
}

/** The SQL files of a folder, in order. What cannot run is refused before anything does. */
export async function readMigrations(folder: string, shown: string): Promise<Migration[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new DcsError('CONFIG', `There is no folder ${shown}.`, {
      hint: ['--dir FOLDER', 'migrations_dir: ...     in the source of dcs.yaml'],
    });
  }
  const files = names.filter((name) => name.endsWith('.sql')).toSorted();
  const migrations = await Promise.all(
    files.map(async (file) => migrationOf(file, await readFile(join(folder, file)), `${shown}/${file}`)),
  );
  const sorted = migrations.toSorted((a, b) => compare(a.version, b.version));
  const twice = sorted.find(({ version }, index) => compare(version, sorted[index + 1]?.version ?? '') === 0);
  if (twice)
    throw new DcsError('CONFIG', `Two files of ${shown} have the version ${twice.version}.`, {
      why: sorted
        .filter(({ version }) => compare(version, twice.version) === 0)
        .map(({ file }) => file)
        .join(', '),
      hint: 'rename the newer one',
    });
  return sorted;
}

/** By number, however many zeros lead. */
export function compare(a: string, b: string): number {
  const [one, other] = [a, b].map((text) => text.replace(/^0+(?=\d)/, ''));
  if (one!.length !== other!.length) return one!.length - other!.length;
  return one! < other! ? -1 : one! > other! ? 1 : 0;
}

export function migrationOf(file: string, bytes: Buffer, shown: string): Migration {
  const [version] = /^\d+/.exec(file) ?? [];
  if (version === undefined)
    throw new DcsError('CONFIG', `${shown}: the name of a migration begins with its version.`, {
      hint: `0001_${file}, or 20261121103000_${file}`,
    });
  const sql = bytes
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .replaceAll('\r\n', '\n');
  const { from, to, transaction } = partThatGoesUp(sql);
  const statements = statementsOf(sql.slice(from, to)).map(({ text, offset }) => ({ text, offset: from + offset }));
  const own = statements.find(touchesTransaction);
  if (transaction && own)
    throw new DcsError(
      'CONFIG',
      `${shown}:${lineAt(sql, own.offset)}: a migration runs in a transaction of dcs, and this line would begin or end one.`,
      {
        hint: ['take the line out', '-- dcs: no-transaction     as the first line, for what cannot run in one'],
      },
    );
  const hash = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
  return { version, file, checksum: hash(sql), digest: hash(bytes), sql, statements, transaction };
}

/** dbmate's and node-pg-migrate's files also hold the way back: it never runs. */
function partThatGoesUp(sql: string): { from: number; to: number; transaction: boolean } {
  const up = /^--\s*(?:migrate:up\b([^\n]*)|up migration\b[^\n]*)$/im.exec(sql);
  const down = /^--\s*(?:migrate:down\b|down migration\b)/im.exec(sql);
  const pragma = /^--\s*dcs:\s*no-transaction\s*$/im.test(sql.slice(0, sql.search(/^(?!\s*--)\s*\S/m) >>> 0));
  return {
    from: up === null ? 0 : up.index + up[0].length,
    to: down === null || down.index < (up?.index ?? 0) ? sql.length : down.index,
    transaction: !pragma && !/transaction:\s*false/i.test(up?.[1] ?? ''),
  };
}
