import { createHttp, DcsError, path, type Env, type Http, type Log } from 'dcs-sdk';
import { ask, askList } from './api.ts';
import { everyPage, ourNote, PAGE, PAGE_BYTES, type Forge, type Left, type Note } from './forge.ts';

const NAME = 'GitLab';

/**
 * https://docs.gitlab.com/api/notes and /api/issues, last verified 2026-11-21. CI_JOB_TOKEN may write neither:
 * https://docs.gitlab.com/ci/jobs/ci_job_token
 */
export function gitlab(env: Env, log: Log): Forge {
  const [token, base, id] = [env['DCS_GITLAB_TOKEN'], env['CI_API_V4_URL'], env['CI_PROJECT_ID']];
  if (!token || !base || !id)
    throw new DcsError('AUTH', 'There is no DCS_GITLAB_TOKEN to write to GitLab with.', {
      hint: 'Settings > CI/CD > Variables: DCS_GITLAB_TOKEN, masked: a project access token with the scope api (role Reporter)',
    });
  const plain = createHttp({ base, name: NAME, log, maxBytes: PAGE_BYTES });
  const http: Http = {
    origin: plain.origin,
    request: (request) => plain.request({ ...request, headers: { ...request.headers, 'private-token': token } }),
  };
  const project = path`/projects/${id}`;
  return { comment: (...given) => comment(http, project, ...given), issue: (...given) => issue(http, project, ...given) };
}

async function comment(
  http: Http,
  project: string,
  change: number,
  mark: string,
  text: string | undefined,
  resolved: string,
): Promise<Left> {
  const place = `${project}/merge_requests/${change}/notes`;
  const found = ourNote(await notes(http, place, 'body', {}, await myself(http)), mark);
  if (found === undefined) {
    if (text === undefined) return 'none';
    await ask(http, NAME, { method: 'POST', path: place, body: { body: text } });
    return 'created';
  }
  const body = text ?? resolved;
  if (found.body === body) return 'unchanged';
  await ask(http, NAME, { method: 'PUT', path: `${place}/${found.id}`, body: { body } });
  return 'updated';
}

async function issue(http: Http, project: string, mark: string, title: string, text: string | undefined, resolved: string): Promise<Left> {
  const place = `${project}/issues`;
  const me = await myself(http);
  const found = ourNote(await notes(http, place, 'description', { state: 'opened', author_id: me }, me), mark);
  if (found === undefined) {
    if (text === undefined) return 'none';
    await ask(http, NAME, { method: 'POST', path: place, body: { title, description: text } });
    return 'created';
  }
  if (found.body === text) return 'unchanged';
  const body = text === undefined ? { description: resolved, state_event: 'close' } : { description: text };
  await ask(http, NAME, { method: 'PUT', path: `${place}/${found.id}`, body });
  return text === undefined ? 'closed' : 'updated';
}

async function myself(http: Http): Promise<number> {
  const { id } = (await ask(http, NAME, { method: 'GET', path: '/user' })) as { id?: unknown };
  if (typeof id !== 'number') throw new DcsError('TARGET', 'GitLab does not say whose token this is.');
  return id;
}

async function notes(
  http: Http,
  place: string,
  field: 'body' | 'description',
  query: Readonly<Record<string, string | number>>,
  me: number,
): Promise<Note[]> {
  const all = await everyPage((page) => askList(http, NAME, { method: 'GET', path: place, query: { ...query, per_page: PAGE, page } }));
  return all.flatMap((each) => {
    const body = each[field];
    const own = (each['author'] as { id?: unknown } | null)?.id === me;
    return typeof body === 'string' ? [{ id: Number(each['iid'] ?? each['id']), body, own }] : [];
  });
}
