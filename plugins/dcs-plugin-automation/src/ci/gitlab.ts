import { createHttp, DcsError, path, type Env, type Http, type Log } from 'dcs-sdk';
import { ask, authorized, COMMENTS, PAGE_BYTES, type Forge, type Shelf } from './forge.ts';

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
  const http = authorized(createHttp({ base, name: NAME, log, maxBytes: PAGE_BYTES }), { 'private-token': token });
  const project = path`/projects/${id}`;
  const shelf = (me: number, place: string, field: 'body' | 'description'): Omit<Shelf, 'query' | 'make' | 'change' | 'closes'> => ({
    http,
    name: NAME,
    verb: 'PUT',
    place,
    one: (note) => `${place}/${note}`,
    read(found) {
      const body = found[field];
      const own = (found['author'] as { id?: unknown } | null)?.id === me;
      return typeof body === 'string' ? { id: Number(found['iid'] ?? found['id']), body, own } : undefined;
    },
  });
  return {
    comments: async (change) => ({
      ...COMMENTS,
      ...shelf(await myself(http), `${project}/merge_requests/${change}/notes`, 'body'),
    }),
    async issues(title) {
      const me = await myself(http);
      return {
        ...shelf(me, `${project}/issues`, 'description'),
        query: { state: 'opened', author_id: me },
        make: (description) => ({ title, description }),
        change: (description, over) => (over ? { description, state_event: 'close' } : { description }),
        closes: true,
      };
    },
  };
}

async function myself(http: Http): Promise<number> {
  const { id } = (await ask(http, NAME, { method: 'GET', path: '/user' })) as { id?: unknown };
  if (typeof id !== 'number') throw new DcsError('TARGET', 'GitLab does not say whose token this is.');
  return id;
}
