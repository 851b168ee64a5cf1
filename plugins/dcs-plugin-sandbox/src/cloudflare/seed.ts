import { newDeployment, newProject } from './pages.ts';
import { newStore } from './secrets-store.ts';
import { type Account, type Token, type World, addAccount, hexId } from './state.ts';
import { addVersion, deploy, newWorker } from './worker-history.ts';

/** The account a newcomer works in. */
export const SEED_ACCOUNT = '5a4db0c0ffee5a4db0c0ffee5a4db0c0';
/** Somebody else's account with a Worker of the same name, out of reach of the usual token. */
export const SEED_OTHER_ACCOUNT = '07e4acc007e4acc007e4acc007e4acc0';
export const SEED_TOKEN = 'sandbox-cloudflare-token';
export const SEED_READ_TOKEN = 'sandbox-cloudflare-read-token';
export const SEED_OTHER_TOKEN = 'sandbox-cloudflare-other-token';

const PERSONAL = ['User Details Read', 'Memberships Read', 'Account Settings Read'];

const author = { email: 'you@sandbox.example', id: '1'.repeat(32) };

function seedWorker(world: World, account: Account, name: string): void {
  const worker = newWorker(world, account, name);
  const bindings = new Map([['LOG_LEVEL', { type: 'plain_text', text: 'info' }]]);
  const origin = { author, source: 'wrangler', triggeredBy: 'upload' };
  const version = addVersion(world, worker, bindings, origin);
  deploy(world, worker, [{ version_id: version.id, percentage: 100 }], { ...origin, triggeredBy: 'deployment' });
}

function seedToken(world: World, value: string, name: string, accounts: string[], groups: string[]): void {
  const token: Token = { id: hexId(), name, kind: 'user', status: 'active', author, groups: [...PERSONAL, ...groups], accounts };
  world.tokens.set(value, token);
}

export function seedCloudflare(world: World): void {
  const mine = addAccount(world, SEED_ACCOUNT, 'Sandbox');
  const other = addAccount(world, SEED_OTHER_ACCOUNT, 'Another Company');
  const write = ['Workers Scripts Write', 'Pages Write', 'Secrets Store Write'];
  seedToken(world, SEED_TOKEN, 'sandbox', [mine.id], write);
  seedToken(
    world,
    SEED_READ_TOKEN,
    'sandbox read only',
    [mine.id],
    write.map((group) => group.replace(/Write$/, 'Read')),
  );
  seedToken(world, SEED_OTHER_TOKEN, 'another company', [other.id], write);
  for (const name of ['shop', 'shop-staging']) seedWorker(world, mine, name);
  seedWorker(world, other, 'shop');
  const site = newProject(world, mine, 'shop-site', 'main');
  newDeployment(world, site, 'preview', 0);
  newDeployment(world, site, 'production', 0);
  newStore(world, mine, 'default_secrets_store');
}
