import { DcsError } from 'dcs-sdk';
import type { Ledger, LedgerRecord, Origin, Pending } from './ledger-types.ts';

export interface Head extends Omit<Ledger, 'records' | 'pending' | 'source'> {
  readonly source?: { readonly identity: string; readonly version: string; readonly shape: string };
  /** Over all names of the source: they hold for that version together or not at all. */
  readonly wantsSeal?: string;
}

export type Line =
  | { readonly kind: 'ledger'; readonly head: Head; readonly seal: string; readonly whole?: string }
  | { readonly kind: 'wants'; readonly wants: [string, string] }
  | { readonly kind: 'record'; readonly record: LedgerRecord; readonly seal: string }
  | { readonly kind: 'pending'; readonly pending: Pending; readonly seal: string }
  | { readonly kind: 'end'; readonly place: string };

// One order of fields, whatever made the object: seals are over the text.
const HEAD = ['version', 'place', 'incarnation', 'identity', 'source', 'wantsSeal', 'keyId', 'serial', 'last'] as const;
const SOURCE = ['identity', 'version', 'shape'] as const;
const LAST = ['at', 'by', 'run'] as const;
const RECORD = ['name', 'mac', 'origin', 'from', 'wanted', 'birth', 'revision'] as const;
const PENDING = ['run', 'chunk', 'name', 'action', 'mac', 'from', 'had', 'proven', 'base', 'told', 'revision', 'birth'] as const;

export function headOf(head: Omit<Head, 'wantsSeal'>, wantsSeal: string | undefined): Head {
  const source = head.source && pick<NonNullable<Head['source']>>(head.source, SOURCE);
  const last = head.last && pick<NonNullable<Head['last']>>(head.last, LAST);
  return pick<Head>({ ...head, source, wantsSeal, last }, HEAD);
}

/** A name that is Doppler's, too, is kept once: 100,000 of them count. */
export function recordOf(record: LedgerRecord): LedgerRecord {
  const { name, from } = record;
  return pick<LedgerRecord>(from === name ? { ...record, from: name } : record, RECORD);
}
export const pendingOf = (pending: Pending): Pending => pick<Pending>(pending, PENDING);

/** Those fields, in that order, without the undefined ones. */
function pick<T extends object>(from: { readonly [K in keyof T]?: T[K] | undefined }, fields: readonly (keyof T)[]): T {
  const picked: Partial<T> = {};
  for (const field of fields) {
    const value = from[field];
    if (value !== undefined) picked[field] = value;
  }
  return picked as T;
}

const ORIGINS: readonly string[] = ['created', 'claimed', 'adopted', 'overwrote', 'unsure'] satisfies Origin[];

/** One line, its fields checked; nothing is guessed. */
export function lineOf(raw: string, file: string, number: number): Line {
  if (/^(<{7}|\|{7}|={7}|>{7})/.test(raw))
    throw new DcsError('CONFLICT', `${file} holds a merge conflict of git at line ${number}.`, {
      why: 'Two branches synced the same names. Nothing was written.',
      hint: [`git checkout --theirs ${file}     or --ours: a record that is lost costs questions, never values`, 'dcs doctor'],
    });
  const fields = fieldsOf(raw);
  if (fields && 'ledger' in fields && isText(fields['seal']) && isHead(fields['ledger']))
    return {
      kind: 'ledger',
      head: headOf(fields['ledger'], fields['ledger'].wantsSeal),
      seal: fields['seal'],
      ...(isText(fields['whole']) ? { whole: fields['whole'] } : {}),
    };
  if (fields && isWants(fields['wants'])) return { kind: 'wants', wants: fields['wants'] };
  if (fields && isText(fields['seal']) && isRecord(fields['record']))
    return { kind: 'record', record: recordOf(fields['record']), seal: fields['seal'] };
  if (fields && isText(fields['seal']) && isPending(fields['pending']))
    return { kind: 'pending', pending: pendingOf(fields['pending']), seal: fields['seal'] };
  if (fields && isText(fields['end'])) return { kind: 'end', place: fields['end'] };
  throw damaged(file, number, 'it is no line of a ledger, or of a newer dcs');
}

export function damaged(file: string, number: number | undefined, why: string): DcsError {
  return new DcsError('CONFLICT', `The ledger ${file} is damaged${number === undefined ? '' : ` at line ${number}`}: ${why}.`, {
    why: 'Without it dcs cannot tell what it wrote. Nothing was written.',
    hint: ['dcs doctor', `restore ${file}, or move it away: then names are asked for again, and no value is lost`],
  });
}

function fieldsOf(raw: string): Record<string, unknown> | undefined {
  try {
    const found: unknown = JSON.parse(raw);
    return isObject(found) ? found : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // its message would quote the file
    throw error;
  }
}

function isObject(found: unknown): found is Record<string, unknown> {
  return typeof found === 'object' && found !== null && !Array.isArray(found);
}
const isText = (found: unknown): found is string => typeof found === 'string';
const areTexts = (found: Record<string, unknown>, ...keys: string[]): boolean => keys.every((key) => isText(found[key]));
const mayBeTexts = (found: Record<string, unknown>, ...keys: string[]): boolean =>
  keys.every((key) => found[key] === undefined || isText(found[key]));

function isHead(found: unknown): found is Head {
  if (!isObject(found) || found['version'] !== 1 || !areTexts(found, 'place', 'keyId') || !Number.isSafeInteger(found['serial']))
    return false;
  const { source, last } = found;
  const hasSource = source === undefined || (isObject(source) && areTexts(source, 'identity', 'version', 'shape'));
  const hasLast = last === undefined || (isObject(last) && areTexts(last, 'at', 'by', 'run'));
  return hasSource && hasLast && mayBeTexts(found, 'incarnation', 'identity', 'wantsSeal');
}

function isWants(found: unknown): found is [string, string] {
  return Array.isArray(found) && found.length === 2 && found.every(isText);
}

function isRecord(found: unknown): found is LedgerRecord {
  if (!isObject(found) || !areTexts(found, 'name', 'origin') || typeof found['wanted'] !== 'boolean') return false;
  return ORIGINS.includes(String(found['origin'])) && mayBeTexts(found, 'mac', 'from', 'birth', 'revision');
}

function isPending(found: unknown): found is Pending {
  if (!isObject(found) || !areTexts(found, 'run', 'name') || !Number.isSafeInteger(found['chunk'])) return false;
  if (found['action'] !== 'put' && found['action'] !== 'delete') return false;
  if (found['told'] !== undefined && found['told'] !== 'done' && found['told'] !== 'unknown') return false;
  return (
    typeof found['had'] === 'boolean' &&
    typeof found['proven'] === 'boolean' &&
    mayBeTexts(found, 'mac', 'from', 'base', 'revision', 'birth')
  );
}
