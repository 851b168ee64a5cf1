import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { SEED } from '../seed.ts';
import type { Call } from '../server/cloud.ts';
import { invalid, type Json, objectBody, Refusal, text } from './envelope.ts';
import { type ServiceAccount, serviceAccount, type World } from './state.ts';

const AUDIENCE = SEED.google.provider;
const ISSUER = 'https://issuer.sandbox.example';

/** A key file, as the console hands it out; the sandbox keeps the public half. */
function keyFile(origin: string, account: ServiceAccount): Json {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const id = randomBytes(20).toString('hex');
  account.keys.set(id, publicKey);
  return {
    type: 'service_account',
    project_id: SEED.google.project,
    private_key_id: id,
    private_key: privateKey,
    client_email: account.email,
    client_id: account.uniqueId,
    token_uri: `${origin}/google/oauth2/token`,
    universe_domain: 'googleapis.com',
  };
}

/** A federation recipe whose subject token comes from the sandbox too. */
function federation(origin: string, impersonated: unknown): Json {
  const url = `${origin}/google/iamcredentials/v1/projects/-/serviceAccounts/${String(impersonated)}:generateAccessToken`;
  return {
    type: 'external_account',
    audience: AUDIENCE,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${origin}/google/sts/v1/token`,
    credential_source: { url: `${origin}/_sandbox/google/subject-token` },
    ...(impersonated === undefined ? {} : { service_account_impersonation_url: url }),
  };
}

/** The file that a login leaves: `{kind: "service_account" | "authorized_user" | "external_account", account?}`. */
export function credentialsFile(world: World, call: Call): Json {
  const { kind, account: email } = objectBody(call);
  const origin = `http://${call.headers.host}`;
  if (kind === 'external_account') return federation(origin, email);
  if (kind === 'authorized_user')
    return { type: 'authorized_user', client_id: 'sandbox-client', client_secret: 'sandbox', refresh_token: SEED.google.refreshToken };
  if (kind !== 'service_account') throw invalid('kind is service_account, authorized_user or external_account');
  const account = serviceAccount(world, text(email, 'account'));
  if (account === undefined) throw new Refusal('NOT_FOUND', 'The sandbox has no such service account.');
  return keyFile(origin, account);
}

/** The token of a workload outside, such as a CI job: unsigned, because only its claims are read. */
export function subjectToken(sub: string): string {
  const part = (value: Json): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  return `${part({ alg: 'none', typ: 'JWT' })}.${part({ iss: ISSUER, sub, aud: AUDIENCE, iat: now, exp: now + 600 })}.`;
}

export function seedProvider(world: World): void {
  world.providers.set(AUDIENCE, ISSUER);
  world.providers.set(SEED.google.githubProvider, SEED.github.issuer);
}
