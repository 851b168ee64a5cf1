import type { Route } from '../server/cloud.ts';
import { accountOf, referencesOf, startFailure } from './containers.ts';
import { invalid, isObject, type Json, objectBody, onlyFields, paged, Refusal } from './envelope.ts';
import { filterOf } from './filter.ts';
import { configOf, functionName, functionView, legacyView, templateFrom } from './function-views.ts';
import { type Ground, policiesOf, route, type Signed } from './gate.ts';
import { maskOf, merged } from './masks.ts';
import { startedView } from './operation-views.ts';
import { orderedFailure, startOperation } from './operations.ts';
import { policyRoutes } from './policies.ts';
import { type CloudFunction, newPolicy, type Operation, type Policy, type Project, tick, type World } from './state.ts';
import { deploy, keyOf, mayActAs, newWorkload } from './workloads.ts';

const PAGE = 1000;
const WRITABLE = ['description', 'labels', 'buildConfig', 'serviceConfig', 'eventTrigger', 'kmsKeyName'];
const FIELDS = [
  ...WRITABLE,
  'name',
  'state',
  'stateMessages',
  'environment',
  'url',
  'createTime',
  'updateTime',
  'upgradeInfo',
  'satisfiesPzs',
  'satisfiesPzi',
];
const LEGACY = ['environmentVariables', 'secretEnvironmentVariables'];

function find({ call, project }: Signed): CloudFunction | undefined {
  return project.functions.get(`${call.params['location']}/${call.params['function']}`);
}

function functionOf(signed: Signed): CloudFunction {
  const fn = find(signed);
  if (fn === undefined)
    throw new Refusal(
      'NOT_FOUND',
      `Resource 'projects/${signed.project.id}/locations/${signed.call.params['location']}/functions/${signed.call.params['function']}' was not found`,
    );
  return fn;
}

function checkSecrets(config: Json): void {
  const refs = config['secretEnvironmentVariables'] ?? [];
  if (!Array.isArray(refs)) throw invalid("The field 'service_config.secret_environment_variables' is invalid.");
  const names = new Set<unknown>(isObject(config['environmentVariables']) ? Object.keys(config['environmentVariables']) : []);
  for (const ref of refs) {
    const { key, secret, version, ...rest } = isObject(ref) ? ref : {};
    onlyFields(rest, ['projectId'], 'secret_environment_variables');
    if (typeof key !== 'string' || typeof secret !== 'string' || typeof version !== 'string')
      throw invalid('A secret environment variable needs key, secret and version.');
    if (names.has(key)) throw invalid(`The environment variable '${key}' overlaps with another one.`);
    names.add(key);
  }
}

/** Deploys the function anew; one of the second generation is a service of Cloud Run, which gets a revision. */
export function deployFunction(world: World, project: Project, fn: CloudFunction, spec: Json): Operation {
  const config = configOf({ spec });
  checkSecrets(config);
  const template = templateFrom(config);
  const failure = startFailure(world, accountOf(project, template), referencesOf(project, template)) ?? orderedFailure(world);
  const at = tick(world);
  const kind = fn.generation === 1 ? 'functions1' : 'functions';
  const key = `${fn.location}/${fn.id}`;
  const place = fn.generation === 1 ? {} : { location: fn.location };
  const operation = startOperation(world, project, { kind, key, failure, ...place });
  Object.assign(fn, { spec, updated: at });
  const service = fn.generation === 2 ? behind(world, project, fn) : undefined;
  if (service !== undefined) deploy(world, project, service, { ...service.spec, template });
  const name = service?.revisions.at(-1)?.name ?? String(fn.revisions.length + 1);
  fn.revisions.push({ name, at, template, operation: operation.name, failure });
  return operation;
}

function behind(world: World, project: Project, { location, id }: CloudFunction) {
  const place = { kind: 'services' as const, location, id };
  const spec = { labels: { 'goog-managed-by': 'cloudfunctions' } };
  return project.workloads.get(keyOf(place)) ?? newWorkload(world, project, { ...place, spec });
}

