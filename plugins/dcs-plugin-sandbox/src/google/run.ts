import type { Route } from '../server/cloud.ts';
import { accountOf } from './containers.ts';
import { invalid, type Json, objectBody, onlyFields, paged, Refusal } from './envelope.ts';
import { type Ground, policiesOf, route, type Signed } from './gate.ts';
import { maskOf, merged } from './masks.ts';
import { startedView } from './operation-views.ts';
import { policyRoutes } from './policies.ts';
import type { Policy, Workload } from './state.ts';
import {
  deploy,
  keyOf,
  type Kind,
  mayActAs,
  nameOf,
  newWorkload,
  OUTPUT,
  revisionView,
  templateOf,
  workloadView,
  WRITABLE,
} from './workloads.ts';

const PAGE = 100;

function placeOf({ call }: Signed, kind: Kind): Pick<Workload, 'kind' | 'location' | 'id'> {
  return { kind, location: call.params['location'] ?? '', id: call.params['workload'] ?? '' };
}

const find = (signed: Signed, kind: Kind): Workload | undefined => signed.project.workloads.get(keyOf(placeOf(signed, kind)));

function workloadOf(signed: Signed, kind: Kind): Workload {
  const workload = find(signed, kind);
  if (workload === undefined)
    throw new Refusal(
      'NOT_FOUND',
      `Resource '${signed.call.params['workload']}' of kind '${kind === 'jobs' ? 'JOB' : 'SERVICE'}' in region '${signed.call.params['location']}' in project '${signed.project.id}' does not exist.`,
    );
  return workload;
}

function list({ call, world, project }: Signed, kind: Kind): Json {
  const location = call.params['location'];
  const all = [...project.workloads.values()].filter((one) => one.kind === kind && (location === '-' || one.location === location));
  const { items, next } = paged(call, all, PAGE);
  return { ...(items.length === 0 ? {} : { [kind]: items.map((one) => workloadView(world, project, one)) }), ...next };
}

function sent({ call }: Signed, kind: Kind): Json {
  const body = objectBody(call);
  onlyFields(body, [...WRITABLE[kind], ...OUTPUT], kind === 'jobs' ? 'job' : 'service');
  return body;
}

/** `validateOnly` says how it would look and keeps nothing. */
function put(signed: Signed, workload: Workload, spec: Json): Json {
  const { call, world, project } = signed;
  mayActAs(signed, accountOf(project, templateOf({ kind: workload.kind, spec })));
  if (call.query.get('validateOnly') !== 'true') return startedView(deploy(world, project, workload, spec));
  const tried = structuredClone(workload);
  const { name } = deploy(world, project, tried, spec);
  world.operations.delete(name);
  const type = `type.googleapis.com/google.cloud.run.v2.${workload.kind === 'jobs' ? 'Job' : 'Service'}`;
  return { name, done: true, response: { '@type': type, ...workloadView(world, project, tried) } };
}

function create(signed: Signed, kind: Kind): Json {
  const { call, world, project } = signed;
  const id = call.query.get(kind === 'jobs' ? 'jobId' : 'serviceId') ?? call.params['workload'] ?? '';
  if (!/^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$/.test(id)) throw invalid('The id is invalid.');
  const place = { kind, location: call.params['location'] ?? '', id };
  if (project.workloads.has(keyOf(place))) throw new Refusal('ALREADY_EXISTS', `Resource '${id}' already exists.`);
  const spec = merged({}, sent(signed, kind), undefined, WRITABLE[kind]);
  mayActAs(signed, accountOf(project, templateOf({ kind, spec })));
  return startedView(deploy(world, project, newWorkload(world, project, { ...place, spec: {} }), spec));
}

/** A service takes a mask; a job is always written whole, and a mask is no parameter there. */
function patch(signed: Signed, kind: Kind): Json {
  const { call } = signed;
  const mask = maskOf(call.query);
  if (kind === 'jobs' && mask !== undefined)
    throw invalid(
      'Invalid JSON payload received. Unknown name "updateMask": Cannot bind query parameter. Field \'updateMask\' could not be found in request message.',
    );
  if (find(signed, kind) === undefined && call.query.get('allowMissing') === 'true') return create(signed, kind);
  const workload = workloadOf(signed, kind);
  const body = sent(signed, kind);
  const { etag } = body;
  if (etag !== undefined && etag !== '' && etag !== workload.etag)
    throw new Refusal(
      'ABORTED',
      `Conflict for resource '${workload.id}': version '${typeof etag === 'string' ? etag : ''}' was specified but current version is '${workload.etag}'.`,
    );
  return put(signed, workload, merged(workload.spec, body, mask, WRITABLE[kind]));
}

function remove(signed: Signed, kind: Kind): Json {
  const workload = workloadOf(signed, kind);
  signed.project.workloads.delete(keyOf(workload));
  return { name: `${nameOf(signed.project, workload)}/operations/deleted`, done: true };
}

function revisions(ground: Ground, path: string): Route[] {
  const rights = { permission: 'run.revisions.list' };
  return [
    route(ground, `GET ${path}/revisions`, rights, (signed) => {
      const workload = workloadOf(signed, 'services');
      const { items, next } = paged(signed.call, workload.revisions, PAGE);
      return { revisions: items.map((one) => revisionView(signed.world, signed.project, workload, one)), ...next };
    }),
    route(ground, `GET ${path}/revisions/:revision`, { permission: 'run.revisions.get' }, (signed) => {
      const workload = workloadOf(signed, 'services');
      const revision = workload.revisions.find(({ name }) => name === signed.call.params['revision']);
      if (revision === undefined) throw new Refusal('NOT_FOUND', `Revision '${signed.call.params['revision']}' does not exist.`);
      return revisionView(signed.world, signed.project, workload, revision);
    }),
  ];
}

/** Services and jobs. https://cloud.google.com/run/docs/reference/rest/v2, last verified 2026-11-21. */
export function runRoutes(ground: Ground): Route[] {
  const base = '/run/v2/projects/:project/locations/:location';
  const routes = (['services', 'jobs'] as const).flatMap((kind) => {
    const all = `${base}/${kind}`;
    const one = `${all}/:workload`;
    const right = `run.${kind}`;
    const policies = (signed: Signed): Policy[] => policiesOf(find(signed, kind));
    return [
      route(ground, `GET ${all}`, { permission: `${right}.list` }, (signed) => list(signed, kind)),
      route(ground, `POST ${all}`, { permission: `${right}.create` }, (signed) => create(signed, kind)),
      route(ground, `GET ${one}`, { permission: `${right}.get`, policies }, (signed) =>
        workloadView(signed.world, signed.project, workloadOf(signed, kind)),
      ),
      route(ground, `PATCH ${one}`, { permission: `${right}.update`, policies }, (signed) => patch(signed, kind)),
      route(ground, `DELETE ${one}`, { permission: `${right}.delete`, policies }, (signed) => remove(signed, kind)),
      ...policyRoutes(ground, { path: one, kind: right, policies }, (signed) => workloadOf(signed, kind).policy),
    ];
  });
  return [...routes, ...revisions(ground, `${base}/services/:workload`)];
}
