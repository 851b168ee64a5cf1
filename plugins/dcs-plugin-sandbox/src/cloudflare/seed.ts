import { SEED } from '../seed.ts';
import { newDeployment, newProject } from './pages.ts';
import { newStore } from './secrets-store.ts';
import { type Account, type Token, type World, addAccount, hexId } from './state.ts';
import { addVersion, deploy, newWorker } from './worker-history.ts';

/** Somebody else's account with a Worker of the same name, out of reach of the usual token. */
export const OTHER_ACCOUNT = '07e4acc007e4acc007e4acc007e4acc0';
export const OTHER_TOKEN = 'sandbox-cloudflare-other-token';
/** Reads everything in the seeded account and writes nothing. */
export const READ_TOKEN = 'sandbox-cloudflare-read-token';

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
  const { accountId, accountName, token, worker, workers, pages, store } = SEED.cloudflare;
  const mine = addAccount(world, accountId, accountName);
  const other = addAccount(world, OTHER_ACCOUNT, 'Another Company');
  const write = ['Workers Scripts Write', 'Pages Write', 'Secrets Store Write'];
  seedToken(world, token, 'sandbox', [mine.id], write);
  seedToken(
    world,
    READ_TOKEN,
    'sandbox read only',
    [mine.id],
    write.map((group) => group.replace(/Write$/, 'Read')),
  );
  seedToken(world, OTHER_TOKEN, 'another company', [other.id], write);
  for (const name of workers) seedWorker(world, mine, name);
  seedWorker(world, other, worker);
  const site = newProject(world, mine, pages, 'main');
  newDeployment(world, site, 'preview', 0);
  newDeployment(world, site, 'production', 0);
  newStore(world, mine, store);
}
