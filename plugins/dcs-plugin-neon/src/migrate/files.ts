import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DcsError } from 'dcs-sdk';
import { statements, type Statement } from './statements.ts';

/** One file of the directory, read once: what was planned and rehearsed is what runs. */
export interface Migration {
  /** The digits its name begins with; they give the order. */
  readonly version: string;
  readonly file: string;
  /** For messages: the file with its directory, as it was given. */
  readonly path: string;
  /** SHA-256 of the text, whatever its line ends. */
  readonly checksum: string;
  /** SHA-256 of the bytes. */
  readonly digest: string;
  readonly transaction: boolean;
  readonly statements: readonly Statement[];
}

const NAME = /^(\d+)(?:[-_.].*)?\.sql$/;

/** Every migration of the directory, in order. */
export async function readMigrations(directory: string, shown: string): Promise<Migration[]> {
  const names = (await entriesOf(directory, shown)).filter((name) => name.endsWith('.sql'));
  const found = await Promise.all(names.map(async (name) => migration(name, shown, await readFile(join(directory, name)))));
  const sorted = found.toSorted((one, other) => inOrder(one.version, other.version));
  for (const [index, { version, path }] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next && inOrder(version, next.version) === 0)
      throw new DcsError('CONFIG', `${path} and ${next.path} have the same number.`, {
        why: 'Nothing says which comes first. Nothing was written.',
        hint: `give one of them a later number`,
      });
  }
  return sorted;
}

/** `9` comes before `10`, and `0001` is `1`. */
export function inOrder(one: string, other: string): number {
  const [a, b] = [BigInt(one), BigInt(other)];
  return a < b ? -1 : a > b ? 1 : 0;
}

async function entriesOf(directory: string, shown: string): Promise<string[]> {
  try {
    return (await readdir(directory, { withFileTypes: true })).filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    throw new DcsError('CONFIG', `There is no directory ${shown}.`, {
      why: 'It holds the migrations. Nothing was written.',
      hint: ['--dir DIRECTORY', 'migrations_dir: ...     in dcs.yaml'],
    });
  }
}

export function migration(file: string, shown: string, bytes: Uint8Array): Migration {
  const path = join(shown, file);
  const [, version] = NAME.exec(file) ?? [];
  if (version === undefined)
    throw new DcsError('CONFIG', `${path} has no number in front.`, {
      why: 'The numbers give the order. Nothing was written.',
      hint: `0001_${file}`,
    });
  const text = textOf(bytes, path);
  const sql = upward(text, path);
  const all = statements(sql);
  for (const { line, words } of all) if (controls(words)) throw refuseControl(`${path}:${line}`, words[0]!);
  return {
    version,
    file,
    path,
    checksum: sha256(text),
    digest: sha256(bytes),
    transaction: transactionOf(sql, all[0], path),
    statements: all,
  };
}

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

function textOf(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll('\r\n', '\n');
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new DcsError('CONFIG', `${path} is not UTF-8.`, { why: 'Nothing was written.' });
  }
}

const DOWN = /^[ \t]*--[ \t-]*(?:migrate:down|down migration)\b/im;
const UP = /^[ \t]*--[ \t-]*(?:migrate:up|up migration)\b.*$/im;

/** Without the way back that dbmate and node-pg-migrate keep in the same file; lines keep their numbers. */
function upward(text: string, path: string): string {
  const down = DOWN.exec(text)?.index;
  if (down === undefined) return text;
  if ((UP.exec(text)?.index ?? 0) < down) return text.slice(0, down);
  throw new DcsError('CONFIG', `${path}:${lineOf(text, down)} has its way back in front.`, {
    why: 'Only the way forward is run, which ends where the way back begins. Nothing was written.',
    hint: 'put the way back at the end of the file',
  });
}

const lineOf = (text: string, index: number): number => text.slice(0, index).split('\n').length;

const MARK = /^[ \t]*--[ \t]*dcs:[ \t]*(.*?)[ \t]*$/gim;

function transactionOf(sql: string, first: Statement | undefined, path: string): boolean {
  const up = UP.exec(sql)?.[0] ?? '';
  let transaction = !/\btransaction:\s*false\b/i.test(up);
  for (const mark of sql.matchAll(MARK)) {
    const line = lineOf(sql, mark.index);
    if (mark[1] !== 'no-transaction')
      throw new DcsError('CONFIG', `${path}:${line} has a mark that dcs does not know.`, { hint: '-- dcs: no-transaction' });
    if (first && line > first.line)
      throw new DcsError('CONFIG', `${path}:${line} stands after the first statement.`, { hint: 'put the mark on the first line' });
    transaction = false;
  }
  return transaction;
}

const CONTROL = new Set(['BEGIN', 'COMMIT', 'END', 'ROLLBACK', 'ABORT']);

function controls([first = '', second, third]: readonly string[]): boolean {
  if (first === 'ROLLBACK') return second !== 'TO' && third !== 'TO';
  return CONTROL.has(first) || (second === 'TRANSACTION' && (first === 'START' || first === 'PREPARE'));
}

const refuseControl = (place: string, word: string): DcsError =>
  new DcsError('CONFIG', `${place}: ${word} has no place in a migration.`, {
    why: 'Each file is one transaction, which dcs begins and ends. Nothing was written.',
    hint: [`leave it out`, `-- dcs: no-transaction     on the first line, for what cannot run in a transaction`],
  });
