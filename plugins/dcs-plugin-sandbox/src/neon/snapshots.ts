import type { Route } from '../server/cloud.ts';
import { seconds, viewBranch } from './branch-views.ts';
import { assertNameIsFree, forget, newBranch } from './branches.ts';
import { starting, viewEndpoint } from './endpoints.ts';
import { field, inner, isObject, type Json, moment, Refusal, type Success, title } from './envelope.ts';
import { branchNamed, type Ground, type InBranch, inBranch, type InProject, inProject, storeOf } from './gate.ts';
import { assertInHistory, copies, forked, pointOf, setState } from './growth.ts';
import type { Step } from './operations.ts';
import { addStore, type Branch, endpointsOf, newId, type Project, type Snapshot, tick } from './state.ts';
import { collect } from './sweep.ts';

const viewSnapshot = (snapshot: Snapshot): Json => ({
  id: snapshot.id,
  name: snapshot.name,
  ...(snapshot.lsn === undefined ? {} : { lsn: snapshot.lsn }),
  ...(snapshot.time === undefined ? {} : { timestamp: snapshot.time }),
  source_branch_id: snapshot.branch,
  created_at: snapshot.created,
  ...(snapshot.expires === undefined ? {} : { expires_at: seconds(snapshot.expires) }),
  manual: true,
});

async function take(asked: InBranch, snapshot: Snapshot, point: ReturnType<typeof pointOf>): Promise<void> {
  const store = await forked(asked, storeOf(asked.branch), point);
  snapshot.store = addStore(asked.world, store);
  snapshot.lsn = point !== undefined && 'lsn' in point ? point.lsn : store.lsn;
}

function create(asked: InBranch): Success {
  const { call, project, branch, world } = asked;
  const given = (name: string): string | undefined => call.query.get(name) ?? undefined;
  const time = given('timestamp');
  const point = pointOf(given('lsn'), time);
  assertInHistory(asked, storeOf(branch), point);
  const created = tick(world);
  const until = given('expires_at');
  const snapshot: Snapshot = {
    id: newId('snap'),
    name: given('name') ?? `${branch.name} at ${seconds(created)}`,
    branch: branch.id,
    time: time === undefined ? created : moment(time, 'timestamp'),
    created,
    ...(until === undefined ? {} : { expires: moment(until, 'expires_at') }),
    roles: copies(branch.roles),
    databases: copies(branch.databases),
  };
  project.snapshots.set(snapshot.id, snapshot);
  const step = { action: 'create_branch', branch: branch.id, work: () => take(asked, snapshot, point) };
  const operations = asked.operations.start(project, [step], () => void project.snapshots.delete(snapshot.id));
  return { body: { snapshot: viewSnapshot(snapshot), operations } };
}

function snapshotNamed({ project, call }: InProject): Snapshot {
  const snapshot = project.snapshots.get(call.params['snapshot'] ?? '');
  if (snapshot === undefined) throw new Refusal(404, 'snapshot not found');
  return snapshot;
}

function remove(asked: InProject): Success {
  const { project } = asked;
  project.snapshots.delete(snapshotNamed(asked).id);
  const operations = asked.operations.start(project, [{ action: 'delete_timeline', work: () => collect(asked) }]);
  return { status: 202, body: { operations } };
}

function update(asked: InProject): Success {
  const snapshot = snapshotNamed(asked);
  const wanted = inner(asked.call, 'snapshot');
  snapshot.name = title(wanted, snapshot.name);
  const until = field(wanted, 'expires_at', 'string');
  if (until !== undefined) snapshot.expires = moment(until, 'expires_at');
  else if (wanted['expires_at'] === null) delete snapshot.expires;
  return { body: { snapshot: viewSnapshot(snapshot) } };
}

/** Lets the restored branch be what the other was: its name, its addresses, its place as the default. */
function takeOver({ world }: Ground, project: Project, restored: Branch, former: Branch, formerName: string | undefined): void {
  for (const endpoint of endpointsOf(project, former)) endpoint.branch = restored.id;
  restored.name = former.name;
  former.name = formerName ?? `${former.name}_old_${seconds(tick(world))}`;
  restored.default = former.default;
  restored.protected = former.protected;
  former.default = false;
  former.protected = false;
  if (restored.restore !== undefined) restored.restore.status = 'finalized';
}

/** Ends the computes' former lives, so that they come back with the restored data. */
const moved = (ground: Ground, project: Project, restored: Branch, former: Branch): Step[] => {
  const work = async (): Promise<void> => {
    if (former.store !== undefined) await ground.stores.sleep(former.store);
  };
  const starts = endpointsOf(project, restored).map((endpoint) => starting(ground, restored, endpoint));
  return [{ action: 'swap_binding_id', branch: restored.id, work }, ...starts];
};

function restore(asked: InProject): Success {
  const { call, project, world } = asked;
  const snapshot = snapshotNamed(asked);
  if (snapshot.store === undefined) throw new Refusal(423, 'snapshot is not ready yet');
  const body = isObject(call.body) ? call.body : {};
  const former = branchNamed(project, field(body, 'target_branch_id', 'string') ?? snapshot.branch);
  const name = field(body, 'name', 'string') ?? call.query.get('name') ?? `${former.name} from ${snapshot.id}`;
  assertNameIsFree(project, name);
  const branch = newBranch(world, project, former, name);
  delete branch.parent;
  Object.assign(branch, { roles: copies(snapshot.roles), databases: copies(snapshot.databases) });
  branch.restore = { status: 'restored', from: snapshot.id, replaces: former.id };
  const source = { id: snapshot.store };
  const work = async (): Promise<void> => {
    branch.store = addStore(world, await forked(asked, source, undefined));
    setState(asked, branch, 'ready');
    if (body['finalize_restore'] === true) takeOver(asked, project, branch, former, undefined);
  };
  const steps: Step[] = [{ action: 'create_branch', branch: branch.id, work }];
  if (body['finalize_restore'] === true) {
    const after = async (): Promise<void> => {
      for (const step of moved(asked, project, branch, former)) await step.work?.();
    };
    steps.push({ action: 'swap_binding_id', branch: branch.id, work: after });
  }
  const operations = asked.operations.start(project, steps, () => forget(asked, project, branch));
  return { body: { branch: viewBranch(project, branch), endpoints: [], operations } };
}

function finalize(asked: InBranch): Success {
  const { project, branch, call } = asked;
  const former = project.branches.get(branch.restore?.replaces ?? '');
  if (branch.restore?.status !== 'restored' || former === undefined) throw new Refusal(422, 'branch is not a restored one');
  storeOf(branch);
  takeOver(asked, project, branch, former, field(isObject(call.body) ? call.body : {}, 'name', 'string'));
  const operations = asked.operations.start(project, moved(asked, project, branch, former));
  return { body: { operations, endpoints: endpointsOf(project, branch).map((endpoint) => viewEndpoint(asked, project, endpoint)) } };
}

/** https://neon.com/docs/ai/ai-database-versioning and the snapshot reference, last verified 2026-11-21. */
export function snapshotRoutes(ground: Ground): Route[] {
  const one = '/snapshots/:snapshot';
  return [
    inBranch(ground, 'POST', '/snapshot', create),
    inProject(ground, 'GET', '/snapshots', ({ project }) => ({
      body: { snapshots: [...project.snapshots.values()].toReversed().map(viewSnapshot) },
    })),
    inProject(ground, 'PATCH', one, update),
    inProject(ground, 'DELETE', one, remove),
    inProject(ground, 'POST', `${one}/restore`, restore),
    inBranch(ground, 'POST', '/finalize_restore', finalize),
  ];
}
