import type { Route } from '../server/cloud.ts';
import { viewDatabase, viewRole } from './branch-views.ts';
import { ContentsOf } from './contents.ts';
import { field, inner, needed, Refusal, type Success } from './envelope.ts';
import { type Ground, type InBranch, inBranch, storeOf } from './gate.ts';
import { type Database, endpointsOf, newPassword, type Role, tick } from './state.ts';

/** Runs `work` as the operation that brings a change of roles or databases to the branch's cluster. */
function applied(asked: InBranch, work: (contents: ContentsOf, store: { id: string }) => Promise<void>): unknown[] {
  const { project, branch } = asked;
  const store = storeOf(branch);
  const endpoint = endpointsOf(project, branch)[0];
  const at = endpoint === undefined ? {} : { endpoint: endpoint.id };
  branch.updated = tick(asked.world);
  return asked.operations.start(project, [
    { action: 'apply_config', branch: branch.id, ...at, work: () => work(new ContentsOf(asked.stores), store) },
  ]);
}

function nameOf(asked: InBranch, what: 'role' | 'database'): string {
  const name = needed(inner(asked.call, what), 'name', 'string');
  if (Buffer.byteLength(name) > 63) throw new Refusal(400, `${what} name cannot exceed 63 bytes`);
  return name;
}

function roleNamed({ branch, call }: InBranch): Role {
  const role = branch.roles.get(call.params['role'] ?? '');
  if (role === undefined) throw new Refusal(404, 'role not found');
  return role;
}

function createRole(asked: InBranch): Success {
  const { branch, call, project, world } = asked;
  const name = nameOf(asked, 'role');
  if (branch.roles.has(name)) throw new Refusal(409, 'role already exists');
  const now = tick(world);
  const login = field(inner(call, 'role'), 'no_login', 'boolean') !== true;
  const role: Role = { name, password: newPassword(), login, created: now, updated: now };
  const operations = applied(asked, (contents, store) => contents.addRole(store, role));
  branch.roles.set(name, role);
  return { status: 201, body: { role: viewRole(branch, role, project.storesPasswords), operations } };
}

function deleteRole(asked: InBranch): Success {
  const { branch } = asked;
  const role = branch.roles.get(asked.call.params['role'] ?? '');
  if (role === undefined) return {};
  if ([...branch.databases.values()].some(({ owner }) => owner === role.name)) throw new Refusal(422, 'role owns databases');
  const operations = applied(asked, (contents, store) => contents.dropRole(store, branch, role.name));
  branch.roles.delete(role.name);
  return { body: { role: viewRole(branch, role), operations } };
}

function reveal(asked: InBranch): Success {
  const role = roleNamed(asked);
  if (!asked.project.storesPasswords) throw new Refusal(412, 'password storage is disabled for the project');
  if (!role.login) throw new Refusal(404, 'role has no password');
  return { body: { password: role.password } };
}

/** The new password is told at once; the old one opens until the operation has finished. */
function reset(asked: InBranch): Success {
  const { branch, world } = asked;
  const role = roleNamed(asked);
  if (!role.login) throw new Refusal(422, 'role cannot log in');
  const password = newPassword();
  const operations = applied(asked, (contents, store) => contents.setPassword(store, role.name, password));
  role.password = password;
  role.updated = tick(world);
  return { body: { role: viewRole(branch, role, true), operations } };
}

function databaseNamed({ branch, call }: InBranch): Database {
  const database = branch.databases.get(call.params['database'] ?? '');
  if (database === undefined) throw new Refusal(404, 'database not found');
  return database;
}

function assertOwner({ branch }: InBranch, owner: string): void {
  if (!branch.roles.has(owner)) throw new Refusal(404, 'owner role not found');
}

function createDatabase(asked: InBranch): Success {
  const { branch, call, world } = asked;
  const name = nameOf(asked, 'database');
  const owner = needed(inner(call, 'database'), 'owner_name', 'string');
  if (branch.databases.has(name)) throw new Refusal(409, 'database already exists');
  assertOwner(asked, owner);
  const now = tick(world);
  const database: Database = { id: ++world.serial, name, owner, created: now, updated: now };
  const operations = applied(asked, (contents, store) => contents.addDatabase(store, database));
  branch.databases.set(name, database);
  return { status: 201, body: { database: viewDatabase(branch, database), operations } };
}

function updateDatabase(asked: InBranch): Success {
  const { branch, call, world } = asked;
  const database = databaseNamed(asked);
  const wanted = inner(call, 'database');
  const next = {
    ...database,
    name: field(wanted, 'name', 'string') ?? database.name,
    owner: field(wanted, 'owner_name', 'string') ?? database.owner,
  };
  if (next.name !== database.name && branch.databases.has(next.name)) throw new Refusal(409, 'database already exists');
  assertOwner(asked, next.owner);
  const operations = applied(asked, (contents, store) => contents.alterDatabase(store, database.name, next));
  branch.databases.delete(database.name);
  branch.databases.set(next.name, { ...next, updated: tick(world) });
  return { body: { database: viewDatabase(branch, next), operations } };
}

function deleteDatabase(asked: InBranch): Success {
  const { branch } = asked;
  const database = branch.databases.get(asked.call.params['database'] ?? '');
  if (database === undefined) return {};
  const operations = applied(asked, (contents, store) => contents.dropDatabase(store, database.name));
  branch.databases.delete(database.name);
  return { body: { database: viewDatabase(branch, database), operations } };
}

/** Roles and databases of a branch. https://api-docs.neon.tech/reference/createprojectbranchrole, last verified 2026-11-21. */
export function roleRoutes(ground: Ground): Route[] {
  const role = '/roles/:role';
  const database = '/databases/:database';
  return [
    inBranch(ground, 'GET', '/roles', ({ branch }) => ({
      body: { roles: [...branch.roles.values()].map((one) => viewRole(branch, one)) },
    })),
    inBranch(ground, 'POST', '/roles', createRole),
    inBranch(ground, 'GET', role, (asked) => ({ body: { role: viewRole(asked.branch, roleNamed(asked)) } })),
    inBranch(ground, 'DELETE', role, deleteRole),
    inBranch(ground, 'GET', `${role}/reveal_password`, reveal),
    inBranch(ground, 'POST', `${role}/reset_password`, reset),
    inBranch(ground, 'GET', '/databases', ({ branch }) => ({
      body: { databases: [...branch.databases.values()].map((one) => viewDatabase(branch, one)) },
    })),
    inBranch(ground, 'POST', '/databases', createDatabase),
    inBranch(ground, 'GET', database, (asked) => ({ body: { database: viewDatabase(asked.branch, databaseNamed(asked)) } })),
    inBranch(ground, 'PATCH', database, updateDatabase),
    inBranch(ground, 'DELETE', database, deleteDatabase),
  ];
}
