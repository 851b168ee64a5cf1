import type { Route } from '../server/cloud.ts';
import { type Json, paged, Refusal, type Success } from './envelope.ts';
import { bearer, type Ground, open, personal, type Signed } from './gate.ts';
import type { Account, Token } from './state.ts';

const view = (account: Account): Json => ({
  id: account.id,
  name: account.name,
  type: 'standard',
  settings: { enforce_twofactor: false },
  created_on: account.created,
});

function reachable({ token, world }: Signed): Account[] {
  return token.accounts.flatMap((id) => world.accounts.get(id) ?? []);
}

const listed = (signed: Signed, items: readonly Json[]): Success => {
  const page = paged(signed.call, items, { fallback: 20, most: 50 });
  return { result: page.items, info: page.info };
};

function oneAccount(signed: Signed): Success {
  const account = reachable(signed).find(({ id }) => id === signed.call.params['account']);
  if (account === undefined) throw new Refusal(403, 9109, 'Unauthorized to access requested resource');
  return { result: view(account) };
}

const membership = (account: Account): Json => ({
  id: account.id.split('').toReversed().join(''),
  status: 'accepted',
  api_access_enabled: null,
  account: view(account),
  roles: ['Administrator'],
});

/** Each kind of token is verified at its own address; the other one does not know it. */
function verified(token: Token | undefined, kind: Token['kind']): Success {
  if (token === undefined || token.kind !== kind) throw new Refusal(401, 1000, 'Invalid API Token');
  return { result: { id: token.id, status: token.status } };
}

/** Who calls and what they reach. https://developers.cloudflare.com/fundamentals/api/, last verified 2026-11-21. */
export function accountRoutes(ground: Ground): Route[] {
  const { world } = ground;
  return [
    open(ground, 'GET', '/user/tokens/verify', (call) => verified(world.tokens.get(bearer(call)), 'user')),
    open(ground, 'GET', '/accounts/:account/tokens/verify', (call) => {
      const token = world.tokens.get(bearer(call));
      return verified(token?.accounts.includes(call.params['account'] ?? '') === true ? token : undefined, 'account');
    }),
    personal(ground, 'GET', '/user', 'User Details Read', ({ token }) => ({
      result: { id: token.author.id, email: token.author.email, suspended: false },
    })),
    personal(ground, 'GET', '/memberships', 'Memberships Read', (signed) => listed(signed, reachable(signed).map(membership))),
    personal(ground, 'GET', '/accounts', undefined, (signed) => listed(signed, reachable(signed).map(view))),
    personal(ground, 'GET', '/accounts/:account', undefined, oneAccount),
  ];
}
