import { randomUUID } from 'node:crypto';
import type { Call, Reply, Route } from '../server/cloud.ts';
import { field, type Ground, ok, open, Refusal, signed } from './gate.ts';
import { id, newToken, now, tokenBody, USER, type World } from './state.ts';

const TYPES = {
  pt: 'personal',
  ct: 'cli',
  st: 'service_token',
  sa: 'service_account_api_token',
  said: 'service_account_identity',
  scim: 'scim',
  audit: 'audit',
};

function me(ground: Ground): Route {
  return signed(ground, 'GET', '/v3/me', 'reads', ({ world, token }) => {
    const { kind, slug, name, created, value } = token;
    const person = kind === 'pt' || kind === 'ct';
    const principal = person ? { type: 'user', slug: USER } : { type: kind === 'st' ? 'service_token' : 'service_account', slug };
    return ok({
      slug,
      name,
      created_at: created,
      last_seen_at: now(),
      type: TYPES[kind],
      token_preview: `dp.${kind}...${value.slice(-6)}`,
      workplace: { slug: world.workplace, name: world.workplace },
      principal,
    });
  });
}

function revoke(world: World, call: Call): Reply {
  const value = field(call, 'token') ?? '';
  if (!world.tokens.delete(value)) throw new Refusal(401, 'Invalid Auth token');
  return ok({});
}

/** The claims of a JWT whose signature nobody checks here: the sandbox has no issuer to ask. */
function claims(jwt: string): { exp?: number } {
  const [, payload = ''] = jwt.split('.');
  try {
    const parsed: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Refusal(400, 'Please provide a valid token.');
}

function oidc(world: World, call: Call): Reply {
  const grants = world.identities.get(field(call, 'identity') ?? '');
  const { exp } = claims(field(call, 'token') ?? '');
  if (grants === undefined) throw new Refusal(401, 'Invalid identity');
  if (exp !== undefined && exp * 1000 <= Date.now()) throw new Refusal(401, 'The token has expired');
  const value = `dp.said.${tokenBody()}`;
  const expires = new Date(Date.now() + 600_000).toISOString();
  world.tokens.set(value, newToken({ value, kind: 'said', name: 'identity', expires, grants: [...grants] }));
  return ok({ token: value, expires_at: expires });
}

function generate(world: World, call: Call): Reply {
  const login = { code: id(6), polling: randomUUID(), confirmed: false };
  world.logins.push(login);
  const auth_url = `http://${call.headers.host ?? '127.0.0.1'}/_sandbox/doppler/login/${login.code}`;
  return ok({ code: login.code, polling_code: login.polling, auth_url });
}

function authorize(world: World, call: Call): Reply {
  const login = world.logins.find(({ polling }) => polling === field(call, 'code'));
  if (login === undefined) throw new Refusal(404, 'Unknown login code');
  if (!login.confirmed) throw new Refusal(409, 'Waiting for the login to be confirmed');
  world.logins = world.logins.filter((other) => other !== login);
  return ok({ ...cliToken(world), name: world.workplace, dashboard_url: 'https://dashboard.doppler.com' });
}

function cliToken(world: World): { token: string } {
  const value = `dp.ct.${tokenBody()}`;
  world.tokens.set(value, newToken({ value, kind: 'ct', name: 'sandbox login' }));
  return { token: value };
}

function roll(world: World, call: Call): Reply {
  revoke(world, call);
  return ok(cliToken(world));
}

function confirm(world: World, call: Call): Reply {
  const login = world.logins.find(({ code }) => code === call.params['code']);
  if (login === undefined) throw new Refusal(404, 'Unknown login code');
  login.confirmed = true;
  return {
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    text: 'SANDBOX: login confirmed. Go back to your terminal.\n',
  };
}

export function authRoutes(ground: Ground): Route[] {
  const { world } = ground;
  return [
    me(ground),
    open('POST', '/v3/auth/revoke', (call) => revoke(world, call)),
    open('POST', '/v3/auth/oidc', (call) => oidc(world, call)),
    open('GET', '/v3/auth/cli/generate/2', (call) => generate(world, call)),
    open('POST', '/v3/auth/cli/authorize', (call) => authorize(world, call)),
    open('POST', '/v3/auth/cli/roll', (call) => roll(world, call)),
    open('POST', '/v3/auth/cli/revoke', (call) => revoke(world, call)),
    open('GET', '/_sandbox/doppler/login/:code', (call) => confirm(world, call)),
    open('POST', '/_sandbox/doppler/login/:code', (call) => confirm(world, call)),
  ];
}
