import type { Comment, Issue, Repository } from './state.ts';

const user = (login: string) => ({ login, type: login.endsWith('[bot]') ? 'Bot' : 'User' });

export const repositoryView = (origin: string, { id, name, private: hidden, defaultBranch }: Repository) => ({
  id,
  name: name.split('/')[1],
  full_name: name,
  private: hidden,
  visibility: hidden ? 'private' : 'public',
  owner: user(name.split('/')[0] ?? ''),
  default_branch: defaultBranch,
  url: `${origin}/repos/${name}`,
  html_url: `https://github.com/${name}`,
});

export const labelsOf = (repository: Repository, issue: Issue) => issue.labels.map((name) => repository.labels.get(name.toLowerCase()));

export function issueView(origin: string, repository: Repository, issue: Issue) {
  const { number, title, body, state, reason, created, updated, comments } = issue;
  const html = `https://github.com/${repository.name}/${issue.pull ? 'pull' : 'issues'}/${number}`;
  return {
    id: repository.id * 100_000 + number,
    number,
    title,
    body,
    state,
    state_reason: reason,
    user: user(issue.user),
    labels: labelsOf(repository, issue),
    comments: comments.length,
    created_at: created,
    updated_at: updated,
    closed_at: state === 'closed' ? updated : null,
    url: `${origin}/repos/${repository.name}/issues/${number}`,
    html_url: html,
    ...(issue.pull ? { pull_request: { url: `${origin}/repos/${repository.name}/pulls/${number}`, html_url: html } } : {}),
  };
}

export function pullView(origin: string, repository: Repository, issue: Issue) {
  const { pull_request: _, ...view } = issueView(origin, repository, issue);
  const { head = '', base = '', from = '' } = issue.pull ?? {};
  const side = (ref: string, name: string) => ({
    ref,
    label: `${name.split('/')[0]}:${ref}`,
    repo: { full_name: name, fork: name !== repository.name },
  });
  return { ...view, draft: false, merged: false, head: side(head, from), base: side(base, repository.name) };
}

export const commentView = (origin: string, repository: Repository, issue: Issue, comment: Comment) => ({
  id: comment.id,
  body: comment.body,
  user: user(comment.user),
  created_at: comment.created,
  updated_at: comment.updated,
  url: `${origin}/repos/${repository.name}/issues/comments/${comment.id}`,
  html_url: `https://github.com/${repository.name}/${issue.pull ? 'pull' : 'issues'}/${issue.number}#issuecomment-${comment.id}`,
  issue_url: `${origin}/repos/${repository.name}/issues/${issue.number}`,
});
