import type { Reply, Route } from '../server/cloud.ts';
import { bodyOf, invalid, isObject, type Json, notFound, paged, route, type Signed } from './gate.ts';
import { addIssue, addLabel, type Issue, now, type World } from './state.ts';
import { issueView, labelsOf, pullView } from './views.ts';

/** Characters. https://github.com/orgs/community/discussions/27190, last verified 2026-11-21. */
export const BODY_LIMIT = 65_536;
const TITLE_LIMIT = 256;

export function issueOf({ repository, call }: Signed): Issue {
  const issue = repository.issues.find(({ number }) => String(number) === call.params['number']);
  if (issue === undefined) throw notFound();
  return issue;
}

/** The rights are those of what it is: a pull request or an issue. */
const RIGHTS = ['issues', 'pull_requests'] as const;

export function bodyText(value: unknown, resource: string): string {
  if (typeof value !== 'string' || value === '') throw invalid({ resource, code: 'missing_field', field: 'body' });
  if (value.length > BODY_LIMIT)
    throw invalid({ resource, code: 'custom', field: 'body', message: `body is too long (maximum is ${BODY_LIMIT} characters)` });
  return value;
}

function titleIn(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw invalid({ resource: 'Issue', code: 'missing_field', field: 'title' });
  if (value.length > TITLE_LIMIT)
    throw invalid({
      resource: 'Issue',
      code: 'custom',
      field: 'title',
      message: `title is too long (maximum is ${TITLE_LIMIT} characters)`,
    });
  return value;
}

/** Names, or objects with a name. */
function labelsIn(value: unknown): string[] {
  if (!Array.isArray(value)) throw invalid({ resource: 'Label', code: 'invalid', field: 'labels' });
  return value.map((label: unknown) => {
    const name = isObject(label) ? label['name'] : label;
    if (typeof name !== 'string' || name === '' || name.length > 50) throw invalid({ resource: 'Label', code: 'invalid', field: 'name' });
    return name;
  });
}

function list(signed: Signed): Reply {
  const { call, repository, origin } = signed;
  const state = call.query.get('state') ?? 'open';
  const labels = call.query.get('labels')?.toLowerCase().split(',').filter(Boolean) ?? [];
  const creator = call.query.get('creator');
  const found = repository.issues
    .filter((issue) => state === 'all' || issue.state === state)
    .filter((issue) => labels.every((label) => issue.labels.some((name) => name.toLowerCase() === label)))
    .filter((issue) => creator === null || issue.user === creator)
    .toReversed();
  const ordered = call.query.get('direction') === 'asc' ? found.toReversed() : found;
  return paged(
    signed,
    ordered.map((issue) => issueView(origin, repository, issue)),
  );
}

function create({ call, repository, token, origin }: Signed): Reply {
  const { title, body, labels = [] } = bodyOf(call);
  const fields = {
    title: titleIn(title),
    body: body === undefined || body === null ? null : bodyText(body, 'Issue'),
    labels: labelsIn(labels),
  };
  const issue = addIssue(repository, { ...fields, user: token.login });
  return { status: 201, body: issueView(origin, repository, issue) };
}

function stateIn(value: unknown): Issue['state'] {
  if (value === 'open' || value === 'closed') return value;
  throw invalid({ resource: 'Issue', code: 'invalid', field: 'state' });
}

const REASONS = ['completed', 'not_planned', 'duplicate', 'reopened'];

function reasonIn(value: unknown): string | null {
  if (value === null || (typeof value === 'string' && REASONS.includes(value))) return value;
  throw invalid({ resource: 'Issue', code: 'invalid', field: 'state_reason' });
}

function changes(body: Json): Partial<Issue> {
  const { title, body: text, state, state_reason: reason, labels } = body;
  return {
    ...(title === undefined ? {} : { title: titleIn(title) }),
    ...(text === undefined ? {} : { body: text === null ? null : bodyText(text, 'Issue') }),
    ...(state === undefined ? {} : { state: stateIn(state), reason: state === 'closed' ? 'completed' : 'reopened' }),
    ...(reason === undefined ? {} : { reason: reasonIn(reason) }),
    ...(labels === undefined ? {} : { labels: labelsIn(labels) }),
  };
}

function change(signed: Signed): Reply {
  const { repository, origin } = signed;
  const issue = Object.assign(issueOf(signed), changes(bodyOf(signed.call)), { updated: now() });
  for (const name of issue.labels) addLabel(repository, name);
  return { status: 200, body: issueView(origin, repository, issue) };
}

function label(signed: Signed): Reply {
  const { repository, call } = signed;
  const issue = issueOf(signed);
  const wanted = labelsIn(Array.isArray(call.body) ? call.body : bodyOf(call)['labels']);
  for (const name of wanted) {
    addLabel(repository, name);
    if (!issue.labels.some((known) => known.toLowerCase() === name.toLowerCase())) issue.labels.push(name);
  }
  return { status: 200, body: labelsOf(repository, issue) };
}

function makeLabel({ call, repository }: Signed): Reply {
  const { name, color = 'ededed', description = null } = bodyOf(call);
  const [wanted = ''] = labelsIn([name]);
  if (typeof color !== 'string' || !/^[0-9a-fA-F]{6}$/.test(color)) throw invalid({ resource: 'Label', code: 'invalid', field: 'color' });
  if (description !== null && (typeof description !== 'string' || description.length > 100))
    throw invalid({ resource: 'Label', code: 'invalid', field: 'description' });
  if (repository.labels.has(wanted.toLowerCase())) throw invalid({ resource: 'Label', code: 'already_exists', field: 'name' });
  const made = { name: wanted, color, description };
  repository.labels.set(wanted.toLowerCase(), made);
  return { status: 201, body: made };
}

function oneLabel({ call, repository }: Signed): Reply {
  const found = repository.labels.get((call.params['name'] ?? '').toLowerCase());
  if (found === undefined) throw notFound();
  return { status: 200, body: found };
}

function pulls(signed: Signed): Reply {
  const { call, repository, origin } = signed;
  const state = call.query.get('state') ?? 'open';
  const found = repository.issues.filter(({ pull }) => pull !== undefined).filter((pull) => state === 'all' || pull.state === state);
  return paged(
    signed,
    found.toReversed().map((pull) => pullView(origin, repository, pull)),
  );
}

function onePull(signed: Signed): Reply {
  const issue = issueOf(signed);
  if (issue.pull === undefined) throw notFound();
  return { status: 200, body: pullView(signed.origin, signed.repository, issue) };
}

/** https://docs.github.com/rest/issues, last verified 2026-11-21. */
export const issueRoutes = (world: World): Route[] => [
  route(world, 'GET /issues', RIGHTS, list),
  route(world, 'POST /issues', ['issues'], create),
  route(world, 'GET /issues/:number', RIGHTS, (signed) => ({
    status: 200,
    body: issueView(signed.origin, signed.repository, issueOf(signed)),
  })),
  route(world, 'PATCH /issues/:number', RIGHTS, change),
  route(world, 'POST /issues/:number/labels', RIGHTS, label),
  route(world, 'GET /labels', RIGHTS, (signed) => paged(signed, [...signed.repository.labels.values()])),
  route(world, 'GET /labels/:name', RIGHTS, oneLabel),
  route(world, 'POST /labels', RIGHTS, makeLabel),
  route(world, 'GET /pulls', ['pull_requests'], pulls),
  route(world, 'GET /pulls/:number', ['pull_requests'], onePull),
];
