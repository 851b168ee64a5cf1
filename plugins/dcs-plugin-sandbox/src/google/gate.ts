import type { Call, Route } from '../server/cloud.ts';
import { answered, Refusal } from './envelope.ts';
import { allows } from './iam.ts';
import { operationDone } from './operations.ts';
import type { Kind, Quota } from './quota.ts';
import type { Policy, Project, World } from './state.ts';

/** What every answer needs: the world, and what was asked for in the last minute. */
export interface Ground {
  world: World;
  quota: Quota;
}

/** A call by somebody known, about a project whose API is enabled. */
export interface Signed {
  call: Call;
  world: World;
  member: string;
  project: Project;
}

const NO_CREDENTIALS =
  'Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.';

/** Who calls. An absent and an unknown token are worded differently. */
export function memberOf(world: World, call: Call): string {
  const value = /^Bearer (.+)$/i.exec(call.headers.authorization ?? '')?.[1] ?? call.query.get('access_token') ?? undefined;
  if (value === undefined)
    throw new Refusal('UNAUTHENTICATED', `Request is missing required authentication credential. ${NO_CREDENTIALS}`, {
      reason: 'CREDENTIALS_MISSING',
      domain: 'googleapis.com',
      metadata: {},
    });
  const token = world.tokens.get(value);
  if (token === undefined || (token.expires !== null && token.expires <= Date.now()))
    throw new Refusal('UNAUTHENTICATED', `Request had invalid authentication credentials. ${NO_CREDENTIALS}`, {
      reason: 'ACCESS_TOKEN_TYPE_UNSUPPORTED',
      domain: 'googleapis.com',
      metadata: {},
    });
  return token.member;
}

export function denied(permission: string, resource: string): Refusal {
  return new Refusal('PERMISSION_DENIED', `Permission '${permission}' denied on resource '${resource}' (or it may not exist).`, {
    reason: 'IAM_PERMISSION_DENIED',
    domain: 'iam.googleapis.com',
    metadata: { permission, resource },
  });
}

/** By id or number. */
export function projectNamed(world: World, name: string): Project | undefined {
  return world.projects.get(name) ?? [...world.projects.values()].find(({ number }) => number === name);
}

/** An API counts from the end of the operation that enabled it. */
export function isEnabled(world: World, project: Project, api: string): boolean {
  const operation = project.apis.get(api);
  return operation !== undefined && operationDone(world, operation);
}

function enabled(world: World, project: Project, api: string): void {
  if (isEnabled(world, project, api)) return;
  const { number } = project;
  throw new Refusal(
    'PERMISSION_DENIED',
    `The API ${api} has not been used in project ${number} before or it is disabled. Enable it, then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.`,
    { reason: 'SERVICE_DISABLED', domain: 'googleapis.com', metadata: { service: api, consumer: `projects/${number}` } },
  );
}

/** APIs that answer whether or not a project enabled them: what enables the others must. */
const ALWAYS = new Set(['serviceusage.googleapis.com', 'cloudresourcemanager.googleapis.com', 'firebase.googleapis.com']);

/** What a route asks for. `permission` null: the answer looks for itself. `policies` are those of the resource, besides the project's. */
export interface Terms {
  permission: string | null;
  policies?: (signed: Signed) => readonly Policy[];
  kind?: Kind;
}

/** A route of one API below `/google/<api>`, about the project that `:project` names. `verb` is `METHOD /api/version/path`. */
export function route(ground: Ground, verb: string, terms: Terms, run: (signed: Signed) => unknown): Route {
  const [method = '', path = ''] = verb.split(' ');
  const api = `${path.split('/')[1] ?? ''}.googleapis.com`;
  const answer = (call: Call): unknown => {
    const signed = sign(ground.world, call, terms.permission);
    if (!ALWAYS.has(api)) enabled(ground.world, signed.project, api);
    if (terms.permission !== null) demand(signed, terms.permission, terms.policies?.(signed) ?? []);
    if (terms.kind !== undefined) ground.quota.take(ground.world.limits, terms.kind, signed.project, call);
    return run(signed);
  };
  return { method, path, answer: (call) => answered(() => answer(call)) };
}

function sign(world: World, call: Call, permission: string | null): Signed {
  const member = memberOf(world, call);
  const name = call.params['project'] ?? '';
  const project = projectNamed(world, name);
  if (project === undefined) throw denied(permission ?? 'resourcemanager.projects.get', `projects/${name}`);
  return { call, world, member, project };
}

/** The policy of what may not be there. */
export const policiesOf = (resource: { policy: Policy } | undefined): Policy[] => (resource === undefined ? [] : [resource.policy]);

/** Refuses unless the caller holds `permission` on the project or by one of `policies`. */
export function demand({ call, world, member, project }: Signed, permission: string, policies: readonly Policy[]): void {
  if (!allows(world, [project.policy, ...policies], member, permission))
    throw denied(permission, call.path.replace(/^.*?(?=projects\/)/, ''));
}
