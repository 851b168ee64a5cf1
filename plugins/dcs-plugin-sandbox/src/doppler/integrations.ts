import { randomUUID } from 'node:crypto';
import type { Reply, Route } from '../server/cloud.ts';
import { configOf, type Ground, isObject, type Json, mayWrite, notServiceToken, ok, Refusal, type Signed, signed } from './gate.ts';
import { type Integration, now, type Sync } from './state.ts';

const missing = (what: string): Refusal => new Refusal(404, `Could not find requested ${what}`);

function integrationOf(call: Signed): Integration {
  notServiceToken(call);
  const integration = call.world.integrations.get(call.field('integration') ?? '');
  if (integration === undefined) throw missing('integration');
  return integration;
}

const shown = ({ slug, name, type, enabled }: Integration): Json => ({ slug, name, type, kind: 'sync', enabled });
const shownSync = (sync: Sync, { slug }: Integration): Json => ({ ...sync, integration: slug });

/** The workplace's, to whoever is more than one config's token; no page, no destination. */
function list(call: Signed): Reply {
  notServiceToken(call);
  const all = [...call.world.integrations.values()];
  return ok({
    integrations: all.map((each) => ({ ...shown(each), syncs: [...each.syncs.values()].map((sync) => shownSync(sync, each)) })),
  });
}

function create(call: Signed): Reply {
  notServiceToken(call);
  const [name, type] = [call.field('name'), call.field('type')];
  if (!name || !type) throw new Refusal(400, 'Please provide a valid type and name.');
  const integration: Integration = { slug: randomUUID(), name, type, enabled: true, syncs: new Map() };
  call.world.integrations.set(integration.slug, integration);
  return ok({ integration: shown(integration) });
}

function remove(call: Signed): Reply {
  call.world.integrations.delete(integrationOf(call).slug);
  return { status: 204 };
}

function createSync(call: Signed): Reply {
  mayWrite(call);
  const integration = integrationOf(call);
  const { project, name: config } = configOf(call);
  if (!isObject(call.call.body) || !isObject(call.call.body['data'])) throw new Refusal(400, 'Please provide valid data.');
  const sync: Sync = { slug: randomUUID(), enabled: true, lastSyncedAt: now(), project, config };
  integration.syncs.set(sync.slug, sync);
  return ok({ sync: shownSync(sync, integration) });
}

function oneSync(call: Signed, run: (sync: Sync, integration: Integration) => Reply): Reply {
  notServiceToken(call);
  const { project, name: config } = configOf(call);
  for (const integration of call.world.integrations.values()) {
    const sync = integration.syncs.get(call.field('sync') ?? '');
    if (sync?.project === project && sync.config === config) return run(sync, integration);
  }
  throw missing('sync');
}

/** Stored objects only: the sandbox's Doppler sends nothing anywhere. https://docs.doppler.com/reference/integrations-list, last verified 2026-11-21. */
export function integrationRoutes(ground: Ground): Route[] {
  const on = signed.bind(undefined, ground);
  const syncs = '/v3/configs/config/syncs';
  return [
    on('GET', '/v3/integrations', 'reads', list),
    on('POST', '/v3/integrations', 'writes', create),
    on('GET', '/v3/integrations/integration', 'reads', (call) => ok({ integration: shown(integrationOf(call)) })),
    on('DELETE', '/v3/integrations/integration', 'writes', remove),
    on('POST', syncs, 'writes', createSync),
    on('GET', `${syncs}/sync`, 'reads', (call) => oneSync(call, (sync, integration) => ok({ sync: shownSync(sync, integration) }))),
    on('DELETE', `${syncs}/sync`, 'writes', (call) =>
      oneSync(call, (sync, integration) => {
        integration.syncs.delete(sync.slug);
        return { status: 204 };
      }),
    ),
  ];
}
