import { randomBytes } from 'node:crypto';
import type { Call, Reply, Route } from '../server/cloud.ts';
import { answered, bodyOf, notFound, originOf, Refusal } from './gate.ts';
import { ACTIONS } from './identity.ts';
import { addIssue, addRepository, type Repository, type Token, type World } from './state.ts';

const BASE = '/_sandbox/github';
const text = (value: unknown, what: string): string => {
  if (typeof value !== 'string' || value === '') throw new Refusal(400, `${what} is text`);
  return value;
};

function repositoryNamed(world: World, name: unknown): Repository {
  const repository = world.repositories.get(text(name, 'repository'));
  if (repository === undefined) throw notFound();
  return repository;
}

/** `{repository, title?, head?, base?, fork?}`: a pull request, from a fork when told. */
function openPull(world: World, call: Call): Reply {
  const { repository: name, title = 'Change', head = 'change', base = 'main', fork = false } = bodyOf(call);
  const repository = repositoryNamed(world, name);
  const from = fork === true ? `stranger/${repository.name.split('/')[1]}` : repository.name;
  const pull = { head: text(head, 'head'), base: text(base, 'base'), from };
  const { number } = addIssue(repository, {
    title: text(title, 'title'),
    body: null,
    user: fork === true ? 'stranger' : 'you',
    labels: [],
    pull,
  });
  return { status: 201, body: { number } };
}

/** What `permissions:` leaves to a pull request from a fork. https://docs.github.com/actions/reference/events-that-trigger-workflows, last verified 2026-11-21. */
const FORKED: Token['rights'] = { contents: 'read', issues: 'read', pull_requests: 'read', metadata: 'read' };

/** `{repository, event?, ref?, environment?, permissions?, fork?}`: a job of a workflow. Answers its variables. */
function startRun(world: World, call: Call): Reply {
  const { repository: name, event = 'push', ref = 'refs/heads/main', environment = null, permissions = {}, fork = false } = bodyOf(call);
  const repository = repositoryNamed(world, name);
  const id = world.next++;
  const { 'id-token': identity, ...given } = permissions as Record<string, string>;
  const rights = Object.fromEntries(Object.entries(given).map(([right, level]) => [right.replaceAll('-', '_'), level])) as Token['rights'];
  const token = `ghs_${randomBytes(18).toString('hex')}`;
  world.tokens.set(token, {
    login: 'github-actions[bot]',
    repository: repository.name,
    rights: fork === true ? FORKED : { metadata: 'read', ...rights },
  });
  const ask = randomBytes(18).toString('hex');
  const sha = randomBytes(20).toString('hex');
  const mayAsk = identity === 'write' && fork !== true;
  if (mayAsk)
    world.runs.set(ask, {
      id,
      repository: repository.name,
      event: text(event, 'event'),
      ref: text(ref, 'ref'),
      environment: environment === null ? null : text(environment, 'environment'),
      sha,
    });
  const env = {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_API_URL: originOf(call),
    GITHUB_TOKEN: token,
    GITHUB_REPOSITORY: repository.name,
    GITHUB_REPOSITORY_OWNER: repository.name.split('/')[0],
    GITHUB_EVENT_NAME: event,
    GITHUB_REF: ref,
    GITHUB_REF_NAME: String(ref).replace(/^refs\/(heads|tags)\//, ''),
    GITHUB_REF_TYPE: String(ref).startsWith('refs/tags/') ? 'tag' : 'branch',
    GITHUB_SHA: sha,
    GITHUB_RUN_ID: String(id),
    ...(mayAsk
      ? { ACTIONS_ID_TOKEN_REQUEST_URL: `${originOf(call)}${ACTIONS}/token?api-version=2.0`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: ask }
      : {}),
  };
  return { status: 201, body: { id, env } };
}

export const backdoorRoutes = (world: World): Route[] => {
  const on = (verb: string, run: (call: Call) => Reply): Route => {
    const [method = '', path = ''] = verb.split(' ');
    return { method, path: `${BASE}/${path}`, answer: (call) => answered(() => run(call)) };
  };
  return [
    on('POST repositories', (call) => {
      const { name, private: hidden = true } = bodyOf(call);
      return { status: 201, body: { id: addRepository(world, text(name, 'name'), hidden === true).id } };
    }),
    on('POST pulls', (call) => openPull(world, call)),
    on('POST runs', (call) => startRun(world, call)),
    on('GET dispatches', ({ query }) => ({ status: 200, body: repositoryNamed(world, query.get('repository')).dispatches })),
  ];
};
