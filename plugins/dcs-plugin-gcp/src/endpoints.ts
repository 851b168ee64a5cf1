import { DcsError, isLoopback, type Env } from 'dcs-sdk';

/**
 * Google's APIs that dcs speaks to, each with the variable by which firebase-tools names another host for it. gcloud's own
 * variables win. Last verified 2026-11-21: firebase-tools 15.34.2 (its lib/api.js), https://cloud.google.com/sdk/gcloud/reference/topic/configurations
 */
const VARIABLES = {
  secretmanager: 'CLOUD_SECRET_MANAGER_URL',
  run: 'CLOUD_RUN_API_URL',
  cloudfunctions: 'FIREBASE_FUNCTIONS_V2_URL',
  serviceusage: 'FIREBASE_SERVICE_USAGE_URL',
  cloudresourcemanager: 'FIREBASE_RESOURCEMANAGER_URL',
  runtimeconfig: 'FIREBASE_RUNTIMECONFIG_URL',
  firebaseapphosting: 'FIREBASE_APPHOSTING_URL',
  oauth2: undefined,
} as const;

export type GoogleApi = keyof typeof VARIABLES;

/** Where an API answers, without a slash at the end; in one region, where that is asked for. */
export function endpointOf(api: GoogleApi, env: Env, location?: string): string {
  const variable = VARIABLES[api];
  const named = env[`CLOUDSDK_API_ENDPOINT_OVERRIDES_${api.toUpperCase()}`] ?? (variable === undefined ? undefined : env[variable]);
  if (named) return named.replace(/\/+$/, '');
  return location === undefined ? `https://${api}.googleapis.com` : `https://${api}.${location}.rep.googleapis.com`;
}

/** A sandbox for one API and Google itself for another would mix toy and production. */
export function refuseMixedApis(api: GoogleApi, env: Env): void {
  const [all, this_] = [endpointOf('secretmanager', env), endpointOf(api, env)].map((text) => new URL(text));
  if (isLoopback(all!) === isLoopback(this_!)) return;
  throw new DcsError('CONFLICT', `Secret Manager is at ${all!.host}, and ${api} at ${this_!.host}.`, {
    why: 'One is a local sandbox and the other is not. Nothing was written.',
    hint: 'dcs sandbox shell     all of them in the sandbox',
  });
}

export const isOfficial = (origin: string): boolean => /(^|\.)googleapis\.com$/.test(new URL(origin).hostname);