export function newFunction(
  world: World,
  project: Project,
  at: Pick<CloudFunction, 'generation' | 'location' | 'id'>,
  spec: Json,
): CloudFunction {
  const moment = tick(world);
  const fn: CloudFunction = { ...at, at: moment, updated: moment, spec: {}, revisions: [], policy: newPolicy(world) };
  project.functions.set(`${fn.location}/${fn.id}`, fn);
  deployFunction(world, project, fn, spec);
  return fn;
}

const inLocation = ({ call, project }: Signed): CloudFunction[] =>
  [...project.functions.values()].filter(({ location }) => call.params['location'] === '-' || location === call.params['location']);

function list(signed: Signed): Json {
  const { call, world, project } = signed;
  const test = filterOf(call.query.get('filter'));
  const views = inLocation(signed).map((fn) => ({ at: fn.at, view: functionView(world, project, fn) }));
  const { items, next } = paged(
    call,
    views.filter(({ view }) => test(view)),
    PAGE,
  );
  return { ...(items.length === 0 ? {} : { functions: items.map(({ view }) => view) }), ...next };
}

/** Names of a mask that are not writable are passed over: the vendor's own CLI sends `name` and `state` along. */
function patch(signed: Signed): Json {
  const { call, world, project } = signed;
  const fn = functionOf(signed);
  if (fn.generation === 1) throw invalid(`${functionName(project, fn)} is a first generation function.`);
  const body = objectBody(call);
  onlyFields(body, FIELDS, 'function');
  const spec = merged(
    fn.spec,
    body,
    maskOf(call.query)?.filter(([field = '']) => WRITABLE.includes(field)),
    WRITABLE,
  );
  mayActAs(signed, accountOf(project, templateFrom(configOf({ spec }))));
  return startedView(deployFunction(world, project, fn, spec));
}

function legacyOf(signed: Signed): CloudFunction {
  const fn = functionOf(signed);
  if (fn.generation === 2) throw new Refusal('NOT_FOUND', `Function ${functionName(signed.project, fn)} does not exist`);
  return fn;
}

function patchLegacy(signed: Signed): Json {
  const { call, world, project } = signed;
  const fn = legacyOf(signed);
  const body = objectBody(call);
  const named = maskOf(call.query)?.map(([field = '']) => field) ?? Object.keys(body);
  const within = LEGACY.filter((field) => named.includes(field)).map((field) => [field]);
  const labels = merged(fn.spec, body, named.includes('labels') ? [['labels']] : [], WRITABLE);
  const spec = { ...labels, serviceConfig: merged(configOf(fn), body, within, LEGACY) };
  mayActAs(signed, accountOf(project, templateFrom(configOf({ spec }))));
  return startedView(deployFunction(world, project, fn, spec));
}

/** Both generations by API v2, the first by v1 too. https://cloud.google.com/functions/docs/reference/rest, last verified 2026-11-21. */
export function functionRoutes(ground: Ground): Route[] {
  const right = 'cloudfunctions.functions';
  const policies = (signed: Signed): Policy[] => policiesOf(find(signed));
  const [first = '', second = ''] = ['v1', 'v2'].map(
    (version) => `/cloudfunctions/${version}/projects/:project/locations/:location/functions`,
  );
  const one = `${second}/:function`;
  return [
    route(ground, `GET ${second}`, { permission: `${right}.list` }, list),
    route(ground, `GET ${one}`, { permission: `${right}.get`, policies }, (signed) =>
      functionView(signed.world, signed.project, functionOf(signed)),
    ),
    route(ground, `PATCH ${one}`, { permission: `${right}.update`, policies }, patch),
    ...policyRoutes(ground, { path: one, kind: right, policies }, (signed) => functionOf(signed).policy),
    route(ground, `GET ${first}`, { permission: `${right}.list` }, (signed) => {
      const functions = inLocation(signed).filter(({ generation }) => generation === 1);
      return { functions: functions.map((fn) => legacyView(signed.world, signed.project, fn)) };
    }),
    route(ground, `GET ${first}/:function`, { permission: `${right}.get`, policies }, (signed) =>
      legacyView(signed.world, signed.project, legacyOf(signed)),
    ),
    route(ground, `PATCH ${first}/:function`, { permission: `${right}.update`, policies }, patchLegacy),
  ];
}
