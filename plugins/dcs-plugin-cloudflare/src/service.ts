import { DcsError, isDcsError, path, type Context, type Credential, type ServiceDefinition, type Who } from 'dcs-sdk';
import { asRecord, createApi, defaultEndpoint, type Api } from './api.ts';
import { findCredential } from './auth.ts';
import { accounts } from './worker-api.ts';

const SOON = 14 * 24 * 60 * 60 * 1000;

const service: ServiceDefinition = {
  id: 'cloudflare',
  title: 'Cloudflare',
  endpoint: (env) => env['CLOUDFLARE_API_BASE_URL'] ?? defaultEndpoint,
  credential: findCredential,
  whoami,
  login: {
    command: 'wrangler login',
    tokenPage: 'https://dash.cloudflare.com/profile/api-tokens',
    rights: 'Workers Scripts: Edit (and Pages: Edit, Secrets Store: Edit where used); Account Settings: Read',
  },
};
export default service;

async function whoami(credential: Credential, context: Context): Promise<Who> {
  const api = createApi(context, credential);
  const seen = await accounts(api);
  const token = await verify(
    api,
    seen.map(({ id }) => id),
    credential,
  );
  const names = seen.map(({ id, name }) => `${name} (${id})`);
  const warnings = [...breadth(seen.length), ...expiry(token.expires)];
  const rights = await readable(api, seen[0]?.id);
  const account = names.length === 0 ? 'a token that sees no account' : names.join(', ');
  return { account, rights, warnings, ...(token.expires === undefined ? {} : { expires: token.expires }) };
}

/** A user's token is verified at one route, an account's token at another; a wrangler login at neither. */
async function verify(api: Api, ids: readonly string[], { from }: Credential): Promise<{ expires?: string }> {
  const routes = ['/user/tokens/verify', ...ids.map((id) => path`/accounts/${id}/tokens/verify`)];
  let refused: unknown;
  for (const route of routes) {
    try {
      const token = asRecord((await api({ method: 'GET', path: route, subject: 'your token' })).result, 'your token');
      if (token['status'] !== 'active')
        throw new DcsError('AUTH', `The Cloudflare token is ${String(token['status'])}.`, { hint: 'dcs login cloudflare' });
      const expires = token['expires_on'];
      return typeof expires === 'string' ? { expires } : {};
    } catch (error) {
      if (!isDcsError(error) || error.details.status === undefined || error.details.status >= 500) throw error;
      refused = error;
    }
  }
  // The list of accounts was readable, so a login that is no API token is good.
  if (from === 'wrangler login') return {};
  throw refused;
}

/** A token's rights cannot be asked for; what it may read can be tried. */
async function readable(api: Api, account: string | undefined): Promise<string[]> {
  if (account === undefined) return [];
  const products = [
    ['Workers', path`/accounts/${account}/workers/scripts`],
    ['Pages', path`/accounts/${account}/pages/projects`],
    ['Secrets Store', path`/accounts/${account}/secrets_store/stores`],
  ] as const;
  const tried = await Promise.all(
    products.map(async ([name, route]) => {
      try {
        await api({ method: 'GET', path: route, subject: name });
        return [`sees ${name}`];
      } catch (error) {
        if (isDcsError(error) && error.code === 'AUTH') return [];
        throw error;
      }
    }),
  );
  return tried.flat();
}

function breadth(count: number): string[] {
  if (count === 0) return ['it sees no account: dcs cannot name the account before a write'];
  return count > 1 ? [`it reaches ${count} accounts: a token for one is safer`] : [];
}

function expiry(expires: string | undefined): string[] {
  if (expires === undefined) return [];
  return Date.parse(expires) - Date.now() < SOON ? [`it expires on ${expires.slice(0, 10)}`] : [];
}
