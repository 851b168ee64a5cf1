import type { Call, Route } from '../server/cloud.ts';
import { connectionUris, viewBranch, viewDatabase, viewRole } from './branch-views.ts';
import { newEndpoint, starting, viewEndpoint } from './endpoints.ts';
import { field, hasMore, inner, isObject, type Json, moment, paged, Refusal, type Success, title } from './envelope.ts';
import { branchNamed, type Ground, type InBranch, inBranch, type InProject, inProject, storeOf } from './gate.ts';
import { assertInHistory, copies, grow, pointOf, renewPasswords } from './growth.ts';
import { alive, type Branch, children, type Endpoint, endpointsOf, newId, type Project, rootBranch, tick, type World } from './state.ts';
import { collect, dropEndpoint, hardDelete, softDelete } from './sweep.ts';

/** A branch lives at most so many days when it is to end by itself. */
const MOST_DAYS = 30;

export function expiry(text: string): { expires: string; ttl: number } {
  const expires = moment(text, 'expires_at');
  const ttl = Math.round((Date.parse(expires) - Date.now()) / 1000);
  if (ttl <= 0) throw new Refusal(400, 'expires_at must be in the future');
  if (ttl > MOST_DAYS * 24 * 3600) throw new Refusal(400, `expires_at must be within ${MOST_DAYS} days`);
  return { expires, ttl };
}

export function assertNameIsFree(project: Project, name: string, self?: Branch): void {
  if (alive(project).some((branch) => branch.name === name && branch !== self))
    throw new Refusal(409, 'branch already exists', 'BRANCH_ALREADY_EXISTS');
}

/** A branch like `parent`, without data yet. */
export function newBranch(world: World, project: Project, parent: Branch, name: string): Branch {
  const now = tick(world);
  const branch: Branch = {
    id: newId('br'),
    name,
    parent: parent.id,
    created: now,
    updated: now,
    state: 'init',
    stateSince: now,
    default: false,
    protected: false,
    source: 'parent-data',
    size: parent.size,
    roles: copies(parent.roles),
    databases: copies(parent.databases),
  };
  project.branches.set(branch.id, branch);
  return branch;
}

export function forget(ground: Ground, project: Project, branch: Branch): void {
  for (const { id } of endpointsOf(project, branch)) void dropEndpoint(ground, project, id);
  project.branches.delete(branch.id);
  void collect(ground);
}

function describe(world: World, project: Project, parent: Branch, wanted: Json): Branch {
  const source = field(wanted, 'init_source', 'string') ?? 'parent-data';
  if (source !== 'parent-data' && source !== 'schema-only') throw new Refusal(400, 'init_source must be parent-data or schema-only');
  const until = field(wanted, 'expires_at', 'string');
  const end = until === undefined ? {} : expiry(until);
  const name = title(wanted, `branch-${newId('').slice(0, -9)}-${Date.now().toString(36)}`);
  assertNameIsFree(project, name);
  const branch = newBranch(world, project, parent, name);
  Object.assign(branch, end, { source, protected: field(wanted, 'protected', 'boolean') ?? false });
  // A schema-only branch is a root of its own.
  if (source === 'schema-only') delete branch.parent;
  return branch;
}

async function create(asked: InProject): Promise<Success> {
  const { call, project, world } = asked;
  const wanted = inner(call, 'branch', true);
  const from = field(wanted, 'parent_id', 'string');
  const parent = from === undefined || from === '' ? rootBranch(project) : branchNamed(project, from);
  if (parent === undefined) throw new Refusal(404, 'branch not found');
  const time = field(wanted, 'parent_timestamp', 'string');
  const point = pointOf(field(wanted, 'parent_lsn', 'string'), time);
  assertInHistory(asked, storeOf(parent), point);
  const branch = describe(world, project, parent, wanted);
  if (time !== undefined && branch.source === 'parent-data') branch.parentTime = moment(time, 'parent_timestamp');
  const renewed = parent.protected ? renewPasswords(branch) : [];
  const endpoints: Endpoint[] = [];
  const asks = isObject(call.body) && Array.isArray(call.body['endpoints']) ? call.body['endpoints'].filter(isObject) : [];
  for (const ask of asks) endpoints.push(await newEndpoint(asked, project, branch, ask));
  const made = { action: 'create_branch', branch: branch.id, work: () => grow(asked, { branch, parent, point, renewed }) };
  const shown = viewBranch(project, branch);
  const operations = asked.operations.start(project, [made, ...endpoints.map((endpoint) => starting(asked, branch, endpoint))], () =>
    forget(asked, project, branch),
  );
  const uris = connectionUris(
    branch,
    endpoints.find(({ type }) => type === 'read_write'),
  );
  return {
    status: 201,
    body: {
      branch: shown,
      endpoints: endpoints.map((endpoint) => viewEndpoint(asked, project, endpoint)),
      operations,
      roles: [...branch.roles.values()].map((role) => viewRole(branch, role)),
      databases: [...branch.databases.values()].map((database) => viewDatabase(branch, database)),
      ...(uris.length === 0 ? {} : { connection_uris: uris }),
    },
  };
}

const SORTS = new Map<string, (branch: Branch) => string>([
  ['name', ({ name }) => name],
  ['created_at', ({ created }) => created],
  ['updated_at', ({ updated }) => updated],
]);

