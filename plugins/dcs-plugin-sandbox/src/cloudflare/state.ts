import { randomBytes } from 'node:crypto';

/** One entry of a Worker's environment. Values of `secret_*` kinds leave only through the sandbox's own peek route. */
export interface Binding {
  type: string;
  text: string;
}

export interface Author {
  email: string;
  id: string;
}

export interface Version {
  id: string;
  number: number;
  created: string;
  author: Author;
  source: string;
  annotations: Record<string, string>;
  bindings: Map<string, Binding>;
}

export interface Deployment {
  id: string;
  created: string;
  source: string;
  author: Author;
  annotations: Record<string, string>;
  versions: { version_id: string; percentage: number }[];
}

/** Versions and deployments stand oldest first. */
export interface Worker {
  name: string;
  tag: string;
  created: string;
  modified: string;
  versions: Version[];
  deployments: Deployment[];
}

export type PagesEnvironment = 'production' | 'preview';

export interface PagesConfig {
  vars: Map<string, Binding>;
  wranglerConfigHash?: string;
}

export interface PagesDeployment {
  id: string;
  environment: PagesEnvironment;
  created: string;
  /** Taken from the project when the deployment was made: later edits of the project do not reach it. */
  vars: Map<string, Binding>;
  /** How often it may still be read before it is done. */
  pollsLeft: number;
}

export interface PagesProject {
  id: string;
  name: string;
  created: string;
  branch: string;
  configs: Record<PagesEnvironment, PagesConfig>;
  /** Oldest first. */
  deployments: PagesDeployment[];
}

export interface StoreSecret {
  id: string;
  name: string;
  value: string;
  comment: string;
  scopes: string[];
  created: string;
  modified: string;
}

export interface Store {
  id: string;
  name: string;
  created: string;
  modified: string;
  secrets: Map<string, StoreSecret>;
}

export interface Account {
  id: string;
  name: string;
  created: string;
  subdomain: string;
  workers: Map<string, Worker>;
  pages: Map<string, PagesProject>;
  stores: Map<string, Store>;
}

/** `groups` are the vendor's permission group names (`Workers Scripts Write`); Write includes Read. */
export interface Token {
  id: string;
  name: string;
  kind: 'user' | 'account';
  status: 'active' | 'disabled' | 'expired';
  author: Author;
  groups: string[];
  accounts: string[];
}

/** Everything the sandbox's Cloudflare remembers. */
export interface World {
  accounts: Map<string, Account>;
  /** By token value. */
  tokens: Map<string, Token>;
  /** Milliseconds of the last timestamp handed out. */
  clock: number;
}

export const emptyWorld = (): World => ({ accounts: new Map(), tokens: new Map(), clock: 0 });

/** Strictly increasing, so that two changes never carry the same time. */
export function tick(world: World): string {
  world.clock = Math.max(Date.now(), world.clock + 1);
  return new Date(world.clock).toISOString().replace('Z', '000Z');
}

export const hexId = (): string => randomBytes(16).toString('hex');

export function addAccount(world: World, id: string, name: string): Account {
  const account: Account = {
    id,
    name,
    created: tick(world),
    subdomain: name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'),
    workers: new Map(),
    pages: new Map(),
    stores: new Map(),
  };
  world.accounts.set(id, account);
  return account;
}
