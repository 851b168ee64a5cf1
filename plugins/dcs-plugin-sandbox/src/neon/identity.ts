import type { Route } from '../server/cloud.ts';
import { type Json, needed, field, isObject, Refusal, type Success } from './envelope.ts';
import { type Ground, type Signed, signed } from './gate.ts';
import { DEFAULT_REGION, REGIONS } from './projects.ts';
import { type Key, newKey, type Org, tick } from './state.ts';

const viewOrg = ({ id, name, created }: Org): Json => ({
  id,
  name,
  handle: id,
  plan: 'launch',
  created_at: created,
  updated_at: created,
  managed_by: 'console',
});

const viewKey = (key: Key): Json => ({
  id: key.id,
  name: key.name,
  ...(key.project === undefined ? {} : { project_id: key.project }),
  created_at: key.created,
  created_by: { id: '0', name: 'You', image: '' },
  ...(key.lastUsed === undefined ? {} : { last_used_at: key.lastUsed, last_used_from_addr: '127.0.0.1' }),
});

function me({ key, world }: Signed): Success {
  if (key.kind !== 'user') throw new Refusal(404, 'not allowed for organization API keys');
  const person = { email: 'you@sandbox.example', name: 'You', login: 'you', image: '' };
  return {
    body: {
      id: world.user,
      ...person,
      last_name: '',
      active_seconds_limit: 0,
      projects_limit: 100,
      branches_limit: 1000,
      max_autoscaling_limit: 2,
      auth_accounts: [{ provider: 'github', ...person }],
      plan: 'launch',
    },
  };
}

const who = ({ key, world }: Signed): Success => ({
  body: { account_id: key.org ?? world.user, auth_method: `api_key_${key.kind}`, auth_data: String(key.id) },
});

function orgNamed({ call, key, world }: Signed): Org {
  const org = world.orgs.get(call.params['org'] ?? '');
  if (org === undefined || (key.org !== undefined && key.org !== org.id)) throw new Refusal(404, 'organization not found');
  return org;
}

/** Shown once. */
function addKey({ call, world }: Signed, scope: Partial<Key>): Success {
  const body = isObject(call.body) ? call.body : {};
  const value = newKey();
  const key: Key = { id: ++world.serial, name: needed(body, 'key_name', 'string'), kind: 'user', created: tick(world), ...scope };
  world.keys.set(value, key);
  return { body: { ...viewKey(key), created_by: world.user, key: value } };
}

function addOrgKey(asked: Signed): Success {
  const org = orgNamed(asked).id;
  if (asked.key.project !== undefined) throw new Refusal(403, 'this API key cannot make others');
  const project = field(isObject(asked.call.body) ? asked.call.body : {}, 'project_id', 'string');
  if (project !== undefined && asked.world.projects.get(project)?.org !== org) throw new Refusal(404, 'project not found');
  return addKey(asked, { kind: 'org', org, ...(project === undefined ? {} : { project }) });
}

function listKeys({ world }: Signed, org: string | undefined): Success {
  return { body: [...world.keys.values()].filter((key) => key.org === org).map(viewKey) };
}

function revoke({ call, world }: Signed, org: string | undefined): Success {
  for (const [value, key] of world.keys)
    if (String(key.id) === call.params['key'] && key.org === org) {
      world.keys.delete(value);
      return { body: { ...viewKey(key), revoked: true } };
    }
  throw new Refusal(404, 'API key not found');
}

/** Who calls, where projects can be, and keys. https://neon.com/docs/manage/api-keys, last verified 2026-11-21. */
export function identityRoutes(ground: Ground): Route[] {
  const own = ({ key }: Signed): void => {
    if (key.kind !== 'user') throw new Refusal(403, 'not allowed for organization API keys');
  };
  return [
    signed(ground, 'GET', '/auth', who),
    signed(ground, 'GET', '/users/me', me),
    signed(ground, 'GET', '/users/me/organizations', ({ world, key }) => ({
      body: { organizations: [...world.orgs.values()].filter(({ id }) => key.org === undefined || key.org === id).map(viewOrg) },
    })),
    signed(ground, 'GET', '/organizations/:org', (asked) => ({ body: viewOrg(orgNamed(asked)) })),
    signed(ground, 'GET', '/organizations/:org/api_keys', (asked) => listKeys(asked, orgNamed(asked).id)),
    signed(ground, 'POST', '/organizations/:org/api_keys', addOrgKey),
    signed(ground, 'DELETE', '/organizations/:org/api_keys/:key', (asked) => revoke(asked, orgNamed(asked).id)),
    signed(ground, 'GET', '/api_keys', (asked) => {
      own(asked);
      return listKeys(asked, undefined);
    }),
    signed(ground, 'POST', '/api_keys', (asked) => {
      own(asked);
      return addKey(asked, {});
    }),
    signed(ground, 'DELETE', '/api_keys/:key', (asked) => {
      own(asked);
      return revoke(asked, undefined);
    }),
    signed(ground, 'GET', '/regions', () => ({
      body: {
        regions: REGIONS.map((id) => ({ region_id: id, name: id, default: id === DEFAULT_REGION, geo_lat: '', geo_long: '' })),
      },
    })),
  ];
}
