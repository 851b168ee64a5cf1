import { createHttp, DcsError, type Env, type HttpAnswer, type Log } from 'dcs-sdk';

export interface OidcPlace {
  readonly env: Env;
  /** Doppler's API. */
  readonly base: string;
  readonly signal?: AbortSignal;
  readonly log: Log;
}

/** The service account identity a CI job was told to use. */
export function oidcIdentity(env: Env): string | undefined {
  return env['DCS_DOPPLER_IDENTITY'] || env['DOPPLER_OIDC_IDENTITY'] || undefined;
}

/**
 * Exchanges the CI job's own proof of identity for a short-lived token: https://docs.doppler.com/docs/service-account-identities
 * (last verified 2026-11-21). No stored credential takes part.
 */
export async function exchangeOidc(identity: string, place: OidcPlace): Promise<string> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(identity))
    throw new DcsError('AUTH', 'The Doppler identity for this CI job is no UUID.', {
      hint: 'set DCS_DOPPLER_IDENTITY to the identity of the service account',
    });
  // GitLab hands its proof in by `id_tokens:`: https://docs.gitlab.com/ci/secrets/id_token_authentication (last verified 2026-11-21)
  const token = place.env['DCS_DOPPLER_ID_TOKEN'] || (await actionsToken(place));
  const http = client('Doppler', place.base, place);
  const answer = await http.request({ method: 'POST', path: '/v3/auth/oidc', body: { identity, token } });
  return (
    field(answer, 'token') ??
    refuse('Doppler refused the identity of this CI job.', 'check issuer, audience and subject of the identity in Doppler', answer.status)
  );
}

/** https://docs.github.com/actions/reference/security/oidc (last verified 2026-11-21) */
async function actionsToken(place: OidcPlace): Promise<string> {
  const [url, bearer] = [place.env['ACTIONS_ID_TOKEN_REQUEST_URL'], place.env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']];
  if (!url || !bearer)
    throw new DcsError('AUTH', 'This CI job cannot prove its identity to Doppler.', {
      hint: [
        'permissions: {id-token: write}   # in the GitHub workflow',
        'id_tokens: {DCS_DOPPLER_ID_TOKEN: {aud: https://api.doppler.com}}   # in the GitLab job',
      ],
    });
  const { origin, pathname, searchParams } = new URL(url);
  const http = client('GitHub Actions', origin, place);
  const answer = await http.request({
    method: 'GET',
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: { authorization: `Bearer ${bearer}` },
  });
  return (
    field(answer, 'value') ??
    refuse('GitHub gave this job no identity token.', 'permissions: {id-token: write}   # in the GitHub workflow', answer.status)
  );
}

const client = (name: string, base: string, { signal, log }: OidcPlace): ReturnType<typeof createHttp> =>
  createHttp({ base, name, log, timeout: 10_000, ...(signal === undefined ? {} : { signal }) });

function field({ status, body }: HttpAnswer, key: string): string | undefined {
  const value = status < 300 && typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[key] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function refuse(message: string, hint: string, status?: number): never {
  throw new DcsError('AUTH', message, { hint, ...(status === undefined ? {} : { status }) });
}
