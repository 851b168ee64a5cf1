import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { Store } from './postgres/stores.ts';

export interface Org {
  id: string;
  name: string;
  created: string;
}

/** A `user` key reaches every organization, an `org` key its own, one with a `project` nothing else. */
export interface Key {
  id: number;
  name: string;
  kind: 'user' | 'org';
  org?: string;
  project?: string;
  created: string;
  lastUsed?: string;
}

export interface Role {
  name: string;
  password: string;
  login: boolean;
  created: string;
  updated: string;
}

export interface Database {
  id: number;
  name: string;
  owner: string;
  created: string;
  updated: string;
}

export interface Deletion {
  at: string;
  until: string;
  method: 'user' | 'ttl';
}

export interface Branch {
  id: string;
  name: string;
  parent?: string;
  parentLsn?: string;
  parentTime?: string;
  created: string;
  updated: string;
  state: 'init' | 'ready' | 'resetting' | 'archived';
  stateSince: string;
  default: boolean;
  protected: boolean;
  source: 'parent-data' | 'schema-only';
  expires?: string;
  ttl?: number;
  reset?: string;
  restore?: { status: 'restored' | 'finalized'; from: string; replaces?: string };
  size: number;
  /** Where its data is; none until the first operation has finished. */
  store?: string;
  roles: Map<string, Role>;
  databases: Map<string, Database>;
  deleted?: Deletion;
}

export interface Endpoint {
  id: string;
  name?: string;
  branch: string;
  type: 'read_write' | 'read_only';
  created: string;
  updated: string;
  disabled: boolean;
  cu: { min: number; max: number };
  suspendAfter: number;
  settings: unknown;
  /** On 127.0.0.1: what the vendor tells apart by host names. */
  ports: { direct: number; pooled: number };
  started?: string;
  suspended?: string;
}

export interface Operation {
  id: string;
  branch?: string;
  endpoint?: string;
  action: string;
  status: 'scheduling' | 'running' | 'finished' | 'failed' | 'cancelled';
  error?: string;
  created: string;
  updated: string;
  ms: number;
}

export interface Snapshot {
  id: string;
  name: string;
  branch: string;
  /** None until its operation has finished. */
  store?: string;
  lsn?: string;
  time?: string;
  created: string;
  expires?: string;
  roles: Map<string, Role>;
  databases: Map<string, Database>;
}

export interface Project {
  id: string;
  name: string;
  org: string;
  region: string;
  version: number;
  storesPasswords: boolean;
  retention: number;
  settings: unknown;
  defaults: unknown;
  created: string;
  updated: string;
  deleted?: { at: string; until: string };
  branches: Map<string, Branch>;
  endpoints: Map<string, Endpoint>;
  /** Oldest first. */
  operations: Operation[];
  snapshots: Map<string, Snapshot>;
}

/** Everything the sandbox's Neon remembers; the clusters stand beside it on disk. */
export interface World {
  user: string;
  orgs: Map<string, Org>;
  /** By the key itself. */
  keys: Map<string, Key>;
  projects: Map<string, Project>;
  stores: Map<string, Store>;
  /** Of every cluster's superuser. */
  password: string;
  serial: number;
  clock: number;
}

export const emptyWorld = (): World => ({
  user: randomUUID(),
  orgs: new Map(),
  keys: new Map(),
  projects: new Map(),
  stores: new Map(),
  password: randomBytes(24).toString('base64url'),
  serial: 1000,
  clock: 0,
});

/** Strictly increasing, so that two changes never carry the same time. */
export function tick(world: World): string {
  world.clock = Math.max(Date.now(), world.clock + 1);
  return new Date(world.clock).toISOString();
}

export const later = (time: string, seconds: number): string => new Date(Date.parse(time) + seconds * 1000).toISOString();

const HUES = [
  'bold',
  'calm',
  'cool',
  'dawn',
  'green',
  'late',
  'misty',
  'odd',
  'quiet',
  'red',
  'shiny',
  'spring',
  'sweet',
  'wild',
  'winter',
];
const THINGS = [
  'boat',
  'brook',
  'cloud',
  'field',
  'fire',
  'forest',
  'grass',
  'hill',
  'lake',
  'moon',
  'rain',
  'river',
  'sky',
  'tree',
  'wind',
];
const oneOf = (words: readonly string[]): string => words[randomInt(words.length)] ?? '';

/** `br-cool-forest-a1b2c3d4`; without a prefix, digits at the end, as projects have them. */
export function newId(prefix: '' | 'br' | 'ep' | 'snap' | 'org'): string {
  const end = prefix === '' ? String(randomInt(10_000_000, 99_999_999)) : `a${randomBytes(4).toString('hex').slice(0, 7)}`;
  return [...(prefix === '' ? [] : [prefix]), oneOf(HUES), oneOf(THINGS), end].join('-');
}

export const newPassword = (): string => `npg_${randomBytes(18).toString('base64').replaceAll(/[+/]/g, '').slice(0, 16)}`;
export const newKey = (): string => `napi_${randomBytes(48).toString('base64').replaceAll(/[+/=]/g, '').toLowerCase().slice(0, 64)}`;

export const rootBranch = (project: Project): Branch | undefined => [...project.branches.values()].find((branch) => branch.default);
export const alive = (project: Project): Branch[] => [...project.branches.values()].filter(({ deleted }) => deleted === undefined);
export const endpointsOf = (project: Project, branch: Branch): Endpoint[] =>
  [...project.endpoints.values()].filter((endpoint) => endpoint.branch === branch.id);
export const children = (project: Project, branch: Branch): Branch[] => alive(project).filter(({ parent }) => parent === branch.id);
export const addStore = (world: World, store: Store): string => {
  world.stores.set(store.id, store);
  return store.id;
};
