import type { Call, Route } from '../server/cloud.ts';
import { connectionUris, viewBranch, viewDatabase, viewRole } from './branch-views.ts';
import { ContentsOf } from './contents.ts';
import { newEndpoint, starting, viewEndpoint } from './endpoints.ts';
import { field, inner, isObject, type Json, paged, Refusal, type Success, title } from './envelope.ts';
import { type Ground, type InProject, inProject, reaches, type Signed, signed } from './gate.ts';
import { setState } from './growth.ts';
import {
  alive,
  addStore,
  type Branch,
  type Endpoint,
  endpointsOf,
  newId,
  newPassword,
  type Project,
  rootBranch,
  tick,
  type World,
} from './state.ts';
import { grace } from './sweep.ts';
import { uriOf } from './uri.ts';

export const REGIONS = [
  'aws-us-east-1',
  'aws-us-east-2',
  'aws-us-west-2',
  'aws-eu-central-1',
  'aws-eu-west-2',
  'aws-ap-southeast-1',
  'aws-ap-southeast-2',
];
export const DEFAULT_REGION = 'aws-us-east-2';
const VERSIONS = [14, 15, 16, 17, 18];

const viewProject = (project: Project, org: string | undefined): Json => ({
  id: project.id,
  platform_id: 'aws',
  region_id: project.region,
  name: project.name,
  provisioner: 'k8s-neonvm',
  default_endpoint_settings: project.defaults ?? {},
  settings: project.settings ?? {},
  pg_version: project.version,
  proxy_host: '127.0.0.1',
  branch_logical_size_limit: 512,
  branch_logical_size_limit_bytes: 536_870_912,
  store_passwords: project.storesPasswords,
  creation_source: 'console',
  history_retention_seconds: project.retention,
  created_at: project.created,
  updated_at: project.updated,
  synthetic_storage_size: alive(project).reduce((sum, { size }) => sum + size, 0),
  active_time: 0,
  cpu_used_sec: 0,
  data_storage_bytes_hour: 0,
  data_transfer_bytes: 0,
  written_data_bytes: 0,
  compute_time_seconds: 0,
  active_time_seconds: 0,
  consumption_period_start: project.created,
  consumption_period_end: project.created,
  owner_id: project.org,
  org_id: project.org,
  ...(org === undefined ? {} : { org_name: org }),
  ...(project.deleted === undefined ? {} : { deleted_at: project.deleted.at, recoverable_until: project.deleted.until }),
});

const shown = ({ world }: { world: World }, project: Project): Json => viewProject(project, world.orgs.get(project.org)?.name);

/** A personal key has to say which organization it means; the others mean their own. */
function orgOf({ key, world }: Signed, asked: string | null | undefined): string {
  const named = asked ?? '';
  const org = key.org ?? named;
  if (org === '') throw new Refusal(400, 'org_id is required, you can find it on your organization settings page');
  if (!world.orgs.has(org) || (named !== '' && named !== org)) throw new Refusal(404, 'organization not found');
  return org;
}

function list(asked: Signed): Success {
  const { call, key, world } = asked;
  const org = orgOf(asked, call.query.get('org_id'));
  const search = call.query.get('search')?.toLowerCase() ?? '';
  const gone = call.query.get('recoverable') === 'true';
  const all = [...world.projects.values()]
    .filter((project) => project.org === org && reaches(key, project) && (project.deleted !== undefined) === gone)
    .filter(({ id, name }) => id.includes(search) || name.toLowerCase().includes(search))
    .toReversed();
  const { items, next } = paged(call, all, { fallback: 10, most: 400 });
  const pagination = next === undefined ? {} : { pagination: { cursor: next } };
  return { body: { projects: items.map((project) => shown(asked, project)), ...pagination, applications: {}, integrations: {} } };
}

function newProject(asked: Signed, wanted: Json): Project {
  const region = field(wanted, 'region_id', 'string') ?? DEFAULT_REGION;
  if (!REGIONS.includes(region)) throw new Refusal(400, `region ${region} is not available`);
  const version = field(wanted, 'pg_version', 'number') ?? 17;
  if (!VERSIONS.includes(version)) throw new Refusal(400, 'unsupported pg_version');
  const now = tick(asked.world);
  const id = newId('');
  return {
    id,
    name: title(wanted, id),
    org: orgOf(asked, field(wanted, 'org_id', 'string')),
    region,
    version,
    storesPasswords: field(wanted, 'store_passwords', 'boolean') ?? true,
    retention: field(wanted, 'history_retention_seconds', 'number') ?? 86_400,
    settings: wanted['settings'],
    defaults: wanted['default_endpoint_settings'],
    created: now,
    updated: now,
    branches: new Map(),
    endpoints: new Map(),
    operations: [],
    snapshots: new Map(),
  };
}

function firstBranch(world: World, project: Project, wanted: Json): Branch {
  const now = tick(world);
  const database = field(wanted, 'database_name', 'string') ?? 'neondb';
  const role = field(wanted, 'role_name', 'string') ?? `${database}_owner`;
  const stamps = { created: now, updated: now };
  const branch: Branch = {
    id: newId('br'),
    name: title(wanted, 'main'),
    ...stamps,
    state: 'init',
    stateSince: now,
    default: true,
    protected: false,
    source: 'parent-data',
    size: 0,
    roles: new Map([[role, { name: role, password: newPassword(), login: true, ...stamps }]]),
    databases: new Map([[database, { id: ++world.serial, name: database, owner: role, ...stamps }]]),
  };
  project.branches.set(branch.id, branch);
  return branch;
}

