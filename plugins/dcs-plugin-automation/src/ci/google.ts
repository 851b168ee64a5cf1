import { createHttp, DcsError, path, type Env, type Http, type HttpAnswer, type Log } from 'dcs-sdk';

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/**
 * A token of Google's for the job's own proof of identity, by Workload Identity Federation: no key is stored, no file is written.
 * https://cloud.google.com/iam/docs/reference/sts/rest and https://cloud.google.com/iam/docs/reference/credentials/rest, last verified 2026-11-21
 */
export async function googleToken(env: Env, log: Log): Promise<string | undefined> {
  const provider = env['DCS_GOOGLE_PROVIDER'];
  if (!provider) return undefined;
  if (!/^projects\/\d+\/locations\/global\/workloadIdentityPools\/[\w-]+\/providers\/[\w-]+$/.test(provider))
    throw new DcsError('AUTH', 'DCS_GOOGLE_PROVIDER is not the full name of a provider.', {
      hint: 'projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER',
    });
  const sts = createHttp({ base: endpoint('sts', env), name: 'Google', log });
  const federated = await taken(sts, 'access_token', {
    path: '/v1/token',
    body: {
      grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: `//iam.googleapis.com/${provider}`,
      scope: SCOPE,
      requestedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
      subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
      subjectToken: await proof(env, `https://iam.googleapis.com/${provider}`, log),
    },
  });
  const account = env['DCS_GOOGLE_SERVICE_ACCOUNT'];
  if (!account) return federated;
  const iam = createHttp({ base: endpoint('iamcredentials', env), name: 'Google', log });
  return taken(iam, 'accessToken', {
    path: `${path`/v1/projects/-/serviceAccounts/${account}`}:generateAccessToken`,
    body: { scope: [SCOPE], lifetime: '3600s' },
    headers: { authorization: `Bearer ${federated}` },
  });
}

/** gcloud's own variables name another host: https://cloud.google.com/sdk/gcloud/reference/topic/configurations (last verified 2026-11-21) */
const endpoint = (api: 'sts' | 'iamcredentials', env: Env): string =>
  (env[`CLOUDSDK_API_ENDPOINT_OVERRIDES_${api.toUpperCase()}`] || `https://${api}.googleapis.com`).replace(/\/+$/, '');

/** GitLab hands it in; GitHub gives one for the audience: https://docs.github.com/actions/reference/security/oidc (last verified 2026-11-21) */
async function proof(env: Env, audience: string, log: Log): Promise<string> {
  if (env['DCS_GOOGLE_ID_TOKEN']) return env['DCS_GOOGLE_ID_TOKEN'];
  const [url, bearer] = [env['ACTIONS_ID_TOKEN_REQUEST_URL'], env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']];
  if (!url || !bearer)
    throw new DcsError('AUTH', 'This CI job cannot prove its identity to Google.', {
      hint: [
        'permissions: {id-token: write}   # in the GitHub workflow',
        'id_tokens: {DCS_GOOGLE_ID_TOKEN: {aud: ...}}   # in the GitLab job',
      ],
    });
  const { origin, pathname, searchParams } = new URL(url);
  const http = createHttp({ base: origin, name: 'GitHub Actions', log });
  const answer = await http.request({
    method: 'GET',
    path: pathname,
    query: { ...Object.fromEntries(searchParams), audience },
    headers: { authorization: `Bearer ${bearer}` },
  });
  return field(answer, 'value') ?? refuse('GitHub gave this job no identity token.', answer);
}

async function taken(
  http: Http,
  name: string,
  request: { readonly path: string; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> },
): Promise<string> {
  const answer = await http.request({ method: 'POST', idempotent: true, ...request });
  return field(answer, name) ?? refuse('Google refused the identity of this CI job.', answer);
}

function field({ status, body }: HttpAnswer, name: string): string | undefined {
  const value = status < 300 && typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function refuse(message: string, { status }: HttpAnswer): never {
  throw new DcsError('AUTH', message, { status, hint: 'dcs ci init     prints what the provider and its condition must be' });
}
