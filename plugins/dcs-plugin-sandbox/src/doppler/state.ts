import { randomBytes } from 'node:crypto';

export type Visibility = 'masked' | 'unmasked' | 'restricted';

export interface Stored {
  value: string;
  visibility: Visibility;
  type: string;
}

export interface Diff {
  name: string;
  added: string | null;
  removed: string | null;
}

export interface Log {
  id: string;
  text: string;
  created: string;
  user: string;
  rollback: boolean;
  diff: Diff[];
}

/** `secrets` are its own; a branch config also shows those of its root. Logs stand newest first. */
export interface Config {
  name: string;
  project: string;
  environment: string;
  root: boolean;
  locked: boolean;
  owner: string | null;
  created: string;
  fetched: string | null;
  secrets: Map<string, Stored>;
  logs: Log[];
}

export interface Environment {
  slug: string;
  name: string;
  created: string;
}

export interface Webhook {
  id: string;
  name: string | null;
  url: string;
  enabled: boolean;
  enabledConfigs: string[];
  /** Signs the deliveries. */
  secret: string | null;
  authentication: Authentication;
  /** JSON that takes the default payload's place. */
  payload: string | null;
}

/** How a webhook signs in at its receiver. */
export interface Authentication {
  type: 'None' | 'Bearer' | 'Basic';
  token?: string;
  username?: string;
  password?: string;
}

/** One of Doppler's own pipes from a config to a platform. */
export interface Sync {
  slug: string;
  enabled: boolean;
  lastSyncedAt: string | null;
  project: string;
  config: string;
}

export interface Integration {
  slug: string;
  name: string;
  type: string;
  enabled: boolean;
  syncs: Map<string, Sync>;
}

export interface Project {
  name: string;
  description: string;
  created: string;
  environments: Map<string, Environment>;
  configs: Map<string, Config>;
  notes: Map<string, string>;
  webhooks: Map<string, Webhook>;
}

export type Kind = 'pt' | 'ct' | 'st' | 'sa' | 'said' | 'scim' | 'audit';

export interface Token {
  value: string;
  kind: Kind;
  slug: string;
  name: string;
  created: string;
  expires: string | null;
  /** Of a service token: its one config. */
  project: string | null;
  config: string | null;
  access: 'read' | 'read/write';
  /** Of a service account: the projects it may use. */
  grants: string[];
}

export interface Login {
  code: string;
  polling: string;
  confirmed: boolean;
}

export interface Activity {
  id: string;
  text: string;
  created: string;
  project: string | null;
  config: string | null;
}

/** The watch is for the paid ones: https://github.com/DopplerHQ/cli/issues/378, last verified 2026-11-21. */
export type Tier = 'developer' | 'team';

export interface Limits {
  reads: number;
  secretReads: number;
  writes: number;
}

/** Everything the sandbox's Doppler remembers. */
export interface World {
  workplace: string;
  projects: Map<string, Project>;
  /** By token value. */
  tokens: Map<string, Token>;
  /** Service account identities: uuid -> projects. */
  identities: Map<string, string[]>;
  /** Of the workplace, by slug. */
  integrations: Map<string, Integration>;
  logins: Login[];
  activity: Activity[];
  limits: Limits | null;
  tier: Tier;
}

/** The one person of the sandbox. */
export const USER = 'you@sandbox.example';

export const emptyWorld = (): World => ({
  workplace: 'acme',
  projects: new Map(),
  tokens: new Map(),
  identities: new Map(),
  integrations: new Map(),
  logins: [],
  activity: [],
  limits: null,
  tier: 'team',
});

export const now = (): string => new Date().toISOString();
export const id = (bytes = 9): string => randomBytes(bytes).toString('base64url').replaceAll(/[-_]/g, 'x');
export const tokenBody = (): string =>
  randomBytes(60)
    .toString('base64')
    .replaceAll(/[^a-zA-Z0-9]/g, '')
    .slice(0, 40)
    .padEnd(40, 'x');

export function newToken(fields: Pick<Token, 'value' | 'kind' | 'name'> & Partial<Token>): Token {
  return { slug: id(), created: now(), expires: null, project: null, config: null, access: 'read/write', grants: [], ...fields };
}

export function record(world: World, text: string, config?: Config): void {
  world.activity.unshift({ id: id(), text, created: now(), project: config?.project ?? null, config: config?.name ?? null });
}

export function newConfig(project: Project, environment: string, name: string, owner: string | null = null): Config {
  const config: Config = {
    name,
    project: project.name,
    environment,
    root: name === environment,
    locked: false,
    owner,
    created: now(),
    fetched: null,
    secrets: new Map(),
    logs: [],
  };
  project.configs.set(name, config);
  return config;
}

/** An environment comes with its root config and, when asked, with the user's personal one. */
export function newEnvironment(project: Project, slug: string, name: string, personal: boolean): Environment {
  const environment = { slug, name, created: now() };
  project.environments.set(slug, environment);
  newConfig(project, slug, slug);
  if (personal) newConfig(project, slug, `${slug}_personal`, USER);
  return environment;
}

export function newProject(world: World, name: string, description: string): Project {
  const project: Project = {
    name,
    description,
    created: now(),
    environments: new Map(),
    configs: new Map(),
    notes: new Map(),
    webhooks: new Map(),
  };
  world.projects.set(name, project);
  newEnvironment(project, 'dev', 'Development', true);
  newEnvironment(project, 'stg', 'Staging', false);
  newEnvironment(project, 'prd', 'Production', false);
  return project;
}
