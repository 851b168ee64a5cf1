import { SEED } from '../seed.ts';

export interface Label {
  name: string;
  color: string;
  description: string | null;
}

export interface Comment {
  id: number;
  body: string;
  user: string;
  created: string;
  updated: string;
}

/** An issue, or a pull request, which is one too. */
export interface Issue {
  number: number;
  title: string;
  body: string | null;
  state: 'open' | 'closed';
  reason: string | null;
  user: string;
  labels: string[];
  created: string;
  updated: string;
  comments: Comment[];
  pull?: Pull;
}

export interface Pull {
  head: string;
  base: string;
  /** `owner/name` of the repository that the head is in. */
  from: string;
}

export interface Dispatch {
  event_type: string;
  client_payload: unknown;
  at: string;
}

export interface Repository {
  id: number;
  name: string;
  private: boolean;
  defaultBranch: string;
  issues: Issue[];
  labels: Map<string, Label>;
  dispatches: Dispatch[];
}

export type Right = 'contents' | 'issues' | 'pull_requests' | 'metadata';

/** `rights`: of a job's token what `permissions:` of the workflow gives it, null for a person's. */
export interface Token {
  login: string;
  repository: string | null;
  rights: Partial<Record<Right, 'read' | 'write'>> | null;
}

/** One job of a workflow, which may ask for identity tokens. */
export interface Run {
  id: number;
  repository: string;
  ref: string;
  event: string;
  environment: string | null;
  sha: string;
}

export interface World {
  /** By `owner/name`. */
  repositories: Map<string, Repository>;
  tokens: Map<string, Token>;
  /** By the token with which a job asks for its identity. */
  runs: Map<string, Run>;
  /** Signs identity tokens; made when the first is asked for. */
  key: { id: string; pem: string } | null;
  next: number;
}

export const emptyWorld = (): World => ({ repositories: new Map(), tokens: new Map(), runs: new Map(), key: null, next: 1 });

/** To the second, as GitHub writes it. */
export const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

export function addRepository(world: World, name: string, isPrivate: boolean): Repository {
  const repository: Repository = {
    id: world.next++,
    name,
    private: isPrivate,
    defaultBranch: 'main',
    issues: [],
    labels: new Map([['bug', { name: 'bug', color: 'd73a4a', description: null }]]),
    dispatches: [],
  };
  world.repositories.set(name, repository);
  return repository;
}

export function addIssue(repository: Repository, fields: Pick<Issue, 'title' | 'body' | 'user' | 'labels'> & { pull?: Pull }): Issue {
  const at = now();
  const number = repository.issues.length + 1;
  const issue: Issue = { number, state: 'open', reason: null, created: at, updated: at, comments: [], ...fields };
  repository.issues.push(issue);
  for (const name of fields.labels) addLabel(repository, name);
  return issue;
}

export function addLabel(repository: Repository, name: string): void {
  if (!repository.labels.has(name.toLowerCase())) repository.labels.set(name.toLowerCase(), { name, color: 'ededed', description: null });
}

export function seedGithub(world: World): void {
  const { repository, token, readToken } = SEED.github;
  addRepository(world, repository, true);
  world.tokens.set(token, { login: 'you', repository: null, rights: null });
  world.tokens.set(readToken, { login: 'github-actions[bot]', repository, rights: { contents: 'read', metadata: 'read' } });
}
