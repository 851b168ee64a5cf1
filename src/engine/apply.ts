import { randomBytes } from 'node:crypto';
import { DcsError, isDcsError, writes, type Listing, type Outcome, type PlanItem, type Write } from 'dcs-sdk';
import type { Job } from './job.ts';
import { entryOf, leftHere, macOf, owned, placeInMarks, proven } from './facts.ts';
import { LedgerMoved, type Ledger, type Pending } from './ledger-types.ts';
import { revisions, type Look } from './look.ts';
import { settle } from './settle.ts';
import { alike, lastWord } from './last-word.ts';

export type Result = 'done' | 'failed' | 'unknown' | 'skipped';

/** What became of one target's plan. */
export interface Applied {
  readonly look: Look;
  readonly outcomes: ReadonlyMap<string, { readonly result: Result; readonly error?: DcsError }>;
  /** Newest revision after the writes, where the platform shows one. */
  readonly revision: string | undefined;
  /** Every value that was written was read back. */
  readonly readBack: boolean;
  /** What serves the writes, where the platform's answers name it. */
  readonly live: string | undefined;
  /** Somebody else moved what the plan stood on: plan again. */
  readonly clash: boolean;
}

/** Short, unambiguous when read aloud: no 0, O, 1, I, L. */
export function runId(): string {
  const letters = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
  return [...randomBytes(6)].map((byte) => letters[byte % letters.length]).join('');
}

interface State {
  readonly job: Job;
  readonly look: Look;
  readonly items: ReadonlyMap<string, PlanItem>;
  readonly run: string;
  readonly signal: AbortSignal;
  readonly outcomes: Map<string, { result: Result; error?: DcsError }>;
  ledger: Ledger;
  listing: Listing;
  chunk: number;
  live: string | undefined;
  clash: boolean;
  /** Another machine wrote to the shared ledger: nothing more is sent on this plan. */
  overtaken: boolean;
}

/**
 * Writes the plan: creates and updates, then deletes, each chunk's intent on disk before its request leaves. Only what a
 * listing confirms is recorded. Never throws for one name's failure; throws only when the ledger cannot be written.
 */
export async function apply(look: Look, run: string, by: string, signal: AbortSignal, at: () => Date): Promise<Applied> {
  const { job } = look;
  const identity = look.identity?.id ?? look.found?.identity;
  const items = new Map(look.plan.items.map((item) => [item.name, item]));
  const state: State = {
    job,
    look,
    items,
    run,
    signal,
    outcomes: new Map(),
    listing: look.listing,
    chunk: 0,
    live: undefined,
    clash: false,
    overtaken: false,
    ledger: look.ledger,
  };
  const todo = writes(look.plan);
  if (todo.length > 0) {
    state.ledger = {
      ...state.ledger,
      serial: state.ledger.serial + 1,
      keyId: job.keys.active.id,
      ...(identity === undefined ? {} : { identity }),
    };
    const puts = todo
      .filter(({ action }) => action !== 'delete')
      .toSorted((a, b) => (a.action === b.action ? 0 : a.action === 'create' ? -1 : 1));
    await putChunks(
      state,
      puts.map(({ name }) => name),
    );
    await deleteChunks(
      state,
      todo.filter(({ action }) => action === 'delete').map(({ name }) => name),
    );
    if (state.ledger.pending.length > 0) await verify(state); // `close` saves it
  }
  if (!state.overtaken || state.chunk > 0) await close(state, { at: at().toISOString(), by, run });
  return {
    look,
    outcomes: state.outcomes,
    revision: state.listing.trail?.[0]?.id,
    live: state.live,
    readBack: readBack(state),
    clash: state.clash,
  };
}

/** A credential may write what it may not read, also where the platform gives values back. */
function readBack(state: State): boolean {
  return [...state.outcomes].every(([name, { result }]) => {
    const put = result === 'done' && itemOf(state, name).action !== 'delete';
    return !put || entryOf(state.listing, name)?.value !== undefined;
  });
}

