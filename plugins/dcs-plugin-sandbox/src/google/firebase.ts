import type { Call, Route } from '../server/cloud.ts';
import { type Json, paged, Refusal } from './envelope.ts';
import { type Ground, route, type Signed } from './gate.ts';
import { type Backend, type Project, stamp } from './state.ts';

const backendView = (project: Project, { id, location, at, serviceAccount }: Backend): Json => ({
  name: `projects/${project.id}/locations/${location}/backends/${id}`,
  uid: id,
  servingLocality: 'GLOBAL_ACCESS',
  environment: 'production',
  serviceAccount,
  labels: { 'deployment-tool': 'cli-firebase' },
  uri: `${id}--${project.id}.${location}.hosted.app`,
  createTime: stamp(at),
  updateTime: stamp(at),
});

function backends({ call, project }: Signed): Json {
  const { location } = call.params;
  const all = [...project.backends.values()].filter((one) => location === '-' || one.location === location);
  const { items, next } = paged(call, all, 100);
  return { ...(items.length === 0 ? {} : { backends: items.map((one) => backendView(project, one)) }), ...next };
}

function backend({ call, project }: Signed): Json {
  const { location, backend: id } = call.params;
  const found = project.backends.get(`${location}/${id}`);
  if (found === undefined)
    throw new Refusal('NOT_FOUND', `Resource 'projects/${project.id}/locations/${location}/backends/${id}' was not found`);
  return backendView(project, found);
}

/** Backends of App Hosting, to be read. https://firebase.google.com/docs/reference/apphosting/rest, last verified 2026-11-21. */
export function appHostingRoutes(ground: Ground): Route[] {
  const right = 'firebaseapphosting';
  return ['v1', 'v1beta'].flatMap((version) => {
    const base = `/firebaseapphosting/${version}/projects/:project/locations`;
    return [
      route(ground, `GET ${base}`, { permission: `${right}.locations.list` }, ({ project }) => ({
        locations: [...new Set([...project.backends.values()].map(({ location }) => location))].map((location) => ({
          name: `projects/${project.id}/locations/${location}`,
          locationId: location,
        })),
      })),
      route(ground, `GET ${base}/:location/backends`, { permission: `${right}.backends.list` }, backends),
      route(ground, `GET ${base}/:location/backends/:backend`, { permission: `${right}.backends.get` }, backend),
    ];
  });
}

function configOf({ call, project }: Signed): [string, Map<string, string>] {
  const name = call.params['config'] ?? '';
  const config = project.runtimeConfig.get(name);
  if (config === undefined) throw new Refusal('NOT_FOUND', `Config '${name}' not found.`);
  return [`projects/${project.id}/configs/${name}`, config];
}

/** The name of a variable may hold slashes: one part each. */
const partsOf = ({ params }: Call): string => ['a', 'b', 'c', 'd'].flatMap((part) => params[part] ?? []).join('/');

function variable(signed: Signed): Json {
  const [name, config] = configOf(signed);
  const id = partsOf(signed.call);
  const text = config.get(id);
  if (text === undefined) throw new Refusal('NOT_FOUND', `Variable '${id}' not found.`);
  return { name: `${name}/variables/${id}`, text, state: 'UPDATED' };
}

function variables(signed: Signed): Json {
  const [name, config] = configOf(signed);
  const withValues = signed.call.query.get('returnValues') === 'true';
  const all = [...config].map(([id, text]) => ({ name: `${name}/variables/${id}`, ...(withValues ? { text, state: 'UPDATED' } : {}) }));
  return all.length === 0 ? {} : { variables: all };
}

/** What `functions.config()` reads until March 2027, to be read only. https://cloud.google.com/deployment-manager/runtime-configurator/reference/rest, last verified 2026-11-21. */
export function runtimeConfigRoutes(ground: Ground): Route[] {
  const all = '/runtimeconfig/v1beta1/projects/:project/configs';
  const right = 'runtimeconfig';
  return [
    route(ground, `GET ${all}`, { permission: `${right}.configs.list` }, ({ project }) => {
      const configs = [...project.runtimeConfig.keys()].map((name) => ({ name: `projects/${project.id}/configs/${name}` }));
      return configs.length === 0 ? {} : { configs };
    }),
    route(ground, `GET ${all}/:config/variables`, { permission: `${right}.variables.list` }, variables),
    ...[':a', ':a/:b', ':a/:b/:c', ':a/:b/:c/:d'].map((path) =>
      route(ground, `GET ${all}/:config/variables/${path}`, { permission: `${right}.variables.get` }, variable),
    ),
  ];
}
