import { createHttp, DcsError, path, type Env, type Http, type Log } from 'dcs-sdk';
import { ask, askList } from './api.ts';
import { everyPage, ourNote, PAGE, PAGE_BYTES, type Forge, type Left, type Note } from './forge.ts';

/** Who writes with the token of a job. https://docs.github.com/actions/concepts/security/github_token (last verified 2026-11-21) */
const BOT = 'github-actions[bot]';
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
  return { comment: (...given) => comment(http, issues, ...given), issue: (...given) => issue(http, issues, ...given) };
}

async function comment(
  http: Http,
  issues: string,
  change: number,
  mark: string,
  text: string | undefined,
  resolved: string,
): Promise<Left> {
  const place = `${issues}/${change}/comments`;
  const found = ourNote(await notes(http, place, {}), mark);
  if (found === undefined) {
    if (text === undefined) return 'none';
    await ask(http, NAME, { method: 'POST', path: place, body: { body: text } });
    return 'created';
  }
  const body = text ?? resolved;
  if (found.body === body) return 'unchanged';
  await ask(http, NAME, { method: 'PATCH', path: `${issues}/comments/${found.id}`, body: { body } });
  return 'updated';
}

async function issue(http: Http, issues: string, mark: string, title: string, text: string | undefined, resolved: string): Promise<Left> {
  const found = ourNote(await notes(http, issues, { state: 'open', creator: BOT }), mark);
  if (found === undefined) {
    if (text === undefined) return 'none';
    await ask(http, NAME, { method: 'POST', path: issues, body: { title, body: text } });
    return 'created';
  }
  if (found.body === text) return 'unchanged';
  const body = text === undefined ? { body: resolved, state: 'closed' } : { body: text };
  await ask(http, NAME, { method: 'PATCH', path: `${issues}/${found.id}`, body });
  return text === undefined ? 'closed' : 'updated';
}

/** Issues go by their number, comments by their id. Pull requests are issues, too, and none of ours. */
async function notes(http: Http, place: string, query: Readonly<Record<string, string>>): Promise<Note[]> {
  const all = await everyPage((page) => askList(http, NAME, { method: 'GET', path: place, query: { ...query, per_page: PAGE, page } }));
  return all.flatMap(({ number, id, body, user, pull_request }) => {
    const own = (user as { login?: unknown } | null)?.login === BOT;
    return typeof body === 'string' && pull_request === undefined ? [{ id: Number(number ?? id), body, own }] : [];
  });
}

/** The token goes to this one origin and into no address. */
const authorized = (http: Http, headers: Readonly<Record<string, string>>): Http => ({
  origin: http.origin,
  request: (request) => http.request({ ...request, headers: { ...headers, ...request.headers } }),
});
