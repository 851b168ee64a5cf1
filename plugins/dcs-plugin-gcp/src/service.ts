import { isDcsError, path, type Context, type ServiceDefinition, type Who } from 'dcs-sdk';
import { openGoogle, type Google, type Json } from './api.ts';
import { findCredential, usable, type GoogleCredential } from './auth.ts';
import { endpointOf } from './endpoints.ts';

const service: ServiceDefinition = {
  id: 'google',
  title: 'Google',
  endpoint: (env) => endpointOf('secretmanager', env),
  credential: findCredential,
  whoami,
  login: {
    command: 'gcloud auth application-default login',
    tokenPage: 'https://console.cloud.google.com/iam-admin/serviceaccounts',
    rights: 'Secret Manager Admin, or the four narrower roles that dcs provision gcp prints',
  },
};
export default service;

async function whoami(given: GoogleCredential, context: Context): Promise<Who> {
  const credential = await usable(given);
  const google = openGoogle(context, credential);
  const [told, rights] = [await tokenInfo(google), await rightsIn(google, context)];
  const seconds = Number(told?.['expires_in']);
  const email = told?.['email'];
  const account = typeof email === 'string' ? email : 'a workload without an e-mail address';
  const soon = Number.isFinite(seconds) && seconds < 300 ? [`it expires in ${Math.max(0, Math.ceil(seconds / 60))} minutes`] : [];
  const short =
    given.from.startsWith('dcs login') && given.token === credential.token
      ? ['an access token lasts an hour: keep a credentials file instead']
      : [];
  // Every access token ends within the hour: no date to be warned of for a week.
  return { account, rights, warnings: [...soon, ...short] };
}

/** https://oauth2.googleapis.com/tokeninfo, the token in a header as Google's own library sends it. A federated token may be unknown there. */
async function tokenInfo(google: Google): Promise<Json | undefined> {
  try {
    return await google('oauth2')({ method: 'POST', path: '/tokeninfo', subject: 'your token', idempotent: true });
  } catch (error) {
    if (isDcsError(error) && error.details.status === 400) return undefined;
    throw error;
  }
}

/** What a token may do is a question about one project: the one that the environment names. */
async function rightsIn(google: Google, { env }: Context): Promise<string[]> {
  const project = env['GOOGLE_CLOUD_PROJECT'] ?? env['CLOUDSDK_CORE_PROJECT'];
  if (!project) return [];
  const subject = `the secrets of project '${project}'`;
  try {
    await google('secretmanager')({ method: 'GET', path: `/v1${path`/projects/${project}`}/secrets`, query: { pageSize: 1 }, subject });
    return [`sees ${subject}`];
  } catch (error) {
    if (isDcsError(error) && (error.details.status === 403 || error.details.vendorCode === 'SERVICE_DISABLED')) return [];
    throw error;
  }
}
