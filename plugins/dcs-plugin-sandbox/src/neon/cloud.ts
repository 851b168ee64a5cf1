import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SEED } from '../seed.ts';
import type { Cloud } from '../server/cloud.ts';
import { pack, unpack } from '../server/pack.ts';
import { backdoorRoutes } from './backdoor.ts';
import { branchRoutes } from './branches.ts';
import { type Destination, Doors } from './doors.ts';
import { endpointRoutes } from './endpoints.ts';
import { Refusal, refuse } from './envelope.ts';
import type { Ground } from './gate.ts';
import { identityRoutes } from './identity.ts';
import { cancelUnfinished, operationRoutes, Operations } from './operations.ts';
import { Stores } from './postgres/stores.ts';
import { projectRoutes } from './projects.ts';
import { restoreRoutes } from './restore.ts';
import { roleRoutes } from './roles.ts';
import { schemaRoutes } from './schema.ts';
import { seedNeon } from './seed.ts';
import { snapshotRoutes } from './snapshots.ts';
import { emptyWorld, type Endpoint, type World } from './state.ts';

function isWorld(value: unknown): value is World {
  return typeof value === 'object' && value !== null && 'projects' in value && value.projects instanceof Map && 'password' in value;
}

/** Where the clusters are: below the sandbox's folder, or in a temporary one that ends with it. */
class Place {
  #temporary: string | undefined;
  readonly #folder: string | undefined;
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }
  path(): string {
    if (this.#folder !== undefined) return join(this.#folder, 'neon');
    this.#temporary ??= mkdtempSync(join(tmpdir(), 'dcs-neon-'));
    return this.#temporary;
  }
  async end(): Promise<void> {
    if (this.#temporary !== undefined) await rm(this.#temporary, { recursive: true, force: true });
    this.#temporary = undefined;
  }
}

function lead(world: World, endpoint: Endpoint): Destination {
  for (const project of world.projects.values()) {
    const branch = project.branches.get(endpoint.branch);
    if (branch === undefined) continue;
    if (project.deleted !== undefined || branch.deleted !== undefined) break;
    if (endpoint.disabled) return { refusal: 'The endpoint has been disabled. Enable it using Neon API and retry.' };
    return branch.store === undefined || branch.state === 'resetting' ? 'later' : { store: branch.store };
  }
  return { refusal: 'The requested endpoint could not be found, or you do not have access to it.' };
}

/** What works outside of the world: listeners, and clusters on disk. */
interface Outside {
  readonly endpoints: readonly string[];
  readonly stores: readonly string[];
}
const outside = ({ projects, stores }: World): Outside => ({
  endpoints: [...projects.values()].flatMap(({ endpoints }) => [...endpoints.keys()]),
  stores: [...stores.keys()],
});
const without = (before: Outside, now: Outside): Outside => ({
  endpoints: before.endpoints.filter((id) => !now.endpoints.includes(id)),
  stores: before.stores.filter((id) => !now.stores.includes(id)),
});

/** What the saved world promised but the stopped sandbox did not finish. */
function tidy(world: World): void {
  for (const project of world.projects.values()) {
    cancelUnfinished(project);
    for (const branch of project.branches.values())
      if (branch.store === undefined) {
        project.branches.delete(branch.id);
        for (const endpoint of project.endpoints.values()) if (endpoint.branch === branch.id) project.endpoints.delete(endpoint.id);
      }
    if (project.branches.size === 0) world.projects.delete(project.id);
  }
}

/** Neon's API v2 with a real PostgreSQL cluster behind every branch. Empty until seeded or restored. */
export function neon(folder?: string): Cloud {
  const world = emptyWorld();
  const place = new Place(folder);
  const stores = new Stores(
    () => place.path(),
    () => world.password,
  );
  const doors = new Doors(stores, (endpoint) => lead(world, endpoint));
  let save = (): void => undefined;
  const operations = new Operations(world, () => save());
  const ground: Ground = { world, stores, doors, operations };
  let leaving = Promise.resolve();
  const leave = async (former: Outside): Promise<void> => {
    await operations.settled();
    for (const id of former.endpoints) await doors.shut(id);
    for (const id of former.stores) await stores.remove(id);
  };
  return {
    name: 'neon',
    prefix: '/api/v2',
    routes: [
      ...identityRoutes(ground),
      ...projectRoutes(ground),
      ...branchRoutes(ground),
      ...endpointRoutes(ground),
      ...roleRoutes(ground),
      ...restoreRoutes(ground),
      ...snapshotRoutes(ground),
      ...schemaRoutes(ground),
      ...operationRoutes(ground),
      ...backdoorRoutes(ground),
    ],
    env: (origin) => ({ NEON_API_HOST: `${origin}/api/v2`, NEON_API_KEY: SEED.neon.key }),
    notFound: (call) => refuse(call, new Refusal(404, 'this endpoint does not exist')),
    state: () => pack(world),
    restore(state) {
      const restored = unpack(state);
      if (!isWorld(restored)) throw new Error('The saved state of the Neon sandbox is not readable.');
      const before = outside(world);
      Object.assign(world, restored);
      tidy(world);
      const former = without(before, outside(world));
      leaving = leaving.then(() => leave(former));
    },
    seed: () => seedNeon(world),
    async open(changed) {
      save = changed;
      if (folder !== undefined) await stores.tidy(new Set(world.stores.keys()));
      for (const project of world.projects.values()) for (const endpoint of project.endpoints.values()) await doors.open(endpoint);
    },
    async close() {
      await leaving;
      await operations.settled();
      await doors.close();
      await stores.close(folder === undefined);
      await place.end();
    },
  };
}
