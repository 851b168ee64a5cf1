import type { Ground } from './gate.ts';
import { type Branch, children, endpointsOf, later, type Project, type World } from './state.ts';

/** Days that something deleted can still be recovered. */
const GRACE = 7 * 24 * 3600;

export const grace = (at: string): string => later(at, GRACE);

/** Takes the branch out of sight; its data stays until the grace period ends. */
export async function softDelete(ground: Pick<Ground, 'stores'>, branch: Branch, at: string, method: 'user' | 'ttl'): Promise<void> {
  branch.deleted = { at, until: grace(at), method };
  branch.updated = at;
  if (branch.store !== undefined) await ground.stores.sleep(branch.store);
}

/** Takes the branch away for good. */
export async function hardDelete(ground: Ground, project: Project, branch: Branch): Promise<void> {
  for (const endpoint of endpointsOf(project, branch)) await dropEndpoint(ground, project, endpoint.id);
  project.branches.delete(branch.id);
  await collect(ground);
}

export async function dropEndpoint({ doors }: Pick<Ground, 'doors'>, project: Project, id: string): Promise<void> {
  project.endpoints.delete(id);
  await doors.shut(id);
}

/** The stores that a branch, a snapshot or the history of one of them still needs. */
function needed(world: World): Set<string> {
  const kept = new Set<string>();
  const keep = (id: string | undefined): void => {
    if (id === undefined || kept.has(id)) return;
    kept.add(id);
    keep(world.stores.get(id)?.from);
  };
  for (const project of world.projects.values())
    for (const holder of [...project.branches.values(), ...project.snapshots.values()]) keep(holder.store);
  return kept;
}

/** Removes the stores that nobody needs any more. */
export async function collect({ world, stores }: Pick<Ground, 'world' | 'stores'>): Promise<void> {
  const kept = needed(world);
  for (const id of [...world.stores.keys()].filter((store) => !kept.has(store))) {
    world.stores.delete(id);
    await stores.remove(id);
  }
}

async function sweepProject(ground: Ground, project: Project, now: string): Promise<void> {
  for (const branch of project.branches.values()) {
    if (branch.deleted !== undefined && branch.deleted.until <= now) await hardDelete(ground, project, branch);
    else if (
      branch.deleted === undefined &&
      branch.expires !== undefined &&
      branch.expires <= now &&
      children(project, branch).length === 0
    )
      await softDelete(ground, branch, branch.expires, 'ttl');
  }
  for (const snapshot of project.snapshots.values())
    if (snapshot.expires !== undefined && snapshot.expires <= now) project.snapshots.delete(snapshot.id);
}

/** What time alone has ended: expired branches and snapshots, and deletions past recovery. */
export async function sweep(ground: Ground): Promise<void> {
  const now = new Date().toISOString();
  for (const project of ground.world.projects.values()) {
    if (project.deleted !== undefined && project.deleted.until <= now) await eraseProject(ground, project);
    else if (project.deleted === undefined) await sweepProject(ground, project, now);
  }
}

export async function eraseProject(ground: Ground, project: Project): Promise<void> {
  for (const id of project.endpoints.keys()) await dropEndpoint(ground, project, id);
  ground.world.projects.delete(project.id);
  await collect(ground);
}
