import { SEED } from '../seed.ts';
import { tick, type World } from './state.ts';

/** One person with one organization, and nothing in it: PostgreSQL starts with the first project. */
export function seedNeon(world: World): void {
  const { org, orgName, key, orgKey } = SEED.neon;
  world.orgs.set(org, { id: org, name: orgName, created: tick(world) });
  world.keys.set(key, { id: ++world.serial, name: 'sandbox', kind: 'user', created: tick(world) });
  world.keys.set(orgKey, { id: ++world.serial, name: 'sandbox organization', kind: 'org', org, created: tick(world) });
}
