import { DcsError, type Host } from 'dcs-sdk';
import type { Api } from './api.ts';
import { accounts } from './worker-api.ts';

const TYPES = ['cloudflare', 'cloudflare-pages', 'cloudflare-secrets-store'];

/** The account a command means: said, in dcs.yaml, in the environment, or the only one the token sees. */
export async function chooseAccount(api: Api, host: Host, said: string | undefined): Promise<string> {
  if (said !== undefined) return said;
  const written = (await host.targets(TYPES)).map((target) => target.options['account_id']);
  const [first, ...others] = new Set(written.filter((id) => typeof id === 'string' && !id.includes('$')) as string[]);
  if (first !== undefined && others.length === 0) return first;
  const fromEnv = host.env['CLOUDFLARE_ACCOUNT_ID'];
  if (fromEnv) return fromEnv;
  const seen = await accounts(api);
  const [only, ...more] = seen;
  if (only !== undefined && more.length === 0) return only.id;
  throw new DcsError(
    'USAGE',
    only === undefined ? 'The Cloudflare token sees no account.' : `The Cloudflare token sees ${seen.length} accounts.`,
    {
      hint: only === undefined ? '--account ID' : seen.map(({ id, name }) => `--account ${id}   ${name}`),
    },
  );
}
