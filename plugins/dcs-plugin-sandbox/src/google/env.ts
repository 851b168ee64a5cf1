import { SEED } from '../seed.ts';

/** firebase-tools' own variables (its `lib/api.js`), without a slash at the end. Last verified 2026-11-21 with 15.34.2. */
const FIREBASE = {
  CLOUD_SECRET_MANAGER_URL: 'secretmanager',
  FIREBASE_API_URL: 'firebase',
  FIREBASE_RESOURCEMANAGER_URL: 'cloudresourcemanager',
  FIREBASE_SERVICE_USAGE_URL: 'serviceusage',
  FIREBASE_FUNCTIONS_URL: 'cloudfunctions',
  FIREBASE_FUNCTIONS_V2_URL: 'cloudfunctions',
  CLOUD_RUN_URL: 'run',
  CLOUD_RUN_API_URL: 'run',
  FIREBASE_RUNTIMECONFIG_URL: 'runtimeconfig',
  FIREBASE_IAM_URL: 'iam',
  FIREBASE_APPHOSTING_URL: 'firebaseapphosting',
  FIREBASE_TOKEN_URL: 'www',
};

/** gcloud's properties `api_endpoint_overrides/*` as variables, with a slash at the end. https://cloud.google.com/sdk/gcloud/reference/topic/configurations, last verified 2026-11-21. */
const GCLOUD = [
  'secretmanager',
  'run',
  'cloudfunctions',
  'serviceusage',
  'cloudresourcemanager',
  'iam',
  'iamcredentials',
  'sts',
  'runtimeconfig',
  'firebaseapphosting',
  'firebase',
  'oauth2',
];

/** What points dcs, gcloud, firebase-tools and Google's client libraries at `origin`. */
export function googleEnvironment(origin: string): Record<string, string> {
  const base = `${origin}/google`;
  return {
    GOOGLE_OAUTH_ACCESS_TOKEN: SEED.google.token,
    GOOGLE_CLOUD_PROJECT: SEED.google.project,
    GCE_METADATA_HOST: origin.replace('http://', ''),
    ...Object.fromEntries(GCLOUD.map((api) => [`CLOUDSDK_API_ENDPOINT_OVERRIDES_${api.toUpperCase()}`, `${base}/${api}/`])),
    ...Object.fromEntries(Object.entries(FIREBASE).map(([name, api]) => [name, `${base}/${api}`])),
  };
}
