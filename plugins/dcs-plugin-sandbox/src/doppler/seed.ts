import { SEED } from '../seed.ts';
import { newProject, newToken, type World } from './state.ts';

/** Obviously made up, one set a config. */
function values(config: string): Record<string, string> {
  return {
    DATABASE_URL: `postgres://shop:sandbox-${config}@db.${config}.shop.example:5432/shop`,
    JWT_SECRET: `sandbox-jwt-secret-of-${config}`,
    REDIS_HOST: `redis.${config}.shop.example`,
    REDIS_URL: 'redis://${REDIS_HOST}:6379/0',
    SENDGRID_KEY: `sandbox-sendgrid-key-of-${config}`,
    SESSION_KEY: `sandbox-session-key-of-${config}`,
    STRIPE_KEY: `sandbox-stripe-key-of-${config}`,
  };
}

export function seedDoppler(world: World): void {
  world.workplace = SEED.workplace;
  const project = newProject(world, SEED.project, 'A shop that sells nothing');
  for (const config of ['dev', 'stg', 'prd'])
    for (const [name, value] of Object.entries(values(config)))
      project.configs.get(config)?.secrets.set(name, { value, visibility: 'masked', type: 'string' });
  const add = (...args: Parameters<typeof newToken>): unknown => world.tokens.set(args[0].value, newToken(...args));
  const { tokens } = SEED;
  add({ value: tokens.user, kind: 'pt', name: 'you' });
  for (const config of ['dev', 'stg', 'prd'] as const)
    add({ value: tokens[config], kind: 'st', name: `${config} reader`, project: project.name, config, access: 'read' });
  add({ value: tokens.prdWrite, kind: 'st', name: 'prd writer', project: project.name, config: 'prd' });
  add({ value: tokens.account, kind: 'sa', name: 'ci', grants: [project.name] });
  add({ value: tokens.scim, kind: 'scim', name: 'scim' });
  add({ value: tokens.audit, kind: 'audit', name: 'audit' });
  world.identities.set(SEED.identity, [project.name]);
}
