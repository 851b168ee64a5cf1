import { createHash } from 'node:crypto';
import type { Call, Reply, Route } from '../server/cloud.ts';
import { accept, Refusal, refuse, type Success } from './envelope.ts';
import type { Account, Token, World } from './state.ts';

/** What every answer of one product needs: the world and the rate limit. */
export interface Ground {
  world: World;
  limit: RateLimit;
}

/** Requests and seconds. https://developers.cloudflare.com/fundamentals/api/reference/limits/, last verified 2026-11-21. */
export const DEFAULT_LIMIT = [1200, 300] as const;

/** One window a token. */
export class RateLimit {
  quota: number = DEFAULT_LIMIT[0];
  seconds: number = DEFAULT_LIMIT[1];
  #windows = new Map<string, { left: number; ends: number }>();

  set(quota: number, seconds: number): void {
    this.quota = quota;
    this.seconds = seconds;
    this.#windows.clear();
  }

  /** Takes one request out of the window of `who`; throws the vendor's 429 when none is left. */
  take(who: string): Record<string, string> {
    const now = Date.now();
    let window = this.#windows.get(who);
    if (window === undefined || window.ends <= now) {
      window = { left: this.quota, ends: now + this.seconds * 1000 };
      this.#windows.set(who, window);
    }
    const wait = Math.max(1, Math.ceil((window.ends - now) / 1000));
    const headers = (left: number) => ({
      Ratelimit: `"default";r=${left};t=${wait}`,
      'Ratelimit-Policy': `"default";q=${this.quota};w=${this.seconds}`,
    });
    if (window.left <= 0) {
      throw new Refusal(429, 971, 'Please wait and consider throttling your request speed', {
        headers: { ...headers(0), 'retry-after': String(wait) },
      });
    }
    window.left -= 1;
    return headers(window.left);
  }
}

export interface Signed {
  call: Call;
  token: Token;
  world: World;
}

export interface SignedToAccount extends Signed {
  account: Account;
}

/** Routes below `/user` and the account list name a bad token differently from product routes. */
type Wing = 'identity' | 'product';

const UNKNOWN = {
  identity: () => new Refusal(403, 9109, 'Invalid access token'),
  product: () => new Refusal(401, 10000, 'Authentication error'),
};

function malformed(): Refusal {
  return new Refusal(400, 6003, 'Invalid request headers', { chain: [{ code: 6111, message: 'Invalid format for Authorization header' }] });
}

export function bearer(call: Call): string {
  const header = call.headers.authorization;
  if (header === undefined) throw new Refusal(401, 10000, 'Authentication error');
  const value = /^Bearer ([A-Za-z0-9_.-]{8,})$/.exec(header)?.[1];
  if (value === undefined) throw malformed();
  return value;
}

function tokenOf(world: World, call: Call, wing: Wing): Token {
  const token = world.tokens.get(bearer(call));
  if (token === undefined || token.status !== 'active') throw UNKNOWN[wing]();
  return token;
}

export function holds(token: Token, right: string): boolean {
  return token.groups.includes(right) || (right.endsWith(' Read') && token.groups.includes(right.replace(/ Read$/, ' Write')));
}

async function answer(ground: Ground, call: Call, run: () => Success | Promise<Success>): Promise<Reply> {
  let headers: Record<string, string> = {};
  try {
    const who = createHash('sha256')
      .update(call.headers.authorization ?? '')
      .digest('hex');
    headers = ground.limit.take(who);
    return accept(await run(), headers);
  } catch (error) {
    if (error instanceof Refusal) return refuse(error, headers);
    throw error;
  }
}

/** A route that answers without asking who calls; it looks for itself. */
export function open(ground: Ground, method: string, path: string, run: (call: Call) => Success): Route {
  return { method, path, answer: (call) => answer(ground, call, () => run(call)) };
}

/** A route about the caller. Without `right`, any active token will do. */
export function personal(ground: Ground, method: string, path: string, right: string | undefined, run: (signed: Signed) => Success): Route {
  const { world } = ground;
  return open(ground, method, path, (call) => {
    const token = tokenOf(world, call, 'identity');
    if (right !== undefined && !holds(token, right)) throw new Refusal(403, 9109, 'Unauthorized to access requested resource');
    return run({ call, token, world });
  });
}

/** A route below `/accounts/:account`; `right` is the permission group it asks for. */
export function product(
  ground: Ground,
  method: string,
  path: string,
  right: string,
  run: (signed: SignedToAccount) => Success | Promise<Success>,
): Route {
  const { world } = ground;
  const full = `/accounts/:account${path}`;
  const route = (call: Call) => {
    const token = tokenOf(world, call, 'product');
    const id = call.params['account'] ?? '';
    if (!/^[0-9a-f]{32}$/.test(id)) {
      throw new Refusal(404, 7003, `Could not route to ${call.path}, perhaps your object identifier is invalid?`);
    }
    const account = world.accounts.get(id);
    if (account === undefined || !token.accounts.includes(id)) throw new Refusal(403, 9109, 'Unauthorized to access requested resource');
    if (!holds(token, right)) throw new Refusal(403, 10000, 'Authentication error');
    return run({ call, token, world, account });
  };
  return { method, path: full, answer: (call) => answer(ground, call, () => route(call)) };
}
