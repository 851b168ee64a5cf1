import type { Call, Reply, Route } from '../server/cloud.ts';
import { answered, invalid, isObject, type Json, objectBody, Refusal } from './envelope.ts';
import { denied, memberOf } from './gate.ts';
import { allows } from './iam.ts';
import { claimsOf } from './oauth.ts';
import { HOUR, newToken, serviceAccount, stamp, type World } from './state.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const SUBJECTS = new Set(['urn:ietf:params:oauth:token-type:jwt', 'urn:ietf:params:oauth:token-type:id_token']);

const refused = (code: string, description: string): Reply => ({ status: 400, body: { error: code, error_description: description } });

const snake = (word: string): string => word.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function fields(call: Call): Map<string, string> {
  const entries = isObject(call.body) ? Object.entries(call.body) : [...new URLSearchParams(call.raw.toString('utf8'))];
  return new Map(entries.flatMap(([key, value]) => (typeof value === 'string' ? [[snake(key), value] as const] : [])));
}

/** A workload's own token for one of Google's; its signature is not looked at. https://cloud.google.com/iam/docs/reference/sts/rest, last verified 2026-11-21. */
function exchange(world: World, call: Call): Reply {
  const sent = fields(call);
  const audience = sent.get('audience') ?? '';
  if (sent.get('grant_type') !== GRANT) return refused('invalid_request', 'Invalid grant type.');
  if (sent.get('requested_token_type') !== ACCESS_TOKEN || !sent.get('scope')) return refused('invalid_request', 'Invalid token request.');
  const issuer = world.providers.get(audience);
  if (issuer === undefined) return refused('invalid_target', `The target service indicated by the "audience" parameters is invalid.`);
  const { iss, sub, exp } = claimsOf(sent.get('subject_token') ?? '');
  if (!SUBJECTS.has(sent.get('subject_token_type') ?? '') || typeof sub !== 'string')
    return refused('invalid_request', 'Invalid subject token.');
  if (iss !== issuer) return refused('invalid_grant', 'The issuer in ID Token does not match the expected one.');
  if (typeof exp !== 'number' || exp * 1000 <= Date.now()) return refused('invalid_grant', 'ID Token is expired.');
  const pool = audience.replace(/^\/\//, '').replace(/\/providers\/[^/]+$/, '');
  const { value } = newToken(world, `principal://${pool}/subject/${sub}`);
  return { status: 200, body: { access_token: value, issued_token_type: ACCESS_TOKEN, token_type: 'Bearer', expires_in: HOUR / 1000 } };
}

/** Acting as a service account: the right is looked for on the account and on its project. */
function impersonate(world: World, call: Call): Json {
  const member = memberOf(world, call);
  const email = call.params['email'] ?? '';
  const account = serviceAccount(world, email);
  const project = [...world.projects.values()].find(({ accounts }) => accounts.has(email));
  if (account === undefined || project === undefined) throw new Refusal('NOT_FOUND', 'Not found; Gaia id not found for email ' + email);
  const permission = 'iam.serviceAccounts.getAccessToken';
  if (!allows(world, [account.policy, project.policy], member, permission)) throw denied(permission, `projects/-/serviceAccounts/${email}`);
  const { scope, lifetime = '3600s' } = objectBody(call);
  if (!Array.isArray(scope) || scope.length === 0) throw invalid('scope is required');
  const seconds = Number(/^(\d+)s$/.exec(typeof lifetime === 'string' ? lifetime : '')?.[1]);
  if (!(seconds > 0 && seconds <= 3600)) throw invalid('The lifetime is invalid.');
  const { value, expires } = newToken(world, `serviceAccount:${email}`, seconds * 1000);
  return { accessToken: value, expireTime: stamp(expires) };
}

export function stsRoutes(world: World): Route[] {
  return [
    { method: 'POST', path: '/sts/v1/token', answer: (call) => exchange(world, call) },
    {
      method: 'POST',
      path: '/iamcredentials/v1/projects/:project/serviceAccounts/:email:generateAccessToken',
      answer: (call) => answered(() => impersonate(world, call)),
    },
  ];
}
