import type { Route } from '../server/cloud.ts';
import { invalid, type Json, newEtag, objectBody, onlyFields, paged, Refusal } from './envelope.ts';
import { filterOf } from './filter.ts';
import { type Ground, policiesOf, route, type Signed } from './gate.ts';
import { policyRoutes } from './policies.ts';
import { FIELDS, initial, masked, replicationFrom, secretView } from './secret-fields.ts';
import { horizon, newPolicy, type Policy, type Project, type Secret, tick, type World } from './state.ts';

const PAGE = 25_000;

/** Google names things by the number of the project, whatever the caller wrote. */
export const parentName = (project: Project, location: string): string =>
  `projects/${project.number}${location === '' ? '' : `/locations/${location}`}`;

export const secretName = (project: Project, { location, id }: Pick<Secret, 'location' | 'id'>): string =>
  `${parentName(project, location)}/secrets/${id}`;

export function findSecret(project: Project, location: string, id: string): Secret | undefined {
  const secret = project.secrets.get(`${location}/${id}`);
  if (secret === undefined || secret.expires === null || secret.expires > Date.now()) return secret;
  project.secrets.delete(`${location}/${id}`);
  return undefined;
}

export function secretOf({ call, project }: Signed): Secret {
  const { location = '', secret: id = '' } = call.params;
  const secret = findSecret(project, location, id);
  if (secret === undefined) throw new Refusal('NOT_FOUND', `Secret [${secretName(project, { location, id })}] not found.`);
  return secret;
}

/** An absent secret has no policy: whether it is there is told only to those who may ask of the whole project. */
export function secretPolicies({ call, project }: Signed): Policy[] {
  return policiesOf(findSecret(project, call.params['location'] ?? '', call.params['secret'] ?? ''));
}

/** An etag that was sent must be the current one. https://cloud.google.com/secret-manager/docs/etags, last verified 2026-11-21. */
export function sameEtag(sent: unknown, current: string): void {
  if (sent !== undefined && sent !== null && sent !== '' && sent !== current)
    throw new Refusal('FAILED_PRECONDITION', 'The etag provided in the request does not match the current etag of the resource.');
}

export function addSecret(world: World, project: Project, location: string, id: string, body: Json): Secret {
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(id)) throw invalid('The secret id is invalid.');
  if (findSecret(project, location, id) !== undefined)
    throw new Refusal('ALREADY_EXISTS', `Secret [${secretName(project, { location, id })}] already exists.`);
  const secret: Secret = {
    id,
    location,
    at: tick(world),
    etag: newEtag(),
    replication: replicationFrom(body['replication'], location),
    ...initial(body),
    policy: newPolicy(world),
    versions: [],
  };
  project.secrets.set(`${location}/${id}`, secret);
  return secret;
}

export function dropSecret(world: World, project: Project, secret: Secret): void {
  project.secrets.delete(`${secret.location}/${secret.id}`);
  project.deleted.push({ secret, at: tick(world) });
}

function create({ call, world, project }: Signed): Json {
  const body = objectBody(call);
  onlyFields(body, FIELDS, 'secret');
  const id = call.query.get('secretId') ?? call.query.get('secret_id') ?? '';
  const secret = addSecret(world, project, call.params['location'] ?? '', id, body);
  return secretView(secret, secretName(project, secret));
}

/** Lists are eventually consistent: a new secret may be missing, a deleted one still there. */
function listed(world: World, project: Project, location: string): Secret[] {
  const moment = horizon(world);
  const still = project.deleted.filter(({ at }) => at > moment).map(({ secret }) => secret);
  return [...project.secrets.values(), ...still].filter((secret) => secret.location === location && secret.at <= moment);
}

function list({ call, world, project }: Signed): Json {
  const filter = call.query.get('filter');
  const all = listed(world, project, call.params['location'] ?? '');
  const views = all.map((secret) => ({ at: secret.at, id: secret.id, view: secretView(secret, secretName(project, secret)) }));
  const test = filterOf(filter);
  const { items, next } = paged(
    call,
    views.filter(({ id, view }) => test({ ...view, name: id })),
    PAGE,
  );
  return {
    ...(items.length === 0 ? {} : { secrets: items.map(({ view }) => view) }),
    ...next,
    ...(filter === null && all.length > 0 ? { totalSize: all.length } : {}),
  };
}

function patch(signed: Signed): Json {
  const { call, project } = signed;
  const secret = secretOf(signed);
  const body = objectBody(call);
  onlyFields(body, FIELDS, 'secret');
  sameEtag(body['etag'], secret.etag);
  const mask = call.query.get('updateMask') ?? call.query.get('update_mask') ?? '';
  Object.assign(secret, masked(mask, body, secret.versions.length), { etag: newEtag() });
  return secretView(secret, secretName(project, secret));
}

function remove(signed: Signed): Json {
  const secret = secretOf(signed);
  sameEtag(signed.call.query.get('etag') ?? undefined, secret.etag);
  dropSecret(signed.world, signed.project, secret);
  return {};
}

/** Secrets below `base`, a project or one of its locations. https://cloud.google.com/secret-manager/docs/reference/rest, last verified 2026-11-21. */
export function secretRoutes(ground: Ground, base: string): Route[] {
  const kind = 'secretmanager.secrets';
  const one = `${base}/secrets/:secret`;
  const policies = secretPolicies;
  return [
    route(ground, `GET ${base}/secrets`, { permission: `${kind}.list`, kind: 'reads' }, list),
    route(ground, `POST ${base}/secrets`, { permission: `${kind}.create`, kind: 'writes' }, create),
    route(ground, `GET ${one}`, { permission: `${kind}.get`, policies, kind: 'reads' }, (signed) => {
      const secret = secretOf(signed);
      return secretView(secret, secretName(signed.project, secret));
    }),
    route(ground, `PATCH ${one}`, { permission: `${kind}.update`, policies, kind: 'perSecret' }, patch),
    route(ground, `DELETE ${one}`, { permission: `${kind}.delete`, policies, kind: 'writes' }, remove),
    ...policyRoutes(ground, { path: one, kind, policies }, (signed) => secretOf(signed).policy),
  ];
}
