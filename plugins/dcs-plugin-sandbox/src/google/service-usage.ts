import type { Call, Route } from '../server/cloud.ts';
import { invalid, type Json, objectBody, paged, Refusal } from './envelope.ts';
import { filterOf } from './filter.ts';
import { type Ground, isEnabled, route, type Signed } from './gate.ts';
import { startedView } from './operation-views.ts';
import { orderedFailure, startOperation } from './operations.ts';
import type { Project, World } from './state.ts';

// https://cloud.google.com/service-usage/docs/reference/rest/v1/services/batchEnable, last verified 2026-11-21.
const MOST = 20;
const API = /^[a-z0-9-]+\.googleapis\.com$/;

/** firebase-tools asks for the host of its own override, which is this server. */
const isOwnHost = (call: Call, api: string): boolean => call.headers.host?.split(':')[0] === api;

function view(world: World, project: Project, api: string, state?: string): Json {
  const parent = `projects/${project.number}`;
  return {
    name: `${parent}/services/${api}`,
    parent,
    config: { name: api },
    state: state ?? (isEnabled(world, project, api) ? 'ENABLED' : 'DISABLED'),
  };
}

function known(api: unknown): string {
  if (typeof api !== 'string' || !API.test(api))
    throw new Refusal('PERMISSION_DENIED', `Not found or permission denied for service(s): ${typeof api === 'string' ? api : ''}.`);
  return api;
}

function get({ call, world, project }: Signed): Json {
  const api = call.params['api'] ?? '';
  return isOwnHost(call, api) ? view(world, project, api, 'ENABLED') : view(world, project, known(api));
}

/** All or none, and only when the operation is done. */
function enable({ world, project }: Signed, apis: readonly string[]): Json {
  const failure = orderedFailure(world);
  const operation = startOperation(world, project, { kind: 'apis', key: apis.join(','), failure });
  if (failure === null) for (const api of apis) if (!isEnabled(world, project, api)) project.apis.set(api, operation.name);
  return startedView(operation);
}

function batchEnable(signed: Signed): Json {
  const { serviceIds } = objectBody(signed.call);
  if (!Array.isArray(serviceIds) || serviceIds.length === 0 || serviceIds.length > MOST)
    throw invalid(`Between 1 and ${MOST} services are enabled at once.`);
  return enable(signed, serviceIds.map(known));
}

function disable(signed: Signed): Json {
  const { world, project, call } = signed;
  const api = known(call.params['api']);
  if (!isEnabled(world, project, api)) throw new Refusal('FAILED_PRECONDITION', `Service ${api} is not enabled.`);
  project.apis.delete(api);
  return startedView(startOperation(world, project, { kind: 'apis', key: api, failure: null }));
}

/** Only enabled services are known one by one; a filter for disabled ones finds nothing here. */
function list({ call, world, project }: Signed): Json {
  const test = filterOf(call.query.get('filter'));
  const all = [...project.apis.keys()].map((api, index) => ({ at: index + 1, view: view(world, project, api) }));
  const { items, next } = paged(
    call,
    all.filter((one) => test(one.view)),
    200,
  );
  return { services: items.map((one) => one.view), ...next };
}

/** https://cloud.google.com/service-usage/docs/reference/rest, last verified 2026-11-21. */
export function serviceUsageRoutes(ground: Ground): Route[] {
  const right = 'serviceusage.services';
  return ['v1', 'v1beta1'].flatMap((version) => {
    const all = `/serviceusage/${version}/projects/:project/services`;
    return [
      route(ground, `GET ${all}`, { permission: `${right}.list` }, list),
      route(ground, `GET ${all}/:api`, { permission: `${right}.get` }, get),
      route(ground, `POST ${all}:batchEnable`, { permission: `${right}.enable` }, batchEnable),
      route(ground, `GET ${all}:batchGet`, { permission: `${right}.get` }, ({ call, world, project }) => ({
        services: call.query.getAll('names').map((name) => view(world, project, known(name.split('/').at(-1)))),
      })),
      route(ground, `POST ${all}/:api:enable`, { permission: `${right}.enable` }, (signed) =>
        enable(signed, [known(signed.call.params['api'])]),
      ),
      route(ground, `POST ${all}/:api:disable`, { permission: `${right}.disable` }, disable),
    ];
  });
}
