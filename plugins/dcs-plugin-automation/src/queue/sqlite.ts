import type { DatabaseSync } from 'node:sqlite';

/** Node 22 prints a warning about node:sqlite, which would stand between lines of JSON; every other warning goes on. */
export async function loadSqlite(): Promise<typeof import('node:sqlite')> {
  // oxlint-disable-next-line typescript/unbound-method -- it is put back as it was
  const emit = process.emitWarning;
  process.emitWarning = (warning: string | Error, ...more: unknown[]): void => {
    if (!(warning.toString().includes('SQLite') && more[0] === 'ExperimentalWarning')) Reflect.apply(emit, process, [warning, ...more]);
  };
  try {
    return await import('node:sqlite');
  } finally {
    process.emitWarning = emit;
  }
}

export const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && [5, 6].includes(Number((error as { errcode: unknown }).errcode) & 0xff);

/** All of it or nothing. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
