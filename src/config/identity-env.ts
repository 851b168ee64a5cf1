import { DcsError, type Env } from 'dcs-sdk';
import type { Identity } from './user-file.ts';

/** What a cloud's plugin reads: its credential, what else of the shell comes before an identity, and which account it means. */
interface Reads {
  readonly credential: string;
  readonly first: readonly string[];
  readonly account: string;
  /** Holds the token itself, in the Doppler config of `credentials:`. */
  readonly token: string;
}

const READS: ReadonlyMap<string, Reads> = new Map([
  ['cloudflare', { credential: 'CLOUDFLARE_API_TOKEN', first: [], account: 'CLOUDFLARE_ACCOUNT_ID', token: 'CLOUDFLARE_API_TOKEN' }],
  ['neon', { credential: 'NEON_API_KEY', first: [], account: 'NEON_ORG_ID', token: 'NEON_API_KEY' }],
  [
    'google',
    {
      credential: 'GOOGLE_APPLICATION_CREDENTIALS',
      first: ['GOOGLE_OAUTH_ACCESS_TOKEN'],
      account: 'GOOGLE_CLOUD_PROJECT',
      token: 'GOOGLE_CREDENTIALS',
    },
  ],
]);

export const tokenVariable = (service: string): string | undefined => READS.get(service)?.token;
export const tokenVariables = (): string[] => [...READS.values()].map(({ token }) => token);

/** The variable of the shell that answers for a service, before all else. */
export function ownVariable(service: string, env: Env): string | undefined {
  const reads = READS.get(service);
  return reads && [...reads.first, reads.credential].find((variable) => env[variable]?.trim());
}

/** Which credential of a service wins: the shell's own, or the one that the identity names. Undefined: the identity names none. */
export type Claim =
  | { readonly wins: 'shell'; readonly variable: string }
  | { readonly wins: 'identity'; readonly variable: string; readonly holder: string; readonly value: string | undefined };

export function claimOf(identity: Identity | undefined, service: string, env: Env): Claim | undefined {
  const holder = identity?.services.get(service)?.credential;
  const reads = READS.get(service);
  if (holder === undefined || reads === undefined) return undefined;
  const own = ownVariable(service, env);
  if (own !== undefined) return { wins: 'shell', variable: own };
  return { wins: 'identity', variable: reads.credential, holder, value: env[holder]?.trim() || undefined };
}

/** The environment as plugins see it: what the identity says, where the shell says nothing. Programs that dcs starts never see it. */
export function identityEnv(identity: Identity | undefined, env: Env): Env {
  if (identity === undefined) return env;
  const added = [...identity.services].flatMap(([service, { account }]): [string, string][] => {
    const reads = READS.get(service);
    const claim = claimOf(identity, service, env);
    return [
      ...(claim?.wins === 'identity' && claim.value !== undefined ? ([[claim.variable, claim.value]] as [string, string][]) : []),
      ...(account !== undefined && reads !== undefined && !env[reads.account] ? ([[reads.account, account]] as [string, string][]) : []),
    ];
  });
  return added.length === 0 ? env : { ...env, ...Object.fromEntries(added) };
}

/** A person who names whose credential answers here must not get somebody else's. */
export function refuseUnset(identity: Identity, service: string, env: Env): void {
  const claim = claimOf(identity, service, env);
  if (claim?.wins !== 'identity' || claim.value !== undefined) return;
  throw new DcsError(
    'AUTH',
    `${claim.holder} is not set: the identity ${identity.name} says that it holds the ${service} credential here.`,
    {
      hint: [`export ${claim.holder}=...`, `or export ${claim.variable}=...`],
    },
  );
}
