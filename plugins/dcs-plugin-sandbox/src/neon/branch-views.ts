import type { Json } from './envelope.ts';
import type { Branch, Database, Endpoint, Project, Role } from './state.ts';
import { connectionOf } from './uri.ts';

/** Times that clients set carry seconds only. */
export const seconds = (time: string): string => time.replace(/\.\d+Z$/, 'Z');

export const viewBranch = (project: Project, branch: Branch): Json => ({
  id: branch.id,
  project_id: project.id,
  ...(branch.parent === undefined ? {} : { parent_id: branch.parent }),
  ...(branch.parentLsn === undefined ? {} : { parent_lsn: branch.parentLsn }),
  ...(branch.parentTime === undefined ? {} : { parent_timestamp: branch.parentTime }),
  name: branch.name,
  current_state: branch.state,
  ...(branch.state === 'init' || branch.state === 'resetting' ? { pending_state: 'ready' } : {}),
  state_changed_at: branch.stateSince,
  logical_size: branch.size,
  creation_source: 'console',
  primary: branch.default,
  default: branch.default,
  protected: branch.protected,
  init_source: branch.source,
  cpu_used_sec: 0,
  compute_time_seconds: 0,
  active_time_seconds: 0,
  written_data_bytes: 0,
  data_transfer_bytes: 0,
  created_at: branch.created,
  updated_at: branch.updated,
  ...(branch.expires === undefined ? {} : { expires_at: seconds(branch.expires), ttl_interval_seconds: branch.ttl }),
  ...(branch.reset === undefined ? {} : { last_reset_at: branch.reset }),
  ...(branch.restore === undefined
    ? {}
    : { restore_status: branch.restore.status, restored_from: branch.restore.from, restored_as: branch.restore.replaces }),
  ...(branch.deleted === undefined
    ? {}
    : { recovery: { deleted_at: branch.deleted.at, recoverable_until: branch.deleted.until, deletion_method: branch.deleted.method } }),
  created_by: { name: 'You', image: '' },
});

export const viewRole = (branch: Branch, role: Role, withPassword = false): Json => ({
  branch_id: branch.id,
  name: role.name,
  ...(withPassword && role.login ? { password: role.password } : {}),
  protected: false,
  authentication_method: role.login ? 'password' : 'no_login',
  created_at: role.created,
  updated_at: role.updated,
});

export const viewDatabase = (branch: Branch, database: Database): Json => ({
  id: database.id,
  branch_id: branch.id,
  name: database.name,
  owner_name: database.owner,
  created_at: database.created,
  updated_at: database.updated,
});

/** Given only where there is no choice to make: one role, one database, an endpoint. */
export function connectionUris(branch: Branch, endpoint: Endpoint | undefined): Json[] {
  const [role, ...otherRoles] = [...branch.roles.values()].filter(({ login }) => login);
  const [database, ...otherDatabases] = branch.databases.values();
  if (endpoint === undefined || role === undefined || database === undefined) return [];
  if (otherRoles.length > 0 || otherDatabases.length > 0) return [];
  return [connectionOf(endpoint, { role: role.name, password: role.password, database: database.name })];
}
