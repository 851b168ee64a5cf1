import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { SEED } from '../seed.ts';
import type { Call, Reply, Route } from '../server/cloud.ts';
import { answered, originOf, Refusal } from './gate.ts';
import type { Run, World } from './state.ts';

/** Below this the sandbox keeps the keys that GitHub publishes at the issuer itself. */
export const ACTIONS = '/_actions';
const LIFETIME = 300;

function keyOf(world: World): { id: string; pem: string } {
  if (world.key !== null) return world.key;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  world.key = { id: randomUUID(), pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  return world.key;
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** `repo:acme/shop:environment:prod`; a pull request has no ref of its own. */
function subject({ repository, environment, event, ref }: Run): string {
  if (environment !== null) return `repo:${repository}:environment:${environment}`;
  return event === 'pull_request' ? `repo:${repository}:pull_request` : `repo:${repository}:ref:${ref}`;
}

/** https://docs.github.com/actions/reference/security/oidc, last verified 2026-11-21. */
function claims(world: World, run: Run, audience: string): object {
  const [owner = ''] = run.repository.split('/');
  const repository = world.repositories.get(run.repository);
  const iat = Math.floor(Date.now() / 1000);
  const workflow = `${run.repository}/.github/workflows/dcs.yml@${run.ref}`;
  return {
    jti: randomUUID(),
    sub: subject(run),
    aud: audience,
    ref: run.ref,
    ref_type: run.ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    sha: run.sha,
    repository: run.repository,
    repository_id: String(repository?.id ?? 0),
    repository_owner: owner,
    repository_visibility: repository?.private === false ? 'public' : 'private',
    run_id: String(run.id),
    run_number: '1',
    run_attempt: '1',
    actor: 'you',
    workflow: 'dcs',
    workflow_ref: workflow,
    job_workflow_ref: workflow,
    event_name: run.event,
    runner_environment: 'github-hosted',
    ...(run.environment === null ? {} : { environment: run.environment }),
    iss: SEED.github.issuer,
    nbf: iat - 5,
    iat,
    exp: iat + LIFETIME,
  };
}

function issue(world: World, { headers, query }: Call): Reply {
  const run = world.runs.get(/^bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '');
  if (run === undefined) throw new Refusal(401, 'Bad credentials');
  const key = keyOf(world);
  const audience = query.get('audience') ?? `https://github.com/${run.repository.split('/')[0]}`;
  const text = `${part({ typ: 'JWT', alg: 'RS256', kid: key.id })}.${part(claims(world, run, audience))}`;
  const value = `${text}.${sign('RSA-SHA256', Buffer.from(text), createPrivateKey(key.pem)).toString('base64url')}`;
  return { status: 200, body: { count: value.length, value } };
}

function keys(world: World): Reply {
  const { id, pem } = keyOf(world);
  return { status: 200, body: { keys: [{ ...createPublicKey(pem).export({ format: 'jwk' }), kid: id, alg: 'RS256', use: 'sig' }] } };
}

const discovery = (call: Call): Reply => ({
  status: 200,
  body: {
    issuer: SEED.github.issuer,
    jwks_uri: `${originOf(call)}${ACTIONS}/.well-known/jwks`,
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['id_token'],
    subject_types_supported: ['public', 'pairwise'],
  },
});

export const identityRoutes = (world: World): Route[] => [
  { method: 'GET', path: `${ACTIONS}/token`, answer: (call) => answered(() => issue(world, call)) },
  { method: 'GET', path: `${ACTIONS}/.well-known/jwks`, answer: () => keys(world) },
  { method: 'GET', path: `${ACTIONS}/.well-known/openid-configuration`, answer: discovery },
];
