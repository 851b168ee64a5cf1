import { randomBytes, randomInt } from 'node:crypto';
import { type Json, newPolicyEtag } from './envelope.ts';

export interface Binding {
  role: string;
  members: string[];
  condition?: Json;
}

/** `before` is what counted until `at`: grants are eventually consistent. */
export interface Policy {
  bindings: Binding[];
  etag: string;
  at: number;
  before: Binding[];
}

export type State = 'ENABLED' | 'DISABLED' | 'DESTROYED';

/** `data` is base64, and gone when destroyed. The newest of `states` is the true one; older ones are what a stale list tells. */
export interface Version {
  number: number;
  at: number;
  data: string;
  /** The writer sent a checksum. */
  checked: boolean;
  etag: string;
  states: { at: number; state: State }[];
  destroyAt?: number;
}

/** `location` is empty for a global secret. Versions stand oldest first. */
export interface Secret {
  id: string;
  location: string;
  at: number;
  etag: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  replication: Json;
  topics: string[];
  aliases: Record<string, number>;
  rotation: Json | null;
  expires: number | null;
  versionDestroyTtl: string | null;
  policy: Policy;
  versions: Version[];
}

/** `keys` are public keys (PEM) by id. */
export interface ServiceAccount {
  at: number;
  email: string;
  displayName: string;
  uniqueId: string;
  keys: Map<string, string>;
  policy: Policy;
}

/** `failure` is why it never became ready; until `operation` is done nobody knows. */
export interface Revision {
  name: string;
  at: number;
  template: Json;
  operation: string;
  failure: Failure | null;
}

/** A Cloud Run service or job. `spec` is what callers write; revisions stand oldest first, and a job does not show its own. */
export interface Workload {
  kind: 'services' | 'jobs';
  id: string;
  location: string;
  at: number;
  updated: number;
  uid: string;
  generation: number;
  etag: string;
  spec: Json;
  revisions: Revision[];
  policy: Policy;
}

/** A function of either generation, in the shape of API v2. `revisions` are its deployments, oldest first. */
export interface CloudFunction {
  generation: 1 | 2;
  id: string;
  location: string;
  at: number;
  updated: number;
  spec: Json;
  revisions: Revision[];
  policy: Policy;
}

/** A backend of App Hosting. */
export interface Backend {
  id: string;
  location: string;
  at: number;
  serviceAccount: string;
}

export interface Failure {
  code: number;
  message: string;
}

/** What it works on: `key` is that of the project's map, empty where the target is the project itself. */
export interface Operation {
  name: string;
  project: string;
  kind: 'services' | 'jobs' | 'functions' | 'functions1' | 'apis';
  key: string;
  /** The moment from which it is done. */
  ends: number;
  failure: Failure | null;
  at: number;
}

export interface Project {
  id: string;
  number: string;
  name: string;
  at: number;
  /** Enabled APIs, such as `secretmanager.googleapis.com`, and the operation that enables each. */
  apis: Map<string, string>;
  policy: Policy;
  /** By `location/id`. */
  secrets: Map<string, Secret>;
  /** Deleted secrets, which a stale list still shows. */
  deleted: { secret: Secret; at: number }[];
  accounts: Map<string, ServiceAccount>;
  /** By `services/location/id` or `jobs/location/id`. */
  workloads: Map<string, Workload>;
  /** By `location/id`. */
  functions: Map<string, CloudFunction>;
  /** App Hosting's, by `location/id`. */
  backends: Map<string, Backend>;
  /** Legacy configs and their variables; the names of variables may hold slashes. */
  runtimeConfig: Map<string, Map<string, string>>;
}

export interface Token {
  member: string;
  /** Milliseconds, or null for one that does not expire. */
  expires: number | null;
}

/** Requests a minute and project; `perSecret` and `perVersion` are writes a second. */
export interface Limits {
  accesses: number;
  reads: number;
  writes: number;
  perSecret: number;
  perVersion: number;
}

/** Everything the sandbox's Google Cloud remembers. */
export interface World {
  projects: Map<string, Project>;
  /** By access token. */
  tokens: Map<string, Token>;
  /** Who a refresh token stands for. */
  refreshTokens: Map<string, string>;
  /** Workload identity providers: the issuer each trusts, by audience. */
  providers: Map<string, string>;
  limits: Limits | null;
  /** How far eventually consistent answers are behind, in milliseconds. */
  lag: number;
  /** While not null, eventually consistent answers are of this moment. */
  held: number | null;
  operations: Map<string, Operation>;
  /** Milliseconds from the start of an operation to its end. */
  operationTime: number;
  /** What the next operation ends with. */
  nextFailure: string | null;
  /** The last moment handed out. */
  clock: number;
}

export const emptyWorld = (): World => ({
  projects: new Map(),
  tokens: new Map(),
  refreshTokens: new Map(),
  providers: new Map(),
  limits: null,
  lag: 0,
  held: null,
  operations: new Map(),
  operationTime: 0,
  nextFailure: null,
  clock: 0,
});

/** Milliseconds, strictly increasing: no two changes have the same moment. */
export function tick(world: World): number {
  world.clock = Math.max(Date.now(), world.clock + 1);
  return world.clock;
}

export const stamp = (at: number): string => new Date(at).toISOString().replace('Z', '000Z');

/** The moment that eventually consistent answers are of. */
export const horizon = (world: World): number => world.held ?? Math.max(Date.now(), world.clock) - world.lag;

export const newPolicy = (world: World, bindings: Binding[] = []): Policy => ({
  bindings,
  etag: newPolicyEtag(),
  at: tick(world),
  before: bindings,
});

export function addProject(world: World, id: string, number: string, name: string): Project {
  const project: Project = {
    id,
    number,
    name,
    at: tick(world),
    apis: new Map(),
    policy: newPolicy(world),
    secrets: new Map(),
    deleted: [],
    accounts: new Map(),
    workloads: new Map(),
    functions: new Map(),
    backends: new Map(),
    runtimeConfig: new Map(),
  };
  world.projects.set(id, project);
  return project;
}

export function addServiceAccount(world: World, project: Project, email: string): ServiceAccount {
  const uniqueId = `1${Array.from({ length: 20 }, () => randomInt(10)).join('')}`;
  const account: ServiceAccount = {
    at: tick(world),
    email,
    displayName: email.split('@')[0] ?? '',
    uniqueId,
    keys: new Map(),
    policy: newPolicy(world),
  };
  project.accounts.set(email, account);
  return account;
}

export const HOUR = 3_600_000;

export function newToken(world: World, member: string, lifetime = HOUR): { value: string; expires: number } {
  const value = `ya29.c.sandbox-${randomBytes(24).toString('base64url')}`;
  const expires = Date.now() + lifetime;
  world.tokens.set(value, { member, expires });
  return { value, expires };
}

export function serviceAccount(world: World, email: string): ServiceAccount | undefined {
  for (const project of world.projects.values()) {
    const found = project.accounts.get(email);
    if (found !== undefined) return found;
  }
  return undefined;
}
