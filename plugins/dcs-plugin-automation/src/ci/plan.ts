/** A plan as entries that two runs have in common: `api  + create  NAME`, sorted as dcs diff prints them. */
export interface PlanEntry {
  readonly target: string;
  /** `create`, `update`, `delete`, `target`, `guard` ... */
  readonly action: string;
  readonly name: string;
  readonly reason: string;
}

interface DiffDocument {
  readonly targets?: readonly {
    readonly target: string;
    readonly title: string;
    readonly identity: string;
    readonly changes: readonly { readonly name: string; readonly action: string; readonly reason: string }[];
    readonly withheld: readonly string[];
    readonly guards: readonly { readonly guard: string; readonly names?: readonly string[] }[];
  }[];
}

/** Reads the document of `dcs diff --json`. */
export function planEntries(document: Readonly<Record<string, unknown>>): PlanEntry[] {
  return ((document as DiffDocument).targets ?? []).flatMap(({ target, title, identity, changes, withheld, guards }) => [
    // The identity tells two workers of one title apart; the title is what people know.
    { target, action: 'target', name: title, reason: identity },
    ...changes.map(({ name, action, reason }) => ({ target, action, name, reason })),
    ...withheld.map((name) => ({ target, action: 'withheld', name, reason: '' })),
    ...guards.map(({ guard, names }) => ({ target, action: 'guard', name: guard, reason: (names ?? []).join(' ') })),
  ]);
}

const key = (entry: PlanEntry): string => JSON.stringify([entry.target, entry.action, entry.name, entry.reason]);

/** Entries of the one that the other lacks. */
export function without(entries: readonly PlanEntry[], others: readonly PlanEntry[]): PlanEntry[] {
  const known = new Set(others.map(key));
  return entries.filter((entry) => !known.has(key(entry)));
}

const SYMBOLS = new Map([
  ['create', '+'],
  ['update', '~'],
  ['delete', '-'],
  ['target', '='],
  ['guard', '!'],
]);

/** One line an entry; where names stay out, one line an action and its count. */
export function entryLines(entries: readonly PlanEntry[], names: 'list' | 'count'): string[] {
  const shown = (action: string): string => `${SYMBOLS.get(action) ?? '·'} ${action.padEnd(8)}`;
  if (names === 'list')
    return entries.map(({ target, action, name, reason }) => `${target}  ${shown(action)} ${name}${action === 'guard' ? '' : why(reason)}`);
  const counts = new Map<string, number>();
  for (const { target, action } of entries) counts.set(`${target}  ${shown(action)}`, (counts.get(`${target}  ${shown(action)}`) ?? 0) + 1);
  return [...counts].map(([line, count]) => `${line} ${count}`);
}

const why = (reason: string): string => (reason === '' ? '' : `  (${reason})`);
