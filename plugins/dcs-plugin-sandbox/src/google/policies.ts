import type { Call, Route } from '../server/cloud.ts';
import { invalid, isObject, type Json, newPolicyEtag, objectBody, Refusal } from './envelope.ts';
import { type Ground, route, type Signed } from './gate.ts';
import { allows, inForce } from './iam.ts';
import { type Binding, type Policy, serviceAccount, tick, type World } from './state.ts';

const MEMBER =
  /^(allUsers|allAuthenticatedUsers|(user|serviceAccount|group):[^@\s]+@[^@\s]+|domain:\S+|(principal|principalSet):\/\/\S+|project(Owner|Editor|Viewer):\S+)$/;
const ROLE = /^(roles|projects\/[^/]+\/roles|organizations\/\d+\/roles)\/[A-Za-z0-9_.]+$/;

const view = ({ bindings, etag }: Policy): Json => ({ version: 1, etag, ...(bindings.length === 0 ? {} : { bindings }) });

function memberFrom(world: World, sent: unknown): string {
  if (typeof sent !== 'string' || !MEMBER.test(sent)) throw invalid('The member is of an unknown type.');
  const email = sent.startsWith('serviceAccount:') ? sent.slice(15) : '';
  const project = /@([^.]+)\.iam\.gserviceaccount\.com$/.exec(email)?.[1];
  if (project !== undefined && world.projects.has(project) && serviceAccount(world, email) === undefined)
    throw invalid(`Service account ${email} does not exist.`);
  return sent;
}

function bindingFrom(world: World, sent: unknown): Binding {
  const { role, members, condition } = isObject(sent) ? sent : {};
  if (typeof role !== 'string' || !ROLE.test(role)) throw invalid('The role name is invalid.');
  if (!Array.isArray(members)) throw invalid('A binding needs members.');
  return { role, members: members.map((member) => memberFrom(world, member)), ...(isObject(condition) ? { condition } : {}) };
}

/** One binding a role and condition, as the vendor keeps them. */
function joined(bindings: readonly Binding[]): Binding[] {
  const groups = Object.values(Object.groupBy(bindings, ({ role, condition }) => JSON.stringify([role, condition])));
  return groups.flatMap((group = []) =>
    group.slice(0, 1).map((one) => ({ ...one, members: [...new Set(group.flatMap(({ members }) => members))] })),
  );
}

function setPolicy({ call, world }: Signed, policy: Policy): Json {
  const sent = objectBody(call)['policy'];
  if (!isObject(sent)) throw invalid("The field 'policy' is required.");
  const { etag, bindings = [] } = sent;
  if (etag !== undefined && etag !== '' && etag !== policy.etag)
    throw new Refusal(
      'ABORTED',
      'There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.',
    );
  if (!Array.isArray(bindings)) throw invalid('The bindings are invalid.');
  const next = joined(bindings.map((binding) => bindingFrom(world, binding)));
  Object.assign(policy, { before: inForce(world, policy), bindings: next, at: tick(world), etag: newPolicyEtag() });
  return view(policy);
}

function permissionsAsked(call: Call): string[] {
  const { permissions } = objectBody(call);
  if (!Array.isArray(permissions) || !permissions.every((one): one is string => typeof one === 'string' && !one.includes('*')))
    throw invalid('The permissions are invalid.');
  return permissions;
}

export interface Place {
  /** `/api/version/path/:to/:it`. */
  path: string;
  /** Of its permissions: `secretmanager.secrets`. */
  kind: string;
  reading?: 'GET' | 'POST';
  /** Empty when it is not there: then nobody holds a right on it, and that is no error. */
  policies: (signed: Signed) => Policy[];
}

/** The three methods of a resource's policy. */
export function policyRoutes(
  ground: Ground,
  { path, kind, reading = 'GET', policies }: Place,
  policyOf: (signed: Signed) => Policy,
): Route[] {
  return [
    route(ground, `${reading} ${path}:getIamPolicy`, { permission: `${kind}.getIamPolicy`, policies }, (signed) => view(policyOf(signed))),
    route(ground, `POST ${path}:setIamPolicy`, { permission: `${kind}.setIamPolicy`, policies }, (signed) =>
      setPolicy(signed, policyOf(signed)),
    ),
    route(ground, `POST ${path}:testIamPermissions`, { permission: null }, (signed) => {
      const { call, world, project, member } = signed;
      const held = permissionsAsked(call).filter((one) => allows(world, [project.policy, ...policies(signed)], member, one));
      return held.length === 0 ? {} : { permissions: held };
    }),
  ];
}
