import type { Route } from '../server/cloud.ts';
import { answered, type Json, Refusal } from './envelope.ts';
import { functionView, legacyView } from './function-views.ts';
import { type Ground, memberOf } from './gate.ts';
import { isDone } from './operations.ts';
import { type Operation, type Project, stamp, type World } from './state.ts';
import { workloadView } from './workloads.ts';

const TYPES: Record<Operation['kind'], string> = {
  services: 'google.cloud.run.v2.Service',
  jobs: 'google.cloud.run.v2.Job',
  functions: 'google.cloud.functions.v2.Function',
  functions1: 'google.cloud.functions.v1.CloudFunction',
  apis: 'google.api.serviceusage.v1.BatchEnableServicesResponse',
};

function outcome(world: World, project: Project, { kind, key }: Operation): Json {
  const workload = project.workloads.get(key);
  const fn = project.functions.get(key);
  if (workload !== undefined) return workloadView(world, project, workload);
  if (fn !== undefined) return kind === 'functions1' ? legacyView(world, project, fn) : functionView(world, project, fn);
  return kind === 'apis'
    ? { services: key.split(',').map((api) => ({ name: `projects/${project.number}/services/${api}`, state: 'ENABLED' })) }
    : {};
}

const typeOf = ({ kind }: Operation): string => `type.googleapis.com/${TYPES[kind]}`;

/** What the caller is told at the start: never that it is done. */
export const startedView = (operation: Operation): Json => ({
  name: operation.name,
  metadata: { '@type': `${typeOf(operation)}Metadata`, createTime: stamp(operation.at) },
});

function operationView(world: World, operation: Operation): Json {
  const { failure, project: id } = operation;
  const type = typeOf(operation);
  const started = startedView(operation);
  const project = world.projects.get(id);
  if (!isDone(operation) || project === undefined) return started;
  if (failure !== null) return { ...started, done: true, error: failure };
  return { ...started, done: true, response: { '@type': type, ...outcome(world, project, operation) } };
}

/** Every API tells of operations; which of them does not matter here. */
export function operationRoutes({ world }: Ground): Route[] {
  const regional = '/projects/:project/locations/:location/operations/:operation';
  const paths = [
    `/run/v2${regional}`,
    `/cloudfunctions/v2${regional}`,
    ...['cloudfunctions/v1', 'serviceusage/v1', 'serviceusage/v1beta1'].map((api) => `/${api}/operations/:operation`),
  ];
  const found = (name: string): Json => {
    const operation = world.operations.get(name);
    if (operation === undefined) throw new Refusal('NOT_FOUND', `Operation '${name}' not found.`);
    return operationView(world, operation);
  };
  return paths.map((path) => ({
    method: 'GET',
    path,
    answer: (call) =>
      answered(() => {
        memberOf(world, call);
        const { location, operation = '' } = call.params;
        const project = [...world.projects.values()].find(({ id, number }) => [id, number].includes(call.params['project'] ?? ''));
        return found(
          location === undefined ? `operations/${operation}` : `projects/${project?.id}/locations/${location}/operations/${operation}`,
        );
      }),
  }));
}
