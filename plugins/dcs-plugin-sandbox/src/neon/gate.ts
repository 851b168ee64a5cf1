import type { Call, Reply, Route } from '../server/cloud.ts';
import { accept, Refusal, refuse, type Success } from './envelope.ts';
import type { Doors } from './doors.ts';
import type { Operations } from './operations.ts';
import { NoPostgres } from './postgres/server.ts';
import type { Stores } from './postgres/stores.ts';
import { sweep } from './sweep.ts';
import type { Branch, Key, Project, World } from './state.ts';

/** What every answer needs. */
export interface Ground {
  world: World;
  stores: Stores;
  doors: Doors;
  operations: Operations;
}

export interface Signed extends Ground {
  call: Call;
  key: Key;
}

export interface InProject extends Signed {
  project: Project;
}

export interface InBranch extends InProject {
  branch: Branch;
}

type Answer = Success | Promise<Success>;

function keyOf({ world }: Ground, call: Call): Key {
  const value = /^Bearer (\S+)$/.exec(call.headers.authorization ?? '')?.[1];
  if (value === undefined) throw new Refusal(401, 'This request does not include an authentication token');
  const key = world.keys.get(value);
  if (key === undefined) throw new Refusal(401, 'supplied credentials do not pass authentication');
  key.lastUsed = new Date().toISOString();
  return key;
}

async function answered(call: Call, run: () => Answer): Promise<Reply> {
  try {
    return accept(call, await run());
  } catch (error) {
    if (error instanceof Refusal) return refuse(call, error);
    if (error instanceof NoPostgres) return refuse(call, new Refusal(500, error.message));
    throw error;
  }
}

/** Whether `key` may look at `project` at all. */
export const reaches = (key: Key, project: Project): boolean =>
  key.kind === 'user' || (key.org === project.org && (key.project === undefined || key.project === project.id));

export function signed(ground: Ground, method: string, path: string, run: (asked: Signed) => Answer): Route {
  return {
    method,
    path,
    answer: (call) =>
      answered(call, async () => {
        const key = keyOf(ground, call);
        await sweep(ground);
        return run({ ...ground, call, key });
      }),
  };
}

/** Below `/projects/:project`; anything but a GET is refused while the project's operations are under way. */
export function inProject(ground: Ground, method: string, path: string, run: (asked: InProject) => Answer): Route {
  return signed(ground, method, `/projects/:project${path}`, (asked) => {
    const project = ground.world.projects.get(asked.call.params['project'] ?? '');
    if (project === undefined || project.deleted !== undefined || !reaches(asked.key, project)) throw new Refusal(404, 'project not found');
    if (method !== 'GET') ground.operations.assertFree(project);
    return run({ ...asked, project });
  });
}

export function branchNamed(project: Project, id: string): Branch {
  const branch = project.branches.get(id);
  if (branch === undefined || branch.deleted !== undefined) throw new Refusal(404, 'branch not found');
  return branch;
}

/** Below `/projects/:project/branches/:branch`. */
export function inBranch(ground: Ground, method: string, path: string, run: (asked: InBranch) => Answer): Route {
  return inProject(ground, method, `/branches/:branch${path}`, (asked) =>
    run({ ...asked, branch: branchNamed(asked.project, asked.call.params['branch'] ?? '') }),
  );
}

/** The store of a branch that is there to be asked. */
export function storeOf(branch: Branch): { id: string } {
  if (branch.store === undefined) throw new Refusal(423, 'branch is not ready yet');
  return { id: branch.store };
}
