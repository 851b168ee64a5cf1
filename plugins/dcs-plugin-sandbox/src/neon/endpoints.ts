import type { Route } from '../server/cloud.ts';
import { field, inner, isObject, type Json, needed, Refusal } from './envelope.ts';
import { branchNamed, type Ground, inBranch, type InProject, inProject, storeOf } from './gate.ts';
import type { Step } from './operations.ts';
import { alive, type Branch, type Endpoint, endpointsOf, newId, type Project, tick, type World } from './state.ts';
import { dropEndpoint } from './sweep.ts';
import { hostOf } from './uri.ts';

export function viewEndpoint({ stores }: Pick<Ground, 'stores'>, project: Project, endpoint: Endpoint): Json {
  const branch = project.branches.get(endpoint.branch);
  const awake = branch?.store !== undefined && stores.running(branch.store) && !endpoint.disabled;
  return {
    id: endpoint.id,
    ...(endpoint.name === undefined ? {} : { name: endpoint.name }),
    host: hostOf(endpoint),
    project_id: project.id,
    branch_id: endpoint.branch,
    region_id: project.region,
    autoscaling_limit_min_cu: endpoint.cu.min,
    autoscaling_limit_max_cu: endpoint.cu.max,
    type: endpoint.type,
    current_state: branch?.store === undefined ? 'init' : awake ? 'active' : 'idle',
    ...(branch?.store === undefined ? { pending_state: 'active' } : {}),
    settings: endpoint.settings ?? {},
    pooler_enabled: false,
    pooler_mode: 'transaction',
    disabled: endpoint.disabled,
    passwordless_access: true,
    creation_source: 'console',
    created_at: endpoint.created,
    updated_at: endpoint.updated,
    ...(endpoint.started === undefined ? {} : { started_at: endpoint.started, last_active: endpoint.started }),
    ...(endpoint.suspended === undefined || awake ? {} : { suspended_at: endpoint.suspended }),
    proxy_host: '127.0.0.1',
    suspend_timeout_seconds: endpoint.suspendAfter,
    provisioner: 'k8s-neonvm',
  };
}

/** Adds an endpoint with its doors open; refuses a second read-write one. */
export async function newEndpoint(
  ground: Pick<Ground, 'world' | 'doors'>,
  project: Project,
  branch: Branch,
  wanted: Json,
): Promise<Endpoint> {
  const type = needed(wanted, 'type', 'string');
  if (type !== 'read_write' && type !== 'read_only') throw new Refusal(400, 'endpoint type must be read_write or read_only');
  if (type === 'read_write' && endpointsOf(project, branch).some((endpoint) => endpoint.type === type))
    throw new Refusal(409, 'read-write endpoint already exists for the branch');
  const name = field(wanted, 'name', 'string');
  const now = tick(ground.world);
  const endpoint: Endpoint = {
    id: newId('ep'),
    ...(name === undefined ? {} : { name }),
    branch: branch.id,
    type,
    created: now,
    updated: now,
    disabled: field(wanted, 'disabled', 'boolean') ?? false,
    cu: { min: field(wanted, 'autoscaling_limit_min_cu', 'number') ?? 0.25, max: field(wanted, 'autoscaling_limit_max_cu', 'number') ?? 2 },
    suspendAfter: field(wanted, 'suspend_timeout_seconds', 'number') ?? 0,
    settings: wanted['settings'],
    ports: { direct: 0, pooled: 0 },
  };
  await ground.doors.open(endpoint);
  project.endpoints.set(endpoint.id, endpoint);
  return endpoint;
}

/** The step in which the endpoint's branch begins to answer. */
export const starting = ({ world, stores }: Ground, branch: Branch, endpoint: Endpoint): Step => ({
  action: 'start_compute',
  branch: branch.id,
  endpoint: endpoint.id,
  work: async () => {
    await stores.wake(storeOf(branch).id);
    endpoint.started = tick(world);
  },
});

const suspending = ({ world, stores }: Ground, branch: Branch, endpoint: Endpoint): Step => ({
  action: 'suspend_compute',
  branch: branch.id,
  endpoint: endpoint.id,
  work: async () => {
    await stores.sleep(storeOf(branch).id);
    endpoint.suspended = tick(world);
  },
});

function endpointNamed({ project, call }: InProject): Endpoint {
  const endpoint = project.endpoints.get(call.params['endpoint'] ?? '');
  if (endpoint === undefined || project.branches.get(endpoint.branch)?.deleted !== undefined) throw new Refusal(404, 'endpoint not found');
  return endpoint;
}

