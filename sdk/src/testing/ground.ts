import assert from 'node:assert/strict';
import { isDcsError, type DcsError } from '../error.ts';
import { Secret } from '../secret.ts';
import type { Delete, Entry, Outcome, Put, Target, Write } from '../target.ts';
import type { Contract, Ground, World } from './world.ts';

export const NONE: ReadonlySet<string> = new Set();

export const create = (name: string, value: string): Put => ({ action: 'create', name, secret: new Secret(value) });
export const update = (name: string, value: string): Put => ({ action: 'update', name, secret: new Secret(value) });
export const remove = ({ name, birth }: Entry): Delete => ({ action: 'delete', name, ...(birth === undefined ? {} : { birth }) });

const SHAPES = [(n: number) => `DCS_KEY_${n}`, (n: number) => `dcs-key-${n}`, (n: number) => `dcskey${n}`];

export function groundOf(definition: Contract['definition']): Ground {
  const { limits = {} } = definition;
  const taken = (name: string): boolean => limits.names?.test(name) !== false && limits.reserved?.test(name) !== true;
  const shape = SHAPES.find((form) => taken(form(1)));
  assert.ok(shape, 'limits.names takes none of the kit’s names');
  return {
    definition,
    batch: limits.batch ?? 1,
    names: (count) => Array.from({ length: count }, (_, index) => shape(index + 1)),
  };
}

/** Why the platform, by its own word, does not take this value. */
export function refusedValue({ limits = {}, check }: Contract['definition'], name: string, value: string): boolean {
  if (value === '' && limits.empty === false) return true;
  if (limits.valueBytes !== undefined && Buffer.byteLength(value) > limits.valueBytes) return true;
  return check?.(name, new Secret(value)) !== undefined;
}

/** In as many calls as `limits.batch` asks for. */
export async function write(target: Target, on: Ground, changes: readonly Write[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let at = 0; at < changes.length; at += on.batch) outcomes.push(...(await target.write(changes.slice(at, at + on.batch))));
  return outcomes;
}

/** Writes, and fails unless everything is done. */
export async function done(target: Target, on: Ground, changes: readonly Write[]): Promise<Outcome[]> {
  const outcomes = await write(target, on, changes);
  const left = outcomes.filter((outcome) => outcome.result !== 'done');
  assert.deepEqual(
    left.map(({ name, result, error }) => `${name} ${result} ${error instanceof Error ? error.message : ''}`),
    [],
    'a plain write was not done',
  );
  return outcomes;
}

/** The names dcs may write; those that something else bears are left out. */
export async function listed(target: Target): Promise<Entry[]> {
  return (await target.list(NONE)).entries.filter((entry) => entry.locked === undefined);
}

export async function entry(target: Target, name: string): Promise<Entry> {
  const found = (await listed(target)).find((item) => item.name === name);
  assert.ok(found, `${name} was written and is not listed`);
  return found;
}

export const namesOf = (items: readonly { readonly name: string }[]): string[] => items.map((item) => item.name).toSorted();

/** The error it rejects with; anything but a DcsError is a bug of the target. */
export async function refused(what: string, action: () => Promise<unknown>): Promise<DcsError> {
  const error = await action().then(
    () => undefined,
    (problem: unknown) => problem ?? new Error('nothing'),
  );
  assert.notEqual(error, undefined, `${what} answers instead of throwing`);
  assert.ok(isDcsError(error), `${what} throws something that is no DcsError: ${error instanceof Error ? error.message : typeof error}`);
  return error;
}

/** Room for names that are not there yet. */
export async function room(world: World, on: Ground, wish: number): Promise<number> {
  const { count } = on.definition.limits ?? {};
  return count === undefined ? wish : Math.min(wish, count - (await world.target.list(NONE)).entries.length);
}
