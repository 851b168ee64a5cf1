import { SEED } from '../seed.ts';
import type { Cloud } from '../server/cloud.ts';
import { pack, unpack } from '../server/pack.ts';
import { accountRoutes } from './accounts.ts';
import { backdoorRoutes } from './backdoor.ts';
import { Refusal, refuse } from './envelope.ts';
import { DEFAULT_LIMIT, RateLimit } from './gate.ts';
import { pagesRoutes } from './pages.ts';
import { secretsStoreRoutes } from './secrets-store.ts';
import { seedCloudflare } from './seed.ts';
import { emptyWorld, type World } from './state.ts';
import { versionRoutes } from './versions.ts';
import { workerRoutes } from './workers.ts';

function isWorld(value: unknown): value is World {
  return (
    typeof value === 'object' &&
    value !== null &&
    'accounts' in value &&
    value.accounts instanceof Map &&
    'tokens' in value &&
    value.tokens instanceof Map
  );
}

/** Cloudflare's control plane as far as secrets go: Workers, Pages and the Secrets Store. Empty until seeded or restored. */
export function cloudflare(): Cloud {
  const world = emptyWorld();
  const ground = { world, limit: new RateLimit() };
  return {
    name: 'cloudflare',
    prefix: '/client/v4',
    routes: [
      ...accountRoutes(ground),
      ...workerRoutes(ground),
      ...versionRoutes(ground),
      ...pagesRoutes(ground),
      ...secretsStoreRoutes(ground),
      ...backdoorRoutes(ground),
    ],
    env: (origin) => ({ CLOUDFLARE_API_BASE_URL: `${origin}/client/v4`, CLOUDFLARE_API_TOKEN: SEED.cloudflare.token }),
    notFound: () => refuse(new Refusal(404, 7000, 'No route for that URI')),
    state: () => pack(world),
    restore(state) {
      const restored = unpack(state);
      if (!isWorld(restored)) throw new Error('The saved state of the Cloudflare sandbox is not readable.');
      Object.assign(world, restored);
      ground.limit.set(...DEFAULT_LIMIT);
    },
    seed: () => seedCloudflare(world),
  };
}
