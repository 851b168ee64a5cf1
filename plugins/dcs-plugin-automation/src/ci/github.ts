import { createHttp, DcsError, path, type Env, type Http, type Log } from 'dcs-sdk';
import { ask, authorized, COMMENTS, PAGE_BYTES, type Forge, type Shelf } from './forge.ts';

const NAME = 'GitHub';

/** https://docs.github.com/rest/issues/comments and /rest/issues/issues, last verified 2026-11-21 */
export function github(env: Env, log: Log): Forge {
  const [token, repository] = [env['GITHUB_TOKEN'], env['GITHUB_REPOSITORY']];
  const [owner, name, ...rest] = (repository ?? '').split('/');
  if (!token || !owner || !name || rest.length > 0)
    throw new DcsError('AUTH', 'There is no GITHUB_TOKEN to write to GitHub with.', {
      hint: 'env: {GITHUB_TOKEN: "${{ github.token }}"}   # of the step',
    });
  const http = authorized(createHttp({ base: env['GITHUB_API_URL'] || 'https://api.github.com', name: NAME, log, maxBytes: PAGE_BYTES }), {
    authorization: `Bearer ${token}`,
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
  });
  const issues = path`/repos/${owner}/${name}/issues`;
  /** Issues go by their number, comments by their id. Pull requests are issues, too, and none of ours. */
  const shelf = (me: string): Pick<Shelf, 'http' | 'name' | 'read' | 'verb'> => ({
    http,
    name: NAME,
    verb: 'PATCH',
    read: ({ number, id, body, user, pull_request }) =>
      typeof body === 'string' && pull_request === undefined
        ? { id: Number(number ?? id), body, own: (user as { login?: unknown } | null)?.login === me }
        : undefined,
  });
  return {
    comments: async (change) => ({
      ...COMMENTS,
      ...shelf(await myself(http)),
      place: `${issues}/${change}/comments`,
      one: (id) => `${issues}/comments/${id}`,
    }),
    async issues(title) {
      const me = await myself(http);
      return {
        ...shelf(me),
        place: issues,
        query: { state: 'open', creator: me },
        one: (id) => `${issues}/${id}`,
        make: (body) => ({ title, body }),
        change: (body, over) => (over ? { body, state: 'closed' } : { body }),
        closes: true,
      };
    },
  };
}

/** A person's token says whose it is; a job's own is refused: https://docs.github.com/actions/concepts/security/github_token (last verified 2026-11-21) */
async function myself(http: Http): Promise<string> {
  const request = { method: 'GET', path: '/user' } as const;
  if ((await http.request(request)).status === 403) return 'github-actions[bot]';
  const { login } = (await ask(http, NAME, request)) as { login?: unknown };
  if (typeof login !== 'string') throw new DcsError('TARGET', 'GitHub does not say whose token this is.');
  return login;
}
