import type { Route } from '../server/cloud.ts';
import { viewBranch } from './branch-views.ts';
import { assertNameIsFree, newBranch } from './branches.ts';
import { ContentsOf } from './contents.ts';
import { starting } from './endpoints.ts';
import { field, isObject, moment, needed, Refusal, type Success } from './envelope.ts';
import { branchNamed, type Ground, type InBranch, inBranch, storeOf } from './gate.ts';
import { assertInHistory, copies, forked, pointOf, setState } from './growth.ts';
import type { Point } from './postgres/stores.ts';
import { addStore, type Branch, children, endpointsOf, later, tick } from './state.ts';
import { collect } from './sweep.ts';

interface Wish {
  source: Branch;
  point: Point | undefined;
  time: string | undefined;
  keepAs: string | undefined;
}

function wishOf(asked: InBranch): Wish {
  const { call, project, branch } = asked;
  const body = isObject(call.body) ? call.body : {};
  const source = branchNamed(project, needed(body, 'source_branch_id', 'string'));
  const time = field(body, 'source_timestamp', 'string');
  const point = pointOf(field(body, 'source_lsn', 'string'), time);
  const name = field(body, 'preserve_under_name', 'string');
  const keepAs = name === '' ? undefined : name;
  if (branch.protected) throw new Refusal(422, 'cannot restore a protected branch');
  if (source === branch && point === undefined)
    throw new Refusal(400, 'source_lsn or source_timestamp is required to restore a branch from itself');
  if (keepAs === undefined && (source === branch || children(project, branch).length > 0))
    throw new Refusal(422, 'preserve_under_name is required when the branch has children or is restored from itself');
  if (keepAs !== undefined) assertNameIsFree(project, keepAs);
  assertInHistory(asked, storeOf(source), point);
  return { source, point, time, keepAs };
}

/** The former state under a name of its own; the children go with it. */
function preserve({ world, project, branch }: InBranch, name: string): Branch {
  const kept = newBranch(world, project, branch, name);
  const { parent, parentLsn, parentTime, store } = branch;
  delete kept.parent;
  Object.assign(kept, parent === undefined ? {} : { parent }, parentLsn === undefined ? {} : { parentLsn });
  Object.assign(kept, parentTime === undefined ? {} : { parentTime }, store === undefined ? {} : { store });
  kept.state = 'ready';
  for (const child of children(project, branch)) if (child !== kept) child.parent = kept.id;
  return kept;
}

function descend(branch: Branch, wish: Wish, kept: Branch | undefined, lsn: string): void {
  const ancestor = wish.source === branch ? kept : wish.source;
  if (ancestor !== undefined) branch.parent = ancestor.id;
  branch.parentLsn = wish.point !== undefined && 'lsn' in wish.point ? wish.point.lsn : lsn;
  if (wish.time === undefined) delete branch.parentTime;
  else branch.parentTime = moment(wish.time, 'source_timestamp');
}

/** Puts what the source held in the place of what the branch holds; its address stays. */
async function replace(asked: InBranch, wish: Wish): Promise<void> {
  const { branch, stores, world } = asked;
  const former = branch.store;
  const store = await forked(asked, storeOf(wish.source), wish.point);
  const inside = { roles: copies(wish.source.roles), databases: copies(wish.source.databases) };
  const contents = new ContentsOf(stores);
  if (wish.point !== undefined) await contents.reconcile(store, inside);
  const size = await contents.size(store);
  const kept = wish.keepAs === undefined ? undefined : preserve(asked, wish.keepAs);
  descend(branch, wish, kept, store.lsn);
  Object.assign(branch, inside, { store: addStore(world, store), reset: tick(world), size });
  if (branch.ttl !== undefined) branch.expires = later(branch.updated, branch.ttl);
  // Whoever was connected to the former state finds the new one when connecting again.
  if (former !== undefined) await stores.sleep(former);
  setState(asked, branch, 'ready');
  await collect(asked);
}

function restore(asked: InBranch): Success {
  const { project, branch, operations } = asked;
  const wish = wishOf(asked);
  setState(asked, branch, 'resetting');
  const work = { action: 'create_branch', branch: branch.id, work: () => replace(asked, wish) };
  const starts = endpointsOf(project, branch).map((endpoint) => starting(asked, branch, endpoint));
  const shown = viewBranch(project, branch);
  return { body: { branch: shown, operations: operations.start(project, [work, ...starts], () => setState(asked, branch, 'ready')) } };
}

/** https://neon.com/docs/guides/reset-from-parent and instant restore, last verified 2026-11-21. */
export function restoreRoutes(ground: Ground): Route[] {
  return [inBranch(ground, 'POST', '/restore', restore)];
}
