import type { Reply, Route } from '../server/cloud.ts';
import { configOf, type Ground, isObject, notServiceToken, ok, Refusal, type Signed, signed } from './gate.ts';
import { newToken, record, type Token, tokenBody } from './state.ts';

const shown = (token: Token) => ({
  name: token.name,
  slug: token.slug,
  created_at: token.created,
  expires_at: token.expires,
  project: token.project,
  config: token.config,
});

function ofConfig(call: Signed): Token[] {
  const config = configOf(call);
  return [...call.world.tokens.values()].filter((token) => token.project === config.project && token.config === config.name);
}

/** The CLI sends unix seconds, the specification says date-time. */
function expiry(given: unknown): string | null {
  if (given === undefined || given === null) return null;
  const time = typeof given === 'number' ? given * 1000 : Date.parse(typeof given === 'string' ? given : '');
  if (Number.isNaN(time)) throw new Refusal(400, 'Please provide a valid expire_at.');
  return new Date(time).toISOString();
}

function create(call: Signed): Reply {
  notServiceToken(call);
  const config = configOf(call);
  const name = call.field('name') ?? '';
  const access = call.field('access') ?? 'read';
  if (name.length < 2 || name.length > 100) throw new Refusal(400, 'Please provide a valid name.');
  if (access !== 'read' && access !== 'read/write') throw new Refusal(400, 'Please provide a valid access.');
  const expires = expiry(isObject(call.call.body) ? call.call.body['expire_at'] : undefined);
  const value = `dp.st.${config.environment}.${tokenBody()}`;
  const token = newToken({ value, kind: 'st', name, expires, access, project: config.project, config: config.name });
  call.world.tokens.set(value, token);
  record(call.world, `Created service token ${name}`, config);
  return ok({ token: { ...shown(token), environment: config.environment, access, key: value } });
}

function remove(call: Signed): Reply {
  notServiceToken(call);
  const slug = call.field('slug');
  // `doppler configs tokens revoke [slug|token]` sends either as `token` (CLI 3.77.1, last verified 2026-11-21).
  const either = call.field('token');
  const token = ofConfig(call).find(({ slug: own, value }) => own === slug || own === either || value === either);
  if (token === undefined) throw new Refusal(404, 'Could not find requested token');
  call.world.tokens.delete(token.value);
  return ok({});
}

export function tokenRoutes(ground: Ground): Route[] {
  const base = '/v3/configs/config/tokens';
  return [
    signed(ground, 'GET', base, 'reads', (call) => ok({ tokens: ofConfig(call).map(shown) })),
    signed(ground, 'POST', base, 'writes', create),
    signed(ground, 'DELETE', `${base}/token`, 'writes', remove),
  ];
}
