import { ContentsOf } from './contents.ts';
import { moment, Refusal } from './envelope.ts';
import { type Ground, storeOf } from './gate.ts';
import type { Point, Store } from './postgres/stores.ts';
import { addStore, type Branch, newPassword, tick } from './state.ts';

/** A moment given as `lsn` or `timestamp`, under names with that prefix; undefined: now. */
export function pointOf(lsn: string | undefined, time: string | undefined): Point | undefined {
  if (lsn !== undefined && time !== undefined) throw new Refusal(400, 'lsn and timestamp cannot be specified at the same time');
  if (lsn !== undefined) {
    if (!/^[0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8}$/.test(lsn)) throw new Refusal(400, 'invalid LSN');
    return { lsn };
  }
  if (time === undefined) return undefined;
  const at = moment(time, 'timestamp');
  if (Date.parse(at) > Date.now()) throw new Refusal(400, 'the requested point in time is in the future');
  return { time: at };
}

export function setState({ world }: Pick<Ground, 'world'>, branch: Branch, state: Branch['state']): void {
  branch.state = state;
  branch.stateSince = tick(world);
  branch.updated = branch.stateSince;
}

/** What `source` holds, now or at `point`, as a store of its own, which its holder adds to the world in the moment it takes it. */
export async function forked({ stores, world }: Ground, source: { id: string }, point: Point | undefined): Promise<Store> {
  const store = world.stores.get(source.id);
  if (store === undefined) throw new Error('The source branch has no data.');
  return stores.fork(store, (id) => world.stores.get(id), point);
}

export interface Growth {
  branch: Branch;
  parent: Branch;
  point: Point | undefined;
  /** Roles whose password differs from the parent's. */
  renewed: readonly string[];
}

/** Gives `branch` its data: the parent's, now or at a point of its history. */
export async function grow(ground: Ground, { branch, parent, point, renewed }: Growth): Promise<void> {
  const contents = new ContentsOf(ground.stores);
  const store = await forked(ground, storeOf(parent), point);
  if (point !== undefined) await contents.reconcile(store, branch);
  for (const name of renewed) await contents.setPassword(store, name, branch.roles.get(name)?.password ?? '');
  if (branch.source === 'schema-only') await contents.empty(store, branch);
  branch.size = await contents.size(store);
  branch.store = addStore(ground.world, store);
  if (branch.source === 'parent-data') branch.parentLsn = point !== undefined && 'lsn' in point ? point.lsn : store.lsn;
  setState(ground, branch, 'ready');
}

/** Children of a protected branch get passwords of their own. https://neon.com/docs/guides/protected-branches, last verified 2026-11-21. */
export function renewPasswords(branch: Branch): string[] {
  const renewed = [...branch.roles.values()].filter(({ login }) => login);
  for (const role of renewed) role.password = newPassword();
  return renewed.map(({ name }) => name);
}

/** Whether the moment asked for exists, before anything is promised. */
export function assertInHistory({ world }: Pick<Ground, 'world'>, source: { id: string }, point: Point | undefined): void {
  if (point === undefined || 'lsn' in point) return;
  let store = world.stores.get(source.id);
  while (store?.from !== undefined && world.stores.has(store.from)) store = world.stores.get(store.from);
  if (store !== undefined && Date.parse(point.time) < Date.parse(store.since))
    throw new Refusal(400, 'the requested point in time is before the beginning of the history');
}

export const copies = <T extends object>(items: ReadonlyMap<string, T>): Map<string, T> =>
  new Map([...items].map(([name, item]) => [name, { ...item }]));
