import { DcsError, type Http, type HttpAnswer, type HttpRequest } from 'dcs-sdk';

/** One request to a forge; what it answers must be what was asked for. */
export async function ask(http: Http, name: string, request: HttpRequest): Promise<unknown> {
  const answer = await http.request(request);
  if (answer.status < 300) return answer.body;
  throw refused(name, request, answer);
}

export async function askList(http: Http, name: string, request: HttpRequest): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const body = await ask(http, name, request);
  if (!Array.isArray(body)) throw new DcsError('TARGET', `${name} answered ${request.path} with something else than a list.`);
  return body as Readonly<Record<string, unknown>>[];
}

function refused(name: string, { method, path }: HttpRequest, { status }: HttpAnswer): DcsError {
  const rights = status === 401 || status === 403 || status === 404;
  return new DcsError(rights ? 'AUTH' : 'TARGET', `${name} refused ${method} ${path} with ${status}.`, {
    status,
    ...(rights
      ? {
          why: 'The token of this job may not do that. No secret was written or read by this request.',
          hint: [
            'permissions: {pull-requests: write, issues: write}   # in the GitHub workflow',
            'DCS_GITLAB_TOKEN: a project access token with the scope api   # in GitLab',
          ],
        }
      : {}),
  });
}
