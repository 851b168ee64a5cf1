import { createPublicKey, verify } from 'node:crypto';
import type { Call, Reply, Route } from '../server/cloud.ts';
import { isObject, type Json } from './envelope.ts';
import { newToken, serviceAccount, type World } from './state.ts';

/** A refusal as the token endpoint words it: RFC 6749, not the envelope of the APIs. */
class Denied extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const LIFETIME = 3599;

const part = (text: string | undefined): Json => {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text ?? '', 'base64url').toString('utf8'));
    return isObject(parsed) ? parsed : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
};

/** The claims of a JWT, unverified. */
export const claimsOf = (jwt: string): Json => part(jwt.split('.')[1]);

function signedBy(jwt: string, pem: string): boolean {
  const [head, body, signature = ''] = jwt.split('.');
  const data = Buffer.from(`${head}.${body}`);
  return verify('RSA-SHA256', data, createPublicKey(pem), Buffer.from(signature, 'base64url'));
}

/** A service account's own assertion. https://developers.google.com/identity/protocols/oauth2/service-account, last verified 2026-11-21. */
function byAssertion(world: World, call: Call, form: URLSearchParams): string {
  const jwt = form.get('assertion') ?? '';
  const { kid, alg } = part(jwt.split('.')[0]);
  const { iss, aud, exp, iat, scope } = claimsOf(jwt);
  const email = typeof iss === 'string' ? iss : '';
  const account = serviceAccount(world, email);
  if (account === undefined) throw new Denied('invalid_grant', 'Invalid grant: account not found');
  const key = typeof kid === 'string' ? account.keys.get(kid) : undefined;
  if (alg !== 'RS256' || key === undefined || !signedBy(jwt, key)) throw new Denied('invalid_grant', 'Invalid JWT Signature.');
  if (aud !== 'https://oauth2.googleapis.com/token' && aud !== `http://${call.headers.host}${call.path}`)
    throw new Denied('invalid_grant', 'Invalid JWT: Failed audience check.');
  const now = Date.now() / 1000;
  if (typeof exp !== 'number' || typeof iat !== 'number' || exp <= now || exp - iat > 3600 || iat > now + 300)
    throw new Denied(
      'invalid_grant',
      'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
    );
  if (typeof scope !== 'string' || scope === '') throw new Denied('invalid_scope', 'Invalid OAuth scope or ID token audience provided.');
  return `serviceAccount:${email}`;
}

function byRefreshToken(world: World, _call: Call, form: URLSearchParams): string {
  if (!form.get('client_id')) throw new Denied('invalid_request', 'Could not determine client ID from request.');
  const member = world.refreshTokens.get(form.get('refresh_token') ?? '');
  if (member === undefined) throw new Denied('invalid_grant', 'Token has been expired or revoked.');
  return member;
}

const GRANTS = new Map([
  ['urn:ietf:params:oauth:grant-type:jwt-bearer', byAssertion],
  ['refresh_token', byRefreshToken],
]);

function token(world: World, call: Call): Reply {
  const form = isObject(call.body)
    ? new URLSearchParams(Object.entries(call.body).map(([key, value]): [string, string] => [key, String(value)]))
    : new URLSearchParams(call.raw.toString('utf8'));
  try {
    const grant = GRANTS.get(form.get('grant_type') ?? '');
    if (grant === undefined) throw new Denied('unsupported_grant_type', 'Invalid grant_type');
    const { value } = newToken(world, grant(world, call, form), LIFETIME * 1000);
    return { status: 200, body: { access_token: value, expires_in: LIFETIME, token_type: 'Bearer' } };
  } catch (error) {
    if (error instanceof Denied) return { status: 400, body: { error: error.code, error_description: error.message } };
    throw error;
  }
}

/** Whose an access token is; it comes as a parameter, or as Google's own library sends it. */
function tokenInfo(world: World, { query, headers }: Call): Reply {
  const known = world.tokens.get(query.get('access_token') ?? headers.authorization?.replace(/^Bearer /, '') ?? '');
  if (known === undefined || (known.expires !== null && known.expires <= Date.now()))
    return { status: 400, body: { error: 'invalid_token', error_description: 'Invalid Value' } };
  const expires = known.expires ?? Date.now() + LIFETIME * 1000;
  return {
    status: 200,
    body: {
      ...(known.member.includes('@') ? { email: known.member.replace(/^\w+:/, ''), email_verified: 'true' } : {}),
      scope: 'openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/cloud-platform',
      expires_in: String(Math.floor((expires - Date.now()) / 1000)),
      exp: String(Math.floor(expires / 1000)),
    },
  };
}

/** https://developers.google.com/identity/protocols/oauth2, last verified 2026-11-21. */
export function oauthRoutes(world: World): Route[] {
  return [
    ...['/oauth2/token', '/www/oauth2/v3/token'].map((path) => ({ method: 'POST', path, answer: (call: Call) => token(world, call) })),
    ...['GET', 'POST'].map((method) => ({ method, path: '/oauth2/tokeninfo', answer: (call: Call) => tokenInfo(world, call) })),
  ];
}
