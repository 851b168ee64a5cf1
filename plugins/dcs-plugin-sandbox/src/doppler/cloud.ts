import { SEED } from '../seed.ts';
import type { Call, Cloud, Reply } from '../server/cloud.ts';
import { pack, unpack } from '../server/pack.ts';
import { authRoutes } from './auth.ts';
import { Courier } from './courier.ts';
import { type Ground, isObject, nowhere, open, Quota, Refusal } from './gate.ts';
import { integrationRoutes } from './integrations.ts';
import { logRoutes } from './logs.ts';
import { placeRoutes } from './places.ts';
import { secretRoutes } from './secrets.ts';
import { seedDoppler } from './seed.ts';
import { emptyWorld, type World } from './state.ts';
import { tokenRoutes } from './tokens.ts';
import { watchRoutes } from './watch.ts';
import { Watchers } from './watchers.ts';
import { deliveryRoutes } from './deliveries.ts';
import { webhookRoutes } from './webhooks.ts';

function isWorld(value: unknown): value is World {
  return isObject(value) && value['projects'] instanceof Map && value['tokens'] instanceof Map && value['identities'] instanceof Map;
}

/** `{reads, secretReads, writes}` a minute and token are enforced from now on; an empty body lifts them. */
function setLimits({ world, quota }: Ground, call: Call): Reply {
  quota.clear();
  if (!isObject(call.body)) {
    world.limits = null;
    return { status: 200, body: { success: true } };
  }
  const { reads = 480, secretReads = 240, writes = 120 } = call.body;
  if (typeof reads !== 'number' || typeof secretReads !== 'number' || typeof writes !== 'number')
    throw new Refusal(400, 'limits are numbers');
  world.limits = { reads, secretReads, writes };
  return { status: 200, body: { success: true } };
}

/** `{tier: "developer" | "team"}`: which plan the workplace has. */
function setTier({ world }: Ground, { body }: Call): Reply {
  const tier = isObject(body) ? body['tier'] : undefined;
  if (tier !== 'developer' && tier !== 'team') throw new Refusal(400, 'tier is developer or team');
  world.tier = tier;
  return { status: 200, body: { success: true } };
}

/** Doppler's control plane as far as dcs and its tests speak to it. Empty until seeded or restored. */
export function doppler(): Cloud {
  const world = emptyWorld();
  const ground: Ground = { world, quota: new Quota(), watchers: new Watchers(), courier: new Courier() };
  return {
    name: 'doppler',
    prefix: '',
    routes: [
      ...authRoutes(ground),
      ...placeRoutes(ground),
      ...secretRoutes(ground),
      ...tokenRoutes(ground),
      ...logRoutes(ground),
      ...webhookRoutes(ground),
      ...deliveryRoutes(ground),
      ...integrationRoutes(ground),
      ...watchRoutes(ground),
      open('POST', '/_sandbox/doppler/limits', (call) => setLimits(ground, call)),
      open('POST', '/_sandbox/doppler/tier', (call) => setTier(ground, call)),
    ],
    env: (origin) => ({ DOPPLER_API_HOST: origin, DOPPLER_TOKEN: SEED.tokens.user }),
    notFound: (call) => nowhere(world, call),
    state: () => pack(world),
    restore(state) {
      const restored = unpack(state);
      if (!isWorld(restored)) throw new Error('The saved state of the Doppler sandbox is not readable.');
      ground.quota.clear();
      void ground.courier.reset();
      Object.assign(world, restored);
    },
    seed: () => seedDoppler(world),
    close: () => ground.courier.reset(),
  };
}
