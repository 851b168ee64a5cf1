import { DcsError } from 'dcs-sdk';
import type { Migration } from './files.ts';
import type { Statement } from './statements.ts';

/** Messages that hold names of the schema and nothing of its rows. https://www.postgresql.org/docs/18/errcodes-appendix.html (last verified 2026-11-21). */
const TOLD = new Set([
  '42P01',
  '42P06',
  '42P07',
  '42703',
  '42701',
  '42704',
  '42710',
  '42723',
  '42883',
  '42501',
  '3F000',
  '2BP01',
  '55000',
  '25001',
]);
/** Of the rest, PostgreSQL's own words can show what stands in a row, or a literal of the file. */
const WORDS = new Map([
  ['42601', 'syntax error'],
  ['22P02', 'a value does not fit its type'],
  ['23502', 'a column that may not be null would be'],
  ['23503', 'a foreign key would lead nowhere'],
  ['23505', 'a value would not be unique'],
  ['23514', 'a row breaks a check'],
  ['40P01', 'deadlock with another session'],
  ['55P03', 'another session kept a lock too long'],
  ['57014', 'it took too long'],
]);
const HINTS = new Map([
  ['25001', '-- dcs: no-transaction     on the first line of a file of its own'],
  ['55P03', '--lock-timeout 1m, or again at a quieter time'],
  ['57014', '--statement-timeout 1h, if it is meant to take so long'],
]);

/** What node-postgres makes of an ErrorResponse. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly position?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
}

const STATE = /^[0-9A-Z]{5}$/;

/** PostgreSQL's answer, or undefined where it gave none: the connection is gone. */
export function refusalIn(error: unknown): Refusal | undefined {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown };
  // The server says so when it closes a session, and that is no answer about the statement.
  const closing = typeof code === 'string' && (code.startsWith('57P') || code.startsWith('08'));
  return typeof code === 'string' && STATE.test(code) && severity !== undefined && !closing ? (error as Refusal) : undefined;
}

/** The session ended under a statement. */
export function gone(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return (
    (typeof code === 'string' && /^(?:E[A-Z]+|57P|08)/.test(code)) ||
    (typeof message === 'string' && /^(?:Connection terminated|Client was closed|Client has encountered)/.test(message))
  );
}

/** `migrations/0003_total.sql:7:12: relation "x" does not exist (42P01).` */
export function refused(refusal: Refusal, { path }: Migration, statement: Statement, kept: string): DcsError {
  const { code, message } = refusal;
  const { line, column } = within(statement, refusal.position);
  const words = TOLD.has(code) ? message : (WORDS.get(code) ?? 'PostgreSQL refused it');
  const about = (['schema', 'table', 'column', 'constraint'] as const).flatMap((key) => (refusal[key] ? [`${key} ${refusal[key]}`] : []));
  const hint = HINTS.get(code);
  return new DcsError('TARGET', `${path}:${line}:${column}: ${[words, ...about].join(', ')} (${code}).`, {
    vendorCode: code,
    why: kept,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** PostgreSQL counts characters of the statement, from 1. */
function within({ sql, line, column }: Statement, position: string | undefined): { line: number; column: number } {
  const before = Array.from(sql).slice(0, Math.max(0, Number(position ?? 1) - 1));
  const lines = before.filter((character) => character === '\n').length;
  return { line: line + lines, column: lines === 0 ? column + before.length : before.length - before.lastIndexOf('\n') };
}
