import type { Ledger, LedgerKeys, LedgerRecord, Pending, SourceRecord } from './ledger-types.ts';
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

/** One JSON line a name, sorted, between a first and a last line: git merges it, and a torn file shows. */
export function serialise(ledger: Ledger, keys: LedgerKeys): string {
  const { place, source } = ledger;
  const seal = (purpose: string, fields: unknown): string => keys.active.seal(`ledger ${purpose}`, [place, fields]);
  const wants = [...(source?.names ?? [])].toSorted(byName);
  const head = headOf(ledger, source && seal('wants', wants));
  const records = [...ledger.records].toSorted(byName).map(([, record]) => recordOf(record));
  const pending = ledger.pending.map(pendingOf);
  const lines = [
    { ledger: head, seal: seal('head', head) },
    ...wants.map(([name, mac]) => ({ wants: [name, mac] })),
    ...records.map((record) => ({ record, seal: seal('record', record) })),
    ...pending.map((each) => ({ pending: each, seal: seal('pending', each) })),
    { end: place },
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Several ledgers' texts by place, each whole and none judged. */
export function blocks(text: string, file: string): Map<string, string> {
  const found = new Map<string, string>();
  let open: { place: string; lines: string[] } | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    if (raw.trim() === '') continue;
    const line = lineOf(raw, file, index + 1);
    if (line.kind === 'ledger') {
      if (open || found.has(line.head.place)) throw damaged(file, index + 1, 'a ledger begins twice');
      open = { place: line.head.place, lines: [] };
    }
    if (!open) throw damaged(file, index + 1, 'a line belongs to no ledger');
    open.lines.push(`${raw.trimEnd()}\n`);
    if (line.kind !== 'end') continue;
    if (line.place !== open.place) throw damaged(file, index + 1, 'another ledger ends');
    found.set(open.place, open.lines.join(''));
    open = undefined;
  }
  if (open) throw damaged(file, undefined, 'its end is missing');
  return found;
}

/** The ledger in the text. Whatever no current key verifies is left out; text that is not a ledger's throws CONFLICT. */
export function parse(text: string, keys: LedgerKeys, file: string): Ledger {
  const [block, ...more] = blocks(text, file).values();
  if (block === undefined || more.length > 0)
    throw damaged(file, undefined, block === undefined ? 'it is empty' : 'it holds more than one ledger');
  const lines = block
    .trimEnd()
    .split('\n')
    .map((raw, index) => lineOf(raw, file, index + 1));
  const [first] = lines;
  if (first?.kind !== 'ledger') throw damaged(file, 1, 'it does not begin like a ledger');
  refuseTwice(lines, file);
  return opened(first, lines, keys);
}

function opened({ head, seal }: Extract<Line, { kind: 'ledger' }>, lines: readonly Line[], keys: LedgerKeys): Ledger {
  const { place } = head;
  const verifies = (purpose: string, fields: unknown, given: string | undefined): boolean =>
    keys.all.some((key) => key.seal(`ledger ${purpose}`, [place, fields]) === given);
  if (!verifies('head', head, seal)) return { ...emptyLedger(place, keys, undefined, head.serial), foreign: true };
  const records = new Map<string, LedgerRecord>();
  const pending: Pending[] = [];
  const wants: [string, string][] = [];
  for (const line of lines) {
    if (line.kind === 'record' && verifies('record', recordOf(line.record), line.seal)) records.set(line.record.name, line.record);
    if (line.kind === 'pending' && verifies('pending', pendingOf(line.pending), line.seal)) pending.push(line.pending);
    if (line.kind === 'wants') wants.push(line.wants);
  }
  const { wantsSeal, source, ...rest } = head;
  const whole = source && verifies('wants', wants, wantsSeal);
  return { ...rest, ...(source ? { source: sourceOf(source, whole ? wants : undefined) } : {}), records, pending };
}

/** Names from two branches' merge, or altered ones, stand for no version: the source is read in full. Which source it was stays known. */
function sourceOf(source: NonNullable<Head['source']>, wants: readonly [string, string][] | undefined): SourceRecord {
  return wants ? { ...source, names: new Map(wants) } : { identity: source.identity, version: 'merged', shape: 'merged', names: new Map() };
}

function refuseTwice(lines: readonly Line[], file: string): void {
  const seen = new Set<string>();
  for (const [index, line] of lines.entries()) {
    if (line.kind !== 'record' && line.kind !== 'wants') continue;
    const name = line.kind === 'record' ? line.record.name : line.wants[0];
    const word = JSON.stringify([line.kind, name]);
    if (seen.has(word)) throw damaged(file, index + 1, `${name} stands there twice`);
    seen.add(word);
  }
}