/** The first cluster of a project, with what its first branch names. */
async function plant(ground: Ground, branch: Branch): Promise<void> {
  const contents = new ContentsOf(ground.stores);
  const store = await ground.stores.create();
  await contents.prepare(store);
  for (const role of branch.roles.values()) await contents.addRole(store, role);
  for (const database of branch.databases.values()) await contents.addDatabase(store, database);
  branch.size = await contents.size(store);
  branch.store = addStore(ground.world, store);
  setState(ground, branch, 'ready');
}

async function create(asked: Signed): Promise<Success> {
  const { call, world } = asked;
  if (asked.key.project !== undefined) throw new Refusal(403, 'this API key can only be used with its own project');
  const wanted = inner(call, 'project');
  const project = newProject(asked, wanted);
  // Whoever has no PostgreSQL hears so before anything is made.
  await asked.stores.postgres();
  const branch = firstBranch(world, project, isObject(wanted['branch']) ? wanted['branch'] : {});
  const endpoint: Endpoint = await newEndpoint(asked, project, branch, { type: 'read_write' });
  world.projects.set(project.id, project);
  const steps = [{ action: 'create_timeline', branch: branch.id, work: () => plant(asked, branch) }, starting(asked, branch, endpoint)];
  const before = viewBranch(project, branch);
  const operations = asked.operations.start(project, steps);
  return {
    status: 201,
    body: {
      project: shown(asked, project),
      connection_uris: connectionUris(branch, endpoint),
      roles: [...branch.roles.values()].map((role) => viewRole(branch, role, project.storesPasswords)),
      databases: [...branch.databases.values()].map((database) => viewDatabase(branch, database)),
      operations,
      branch: before,
      endpoints: [viewEndpoint(asked, project, endpoint)],
    },
  };
}

function update(asked: InProject): Success {
  const { call, project, world } = asked;
  const wanted = inner(call, 'project');
  project.name = title(wanted, project.name);
  project.retention = field(wanted, 'history_retention_seconds', 'number') ?? project.retention;
  if (isObject(wanted['settings'])) project.settings = wanted['settings'];
  if (isObject(wanted['default_endpoint_settings'])) project.defaults = wanted['default_endpoint_settings'];
  project.updated = tick(world);
  return { body: { project: shown(asked, project), operations: [] } };
}

async function remove(asked: InProject): Promise<Success> {
  const { project, world, stores } = asked;
  if (alive(project).some((branch) => branch.protected)) throw new Refusal(422, 'cannot delete a project with protected branches');
  const at = tick(world);
  project.deleted = { at, until: grace(at) };
  for (const { store } of project.branches.values()) if (store !== undefined) await stores.sleep(store);
  return { body: { project: shown(asked, project) } };
}

function recover(asked: Signed): Success {
  const project = asked.world.projects.get(asked.call.params['project'] ?? '');
  if (project?.deleted === undefined || !reaches(asked.key, project)) throw new Refusal(404, 'project not found');
  delete project.deleted;
  return { body: { project: shown(asked, project), branches: alive(project).map((branch) => viewBranch(project, branch)) } };
}

const wantedName = (call: Call, name: string): string => {
  const value = call.query.get(name);
  if (value === null || value === '') throw new Refusal(400, `'${name}' is required`);
  return value;
};

function connectionUri({ call, project }: InProject): Success {
  const endpointId = call.query.get('endpoint_id');
  const asked = endpointId === null ? undefined : project.endpoints.get(endpointId);
  if (endpointId !== null && asked === undefined) throw new Refusal(404, 'endpoint not found');
  const id = call.query.get('branch_id') ?? asked?.branch ?? rootBranch(project)?.id ?? '';
  const branch = project.branches.get(id);
  if (branch === undefined || branch.deleted !== undefined) throw new Refusal(404, 'branch not found');
  const endpoint = asked ?? endpointsOf(project, branch).find(({ type }) => type === 'read_write');
  if (endpoint === undefined || endpoint.branch !== branch.id) throw new Refusal(404, 'endpoint not found');
  const database = branch.databases.get(wantedName(call, 'database_name'));
  if (database === undefined) throw new Refusal(404, 'database not found');
  const role = branch.roles.get(wantedName(call, 'role_name'));
  if (role === undefined) throw new Refusal(404, 'role not found');
  if (!project.storesPasswords) throw new Refusal(412, 'password storage is disabled for the project');
  const login = { role: role.name, password: role.password, database: database.name };
  return { body: { uri: uriOf(endpoint, login, call.query.get('pooled') === 'true') } };
}

/** https://api-docs.neon.tech/reference/createproject and its neighbours, last verified 2026-11-21. */
export function projectRoutes(ground: Ground): Route[] {
  return [
    signed(ground, 'GET', '/projects', list),
    signed(ground, 'GET', '/projects/shared', () => ({ body: { projects: [] } })),
    signed(ground, 'POST', '/projects', create),
    signed(ground, 'POST', '/projects/:project/recover', recover),
    inProject(ground, 'GET', '', (asked) => ({ body: { project: shown(asked, asked.project) } })),
    inProject(ground, 'PATCH', '', update),
    inProject(ground, 'DELETE', '', remove),
    inProject(ground, 'GET', '/connection_uri', connectionUri),
  ];
}
