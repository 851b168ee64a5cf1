import type { Reply, Route } from '../server/cloud.ts';
import { bodyOf, notFound, paged, route, type Signed } from './gate.ts';
import { bodyText, issueOf } from './issues.ts';
import { type Comment, type Issue, now, type World } from './state.ts';
import { commentView } from './views.ts';

const RIGHTS = ['issues', 'pull_requests'] as const;

function commentOf({ repository, call }: Signed): { issue: Issue; comment: Comment } {
  for (const issue of repository.issues)
    for (const comment of issue.comments) if (String(comment.id) === call.params['id']) return { issue, comment };
  throw notFound();
}

function list(signed: Signed): Reply {
  const { repository, origin } = signed;
  const issue = issueOf(signed);
  return paged(
    signed,
    issue.comments.map((comment) => commentView(origin, repository, issue, comment)),
  );
}

function create(signed: Signed): Reply {
  const { world, token, repository, origin } = signed;
  const issue = issueOf(signed);
  const at = now();
  const comment = {
    id: world.next++,
    body: bodyText(bodyOf(signed.call)['body'], 'IssueComment'),
    user: token.login,
    created: at,
    updated: at,
  };
  issue.comments.push(comment);
  return { status: 201, body: commentView(origin, repository, issue, comment) };
}

function change(signed: Signed): Reply {
  const { issue, comment } = commentOf(signed);
  Object.assign(comment, { body: bodyText(bodyOf(signed.call)['body'], 'IssueComment'), updated: now() });
  return { status: 200, body: commentView(signed.origin, signed.repository, issue, comment) };
}

function get(signed: Signed): Reply {
  const { issue, comment } = commentOf(signed);
  return { status: 200, body: commentView(signed.origin, signed.repository, issue, comment) };
}

function remove(signed: Signed): Reply {
  const { issue, comment } = commentOf(signed);
  issue.comments = issue.comments.filter((other) => other !== comment);
  return { status: 204 };
}

/** https://docs.github.com/rest/issues/comments, last verified 2026-11-21. A pull request's conversation is its issue's. */
export const commentRoutes = (world: World): Route[] => [
  route(world, 'GET /issues/:number/comments', RIGHTS, list),
  route(world, 'POST /issues/:number/comments', RIGHTS, create),
  route(world, 'GET /issues/comments/:id', RIGHTS, get),
  route(world, 'PATCH /issues/comments/:id', RIGHTS, change),
  route(world, 'DELETE /issues/comments/:id', RIGHTS, remove),
];