function sorted(call: Call, branches: readonly Branch[]): { all: Branch[]; by: string; order: string } {
  const by = call.query.get('sort_by') ?? 'updated_at';
  const order = call.query.get('sort_order') ?? 'desc';
  const key = SORTS.get(by);
  if (key === undefined) throw new Refusal(400, 'invalid sort_by');
  const up = branches.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  return { all: order === 'asc' ? up : up.toReversed(), by, order };
}

const matching = (call: Call, branches: readonly Branch[]): Branch[] => {
  const search = call.query.get('search')?.toLowerCase() ?? '';
  return branches.filter(({ id, name }) => id.includes(search) || name.toLowerCase().includes(search));
};

function list({ call, project }: InProject): Success {
  const visible = call.query.get('include_deleted') === 'true' ? [...project.branches.values()] : alive(project);
  const { all, by, order } = sorted(call, matching(call, visible));
  const { items, next } = paged(call, all, { fallback: 10_000, most: 10_000 });
  const pagination = { ...(hasMore(all, items) ? { next } : {}), sort_by: by, sort_order: order };
  return { body: { branches: items.map((branch) => viewBranch(project, branch)), annotations: {}, pagination } };
}

function setExpiry(project: Project, branch: Branch, wanted: Json): void {
  if (!('expires_at' in wanted)) return;
  delete branch.expires;
  delete branch.ttl;
  if (wanted['expires_at'] === null) return;
  if (branch.default || branch.protected || children(project, branch).length > 0)
    throw new Refusal(422, 'cannot set an expiration on a default, protected or parent branch');
  Object.assign(branch, expiry(field(wanted, 'expires_at', 'string') ?? ''));
}

function update({ call, project, branch, world }: InBranch): Success {
  const wanted = inner(call, 'branch');
  const name = title(wanted, branch.name);
  assertNameIsFree(project, name, branch);
  setExpiry(project, branch, wanted);
  branch.name = name;
  branch.protected = field(wanted, 'protected', 'boolean') ?? branch.protected;
  branch.updated = tick(world);
  return { body: { branch: viewBranch(project, branch), operations: [] } };
}

async function remove(asked: InProject): Promise<Success> {
  const { call, project, world } = asked;
  const branch = project.branches.get(call.params['branch'] ?? '');
  const hard = call.query.get('hard_delete') === 'true';
  if (branch === undefined || (branch.deleted !== undefined && !hard)) return {};
  if (branch.default) throw new Refusal(422, 'cannot delete the default branch');
  if (alive(project).every(({ id, parent }) => id === branch.id || parent !== undefined))
    throw new Refusal(422, 'cannot delete the root branch');
  if (branch.protected) throw new Refusal(422, 'cannot delete a protected branch');
  if (children(project, branch).length > 0) throw new Refusal(422, 'cannot delete branch that has child branches');
  const shown = viewBranch(project, branch);
  const suspends = endpointsOf(project, branch).map(({ id }) => ({ action: 'suspend_compute', branch: branch.id, endpoint: id }));
  await softDelete(asked, branch, tick(world), 'user');
  const work = async (): Promise<void> => {
    if (hard) await hardDelete(asked, project, branch);
  };
  const operations = asked.operations.start(project, [...suspends, { action: 'delete_timeline', branch: branch.id, work }]);
  return { body: { branch: shown, operations } };
}

function recover(asked: InProject): Success {
  const { call, project, world } = asked;
  const branch = project.branches.get(call.params['branch'] ?? '');
  if (branch?.deleted === undefined) throw new Refusal(404, 'branch not found');
  assertNameIsFree(project, branch.name);
  if (branch.parent !== undefined && project.branches.get(branch.parent)?.deleted !== undefined)
    throw new Refusal(422, 'cannot recover a branch whose parent is deleted');
  delete branch.deleted;
  delete branch.expires;
  delete branch.ttl;
  branch.updated = tick(world);
  const endpoints = endpointsOf(project, branch).map((endpoint) => viewEndpoint(asked, project, endpoint));
  return { body: { branch: viewBranch(project, branch), endpoints } };
}

function makeDefault({ project, branch, world }: InBranch): Success {
  for (const other of project.branches.values()) other.default = other === branch;
  branch.updated = tick(world);
  return { body: { branch: viewBranch(project, branch), operations: [] } };
}

/** https://api-docs.neon.tech/reference/createprojectbranch and its neighbours, last verified 2026-11-21. */
export function branchRoutes(ground: Ground): Route[] {
  return [
    inProject(ground, 'POST', '/branches', create),
    inProject(ground, 'GET', '/branches', list),
    inProject(ground, 'GET', '/branches/count', ({ call, project }) => ({ body: { count: matching(call, alive(project)).length } })),
    inBranch(ground, 'GET', '', ({ project, branch }) => ({
      body: { branch: viewBranch(project, branch), annotation: { object: { type: 'console/branch', id: branch.id }, value: {} } },
    })),
    inBranch(ground, 'PATCH', '', update),
    inProject(ground, 'DELETE', '/branches/:branch', remove),
    inProject(ground, 'POST', '/branches/:branch/recover', recover),
    inBranch(ground, 'POST', '/set_as_default', makeDefault),
  ];
}