async function putChunks(state: State, names: readonly string[]): Promise<void> {
  for (const chunk of chunksOf(names, state.job.definition.limits?.batch ?? 1)) {
    // What a newer listing contradicts is not written: somebody made the name meanwhile.
    const made = new Set(state.listing.entries.map(({ name }) => name));
    const clashing = chunk.filter((name) => itemOf(state, name).action === 'create' && made.has(name));
    for (const name of clashing) fail(state, name, 'Somebody else made it meanwhile.');
    await send(
      state,
      chunk.filter((name) => !clashing.includes(name)),
      'put',
    );
    if (state.job.definition.supports.trail && state.ledger.pending.length > 0 && chunk.at(-1) !== names.at(-1)) await verifySaved(state);
  }
}

/** A delete leaves only against a listing taken after the last put, and only if every put succeeded. */
async function deleteChunks(state: State, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  if (state.ledger.pending.length > 0) await verifySaved(state);
  const clean = [...state.outcomes.values()].every(({ result }) => result === 'done');
  const entries = new Map(state.listing.entries.map((entry) => [entry.name, entry]));
  const mine = names.filter((name) => {
    const entry = entries.get(name);
    return clean && entry && owned(entry, state.ledger.records.get(name), state.listing, state.job) === 'yes';
  });
  for (const name of names) state.outcomes.set(name, { result: 'skipped' }); // until it is sent
  for (const chunk of chunksOf(mine, state.job.definition.limits?.batch ?? 1)) await send(state, chunk, 'delete');
}

async function send(state: State, names: readonly string[], action: Pending['action']): Promise<void> {
  if (names.length === 0) return;
  if (state.signal.aborted || state.overtaken || fatal(state)) {
    for (const name of names) state.outcomes.set(name, { result: 'skipped' });
    return;
  }
  const { job } = state;
  if (!(await announced(state, names, action))) return;
  const outcomes = await job.target.write(names.map((name) => writeOf(state, name)));
  record(state, names, outcomes);
  await job.home.save(state.ledger, 'answer');
}

/** The intent is on disk. False: another machine was faster, and the names are not sent. */
async function announced(state: State, names: readonly string[], action: Pending['action']): Promise<boolean> {
  const { ledger } = state;
  const pending = [...ledger.pending, ...names.map((name) => intent(state, name, action, state.chunk))];
  try {
    await state.job.home.save({ ...ledger, pending }, 'intent');
  } catch (error) {
    if (!(error instanceof LedgerMoved)) throw error;
    for (const name of names) state.outcomes.set(name, { result: 'skipped', error });
    state.overtaken = true;
    state.clash = true;
    return false;
  }
  state.ledger = { ...ledger, pending };
  state.chunk++;
  return true;
}

/** An expired login or an interrupt ends this target's run; other failures end only their own names. */
function fatal({ outcomes }: State): boolean {
  return [...outcomes.values()].some(({ error }) => error?.code === 'AUTH' || error?.code === 'INTERRUPTED');
}

function intent(state: State, name: string, action: Pending['action'], chunk: number): Pending {
  const { job, look } = state;
  const entry = entryOf(state.listing, name);
  const before = state.ledger.records.get(name);
  const wanted = look.shaped.desired.names.get(name);
  const base = (entry?.trail ?? state.listing.trail)?.[0]?.id;
  return {
    run: state.run,
    chunk,
    name,
    action,
    had: entry !== undefined,
    proven: entry !== undefined && before !== undefined && proven(entry, before, state.listing, job),
    ...(wanted ? { mac: macOf(wanted, job)!, from: wanted.from } : {}),
    ...(base === undefined ? {} : { base }),
  };
}

function writeOf(state: State, name: string): Write {
  const { look, job } = state;
  const { action } = itemOf(state, name);
  const entry = entryOf(state.listing, name);
  const birth = entry?.birth === undefined ? {} : { birth: entry.birth };
  if (action === 'delete') return { action, name, ...birth };
  const held = look.shaped.desired.names.get(name)!.held;
  if (held.state !== 'value') throw new Error(`${name} has no value to write`);
  const created = action === 'create' || (entry?.mark?.created === true && leftHere(entry.mark, job));
  const record = { mac: job.keys.active.mac(job.place, name, held.secret.reveal()), keyId: job.keys.active.id };
  const mark = job.definition.supports.ownership ? { mark: { owner: job.owner, created, place: placeInMarks(job.place), ...record } } : {};
  return { action: action === 'create' ? 'create' : 'update', name, secret: held.secret, ...mark, ...birth };
}

