import { hash } from 'node:crypto';
import type { Ledger, LedgerKey, LedgerKeys, LedgerRecord, Pending, SourceRecord } from './ledger-types.ts';
import { mergeRecord } from './ledger-merge.ts';
import { damaged, headOf, lineOf, pendingOf, recordOf, type Head, type Line } from './ledger-line.ts';

export function emptyLedger(place: string, keys: LedgerKeys, incarnation: string | undefined, serial = 0): Ledger {
  return {
    version: 1,
    place,
    ...(incarnation === undefined ? {} : { incarnation }),
    keyId: keys.active.id,
    serial,
    records: new Map(),
    pending: [],
  };
}

/**
 * One JSON line a name, sorted, between a first and a last line: git merges it, and a torn file shows. The seal over the whole
 * spares a reader the others, which tell what still holds of a ledger that was merged or altered.
 */
export function serialise(ledger: Ledger, keys: LedgerKeys): string {
  const { place, source } = ledger;
  const key = keys.active;
  const seal = (purpose: string, fields: unknown): string => key.seal(`ledger ${purpose}`, [place, fields]);
  const sealed = (purpose: 'record' | 'pending', fields: object): string =>
    `${JSON.stringify({ [purpose]: fields, seal: seal(purpose, fields) })}\n`;
  const wants = [...(source?.names ?? [])].toSorted(byName);
  const head = headOf(ledger, source && seal('wants', wants));
  const records = [...ledger.records].toSorted(byName).map(([, record]) => record);
  const body = [
    ...wants.map(([name, mac]) => `${JSON.stringify({ wants: [name, mac] })}\n`),
    ...records.map((record) => once(record, key, place, () => sealed('record', recordOf(record)))),
    ...ledger.pending.map((each) => once(each, key, place, () => sealed('pending', pendingOf(each)))),
    `${JSON.stringify({ end: place })}\n`,
  ].join('');
  const first = { ledger: head, seal: seal('head', head), whole: seal('whole', [head, hash('sha256', body)]) };
  return `${JSON.stringify(first)}\n${body}`;
}

const lines = new WeakMap<LedgerRecord | Pending, { readonly key: LedgerKey; readonly place: string; readonly line: string }>();

/** A sync saves its ledger with every chunk, and most of it as it was: what did not change is neither sealed nor written anew. */
function once(of: LedgerRecord | Pending, key: LedgerKey, place: string, made: () => string): string {
  const known = lines.get(of);
  if (known && known.key === key && known.place === place) return known.line;
  const line = made();
  lines.set(Object.freeze(of), { key, place, line });
  return line;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

interface Block {
  readonly first: Line & { readonly kind: 'ledger' };
  readonly raws: string[];
  readonly lines: Line[];
}

/** Several ledgers' texts by place, each whole and none judged. */
export function blocks(text: string, file: string): Map<string, string> {
  return new Map([...scan(text, file)].map(([place, { raws }]) => [place, raws.map((raw) => `${raw}\n`).join('')]));
}

/** Every line is read once, here. What git merged by union may begin twice: both beginnings belong to one ledger. */
function scan(text: string, file: string): Map<string, Block> {
  const found = new Map<string, Block>();
  let open: (Block & { readonly place: string }) | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    if (raw.trim() === '') continue;
    const line = lineOf(raw, file, index + 1);
    if (line.kind === 'ledger') {
      const { place } = line.head;
      if (open && open.place !== place) throw damaged(file, index + 1, 'a ledger begins in another one');
      open ??= { place, first: line, raws: [], lines: [], ...found.get(place) };
    }
    if (!open) throw damaged(file, index + 1, 'a line belongs to no ledger');
    open.raws.push(raw.trimEnd());
    open.lines.push(line);
    if (line.kind !== 'end') continue;
    if (line.place !== open.place) throw damaged(file, index + 1, 'another ledger ends');
    found.set(open.place, open);
    open = undefined;
  }
  if (open) throw damaged(file, undefined, 'its end is missing');
  return found;
}

/** The ledger in the text. Whatever no current key verifies is left out, but for whom it was of; text that is not a ledger's throws CONFLICT. */
export function parse(text: string, keys: LedgerKeys, file: string): Ledger {
  const [block, ...more] = scan(text, file).values();
  if (block === undefined || more.length > 0)
    throw damaged(file, undefined, block === undefined ? 'it is empty' : 'it holds more than one ledger');
  const { first } = block;
  const seals = (purpose: string, fields: unknown, given: string | undefined): boolean =>
    keys.all.some((key) => key.seal(`ledger ${purpose}`, [first.head.place, fields]) === given);
  const untouched = seals('whole', [first.head, hash('sha256', text.slice(text.indexOf('\n') + 1))], first.whole);
  if (untouched) return opened(first.head, block.lines, () => true);
  const heads = block.lines.flatMap((line) => (line.kind === 'ledger' && seals('head', line.head, line.seal) ? [line.head] : []));
  // Of two branches the one that wrote more often knows where the target stands.
  const [head] = heads.toSorted((a, b) => b.serial - a.serial);
  if (!head) return foreign(first.head, keys);
  return opened(head, block.lines, seals);
}

/** Nothing of it is believed, but for a reason to stop: whom it says it was written for, and to. */
function foreign({ place, serial, identity, source }: Head, keys: LedgerKeys): Ledger {
  const pinned = { ...(identity === undefined ? {} : { identity }), ...(source ? { source: sourceOf(source, undefined) } : {}) };
  return { ...emptyLedger(place, keys, undefined, serial), ...pinned, foreign: true };
}

type Verifies = (purpose: string, fields: unknown, given: string | undefined) => boolean;

function opened(head: Head, lines: readonly Line[], verifies: Verifies): Ledger {
  const records = new Map<string, LedgerRecord>();
  const pending = new Map<string, Pending>();
  const wants: [string, string][] = [];
  for (const line of lines) {
    if (line.kind === 'record' && verifies('record', line.record, line.seal)) records.set(line.record.name, both(records, line.record));
    if (line.kind === 'pending' && verifies('pending', line.pending, line.seal)) pending.set(line.seal, line.pending);
    if (line.kind === 'wants') wants.push(line.wants);
  }
  const { wantsSeal, source, ...rest } = head;
  const complete = source && verifies('wants', wants, wantsSeal);
  // Nearly every HMAC stands there twice: kept once, twenty ledgers need a seventh less memory.
  const names = wants.map(([name, mac]): [string, string] => {
    const record = records.get(name);
    return record?.mac === mac ? [record.name, record.mac] : [name, mac];
  });
  return {
    ...rest,
    ...(source ? { source: sourceOf(source, complete ? names : undefined) } : {}),
    records,
    pending: [...pending.values()],
  };
}

/** Names from two branches' merge, or altered ones, stand for no version: the source is read in full. Which source it was stays known. */
function sourceOf(source: NonNullable<Head['source']>, wants: readonly [string, string][] | undefined): SourceRecord {
  return wants ? { ...source, names: new Map(wants) } : { identity: source.identity, version: 'merged', shape: 'merged', names: new Map() };
}

/** Two branches wrote the name: only what both vouch for stays. */
function both(records: ReadonlyMap<string, LedgerRecord>, record: LedgerRecord): LedgerRecord {
  return mergeRecord(undefined, record, records.get(record.name) ?? record)!;
}