type Plan = (ground: Ground, branch: Branch, endpoint: Endpoint) => Step[];

function withOperations(asked: InProject, plan: Plan): { body: unknown } {
  const endpoint = endpointNamed(asked);
  const operations = asked.operations.start(asked.project, plan(asked, branchNamed(asked.project, endpoint.branch), endpoint));
  return { body: { endpoint: viewEndpoint(asked, asked.project, endpoint), operations } };
}

function changed(world: World, endpoint: Endpoint, wanted: Json): void {
  const name = field(wanted, 'name', 'string');
  if (name !== undefined) endpoint.name = name;
  endpoint.disabled = field(wanted, 'disabled', 'boolean') ?? endpoint.disabled;
  endpoint.cu.min = field(wanted, 'autoscaling_limit_min_cu', 'number') ?? endpoint.cu.min;
  endpoint.cu.max = field(wanted, 'autoscaling_limit_max_cu', 'number') ?? endpoint.cu.max;
  endpoint.suspendAfter = field(wanted, 'suspend_timeout_seconds', 'number') ?? endpoint.suspendAfter;
  if (isObject(wanted['settings'])) endpoint.settings = wanted['settings'];
  endpoint.updated = tick(world);
}

function update(asked: InProject): { body: unknown } {
  const endpoint = endpointNamed(asked);
  changed(asked.world, endpoint, inner(asked.call, 'endpoint'));
  const apply = { action: 'apply_config', branch: endpoint.branch, endpoint: endpoint.id };
  return withOperations(asked, (ground, branch) => [apply, ...(endpoint.disabled ? [suspending(ground, branch, endpoint)] : [])]);
}

async function remove(asked: InProject): Promise<{ body: unknown }> {
  const { project } = asked;
  const endpoint = endpointNamed(asked);
  const branch = branchNamed(project, endpoint.branch);
  if (branch.protected && endpoint.type === 'read_write')
    throw new Refusal(422, 'cannot delete the read-write endpoint of a protected branch');
  const shown = viewEndpoint(asked, project, endpoint);
  await asked.stores.sleep(storeOf(branch).id);
  await dropEndpoint(asked, project, endpoint.id);
  const operations = asked.operations.start(project, [{ action: 'suspend_compute', branch: branch.id, endpoint: endpoint.id }]);
  return { body: { endpoint: shown, operations } };
}

async function create(asked: InProject): Promise<{ status: number; body: unknown }> {
  const wanted = inner(asked.call, 'endpoint');
  const branch = branchNamed(asked.project, needed(wanted, 'branch_id', 'string'));
  const endpoint = await newEndpoint(asked, asked.project, branch, wanted);
  const operations = asked.operations.start(asked.project, [starting(asked, branch, endpoint)]);
  return { status: 201, body: { endpoint: viewEndpoint(asked, asked.project, endpoint), operations } };
}

const listed = (ground: Ground, project: Project, branches: readonly Branch[]): { body: unknown } => ({
  body: {
    endpoints: branches.flatMap((branch) => endpointsOf(project, branch)).map((endpoint) => viewEndpoint(ground, project, endpoint)),
  },
});

export function endpointRoutes(ground: Ground): Route[] {
  const one = '/endpoints/:endpoint';
  return [
    inProject(ground, 'GET', '/endpoints', (asked) => listed(asked, asked.project, alive(asked.project))),
    inBranch(ground, 'GET', '/endpoints', (asked) => listed(asked, asked.project, [asked.branch])),
    inProject(ground, 'POST', '/endpoints', create),
    inProject(ground, 'GET', one, (asked) => ({ body: { endpoint: viewEndpoint(asked, asked.project, endpointNamed(asked)) } })),
    inProject(ground, 'PATCH', one, update),
    inProject(ground, 'DELETE', one, remove),
    inProject(ground, 'POST', `${one}/start`, (asked) => withOperations(asked, (at, branch, endpoint) => [starting(at, branch, endpoint)])),
    inProject(ground, 'POST', `${one}/suspend`, (asked) =>
      withOperations(asked, (at, branch, endpoint) => [suspending(at, branch, endpoint)]),
    ),
    inProject(ground, 'POST', `${one}/restart`, (asked) =>
      withOperations(asked, (at, branch, endpoint) => [suspending(at, branch, endpoint), starting(at, branch, endpoint)]),
    ),
  ];
}