function itemOf(state: State, name: string): PlanItem {
  return state.items.get(name)!;
}

/** Takes the answers in: certain failures lose their intent, the rest waits for a listing. */
function record(state: State, names: readonly string[], outcomes: readonly Outcome[]): void {
  const told = new Map(outcomes.map((outcome) => [outcome.name, outcome]));
  const pending = state.ledger.pending.flatMap((each): Pending[] => {
    if (!names.includes(each.name)) return [each];
    const outcome = told.get(each.name) ?? { name: each.name, result: 'unknown' as const };
    if (outcome.result === 'conflict') state.clash = true;
    state.live = outcome.live ?? state.live;
    const error = isDcsError(outcome.error) ? { error: outcome.error } : {};
    state.outcomes.set(each.name, { result: outcome.result === 'conflict' ? 'failed' : outcome.result, ...error });
    if (outcome.result !== 'done' && outcome.result !== 'unknown') return [];
    const { revision, birth } = outcome;
    return [{ ...each, told: outcome.result, ...(revision === undefined ? {} : { revision }), ...(birth === undefined ? {} : { birth }) }];
  });
  state.ledger = { ...state.ledger, pending };
}

/** Lists again and settles: only what the platform shows is claimed. A listing that fails leaves the intents for the next run. */
async function verify(state: State): Promise<void> {
  const { job } = state;
  const pending = new Map(state.ledger.pending.map((each) => [each.name, each]));
  let listing: Listing;
  try {
    listing = await job.target.list(revisions(state.ledger));
  } catch (error) {
    for (const name of pending.keys()) state.outcomes.set(name, { result: 'unknown', ...(isDcsError(error) ? { error } : {}) });
    return;
  }
  const settled = settle(state.ledger, listing, { supports: job.definition.supports, keys: job.keys, fresh: true });
  const late: Pending[] = [];
  for (const [name, fate] of settled.fates) {
    const intended = pending.get(name)!;
    const { action, told } = intended;
    if (action === 'put' && (fate === 'gone' || fate === 'overwritten')) state.clash = true;
    const done = fate === 'applied' || (action === 'delete' && fate === 'overwritten') || (fate === 'undecided' && told === 'done');
    // A request without an answer may still be under way: the next run looks again.
    const open = fate === 'not';
    if (open) late.push(intended);
    const result: Result = done ? 'done' : fate === 'undecided' || open ? 'unknown' : 'failed';
    const { error } = state.outcomes.get(name) ?? {};
    if (result === 'done') state.outcomes.set(name, { result });
    else state.outcomes.set(name, { result, error: error ?? new DcsError('CONFLICT', overtaken(fate)) });
  }
  state.ledger = { ...settled.ledger, pending: late };
  state.listing = listing;
}

async function verifySaved(state: State): Promise<void> {
  await verify(state);
  await state.job.home.save(state.ledger, 'settled');
}

function overtaken(fate: string): string {
  if (fate === 'gone') return 'It was written, and somebody deleted it.';
  if (fate === 'overwritten') return 'It was written, and somebody overwrote it.';
  return 'It was not written.';
}

function fail(state: State, name: string, message: string): void {
  state.clash = true;
  state.outcomes.set(name, { result: 'failed', error: new DcsError('CONFLICT', message) });
}

async function close(state: State, last: NonNullable<Ledger['last']>): Promise<void> {
  const { job, look } = state;
  const wrote = state.outcomes.size > 0;
  const next = lastWord(look, state.ledger, state.listing, wrote || !look.found ? last : undefined);
  state.ledger = next;
  if (look.found === undefined || !alike(next, look.found)) await job.home.save(next, 'settled');
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}
