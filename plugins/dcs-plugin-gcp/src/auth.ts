import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DcsError, isLoopback, type Context, type Credential, type Env } from 'dcs-sdk';
import { isOfficial } from './endpoints.ts';
import { fromLibrary } from './library.ts';

export interface GoogleCredential extends Credential {
  /** The project that a person's own requests are counted for. */
  readonly quotaProject?: string;
}

export const CREDENTIALS = ['GOOGLE_OAUTH_ACCESS_TOKEN', 'GOOGLE_APPLICATION_CREDENTIALS', 'GOOGLE_CREDENTIALS'];
const GCLOUD_TIMEOUT = 10_000;

/** The environment's token, what `dcs login` keeps, application default credentials, gcloud's login, the machine's own account. */
export async function findCredential(context: Context): Promise<GoogleCredential | undefined> {
  const { env } = context;
  const kept = await context.kept('google');
  const file = await defaultsFile(env);
  const beaten = [...(kept === undefined ? [] : ['dcs login google']), ...(file === undefined ? [] : [file.from])];
  const token = env['GOOGLE_OAUTH_ACCESS_TOKEN'];
  if (token) return { token, from: 'GOOGLE_OAUTH_ACCESS_TOKEN', beats: beaten };
  if (kept !== undefined) return usable({ token: kept, from: 'dcs login google', beats: beaten.slice(1) });
  // Google's own logins never go to another host, such as a sandbox; a file whose token comes from a sandbox may.
  if (file !== undefined && (isOfficial(context.http.origin) || file.local)) return fromLibrary(file.from);
  if (!isOfficial(context.http.origin)) return undefined;
  return (await gcloud(context)) ?? (await onGoogle(env));
}

/** `dcs login google` keeps an access token, or a credentials file that yields one. */
export async function usable(credential: GoogleCredential): Promise<GoogleCredential> {
  if (!credential.token.startsWith('{')) return credential;
  const { token, quotaProject } = await fromLibrary(credential.from, credential.token);
  return { ...credential, token, ...(quotaProject === undefined ? {} : { quotaProject }) };
}

export async function mustFind(context: Context): Promise<GoogleCredential> {
  const credential = await findCredential(context);
  if (credential) return credential;
  const firebase = await signedInToFirebase(context.env);
  throw new DcsError('AUTH', 'There is no Google credential.', {
    why: `GOOGLE_OAUTH_ACCESS_TOKEN is not set, there are no application default credentials, dcs keeps none and gcloud is not signed in.${firebase} Nothing was written.`,
    hint: [
      'gcloud auth application-default login',
      'dcs login google',
      'GOOGLE_APPLICATION_CREDENTIALS=FILE     in CI: a Workload Identity Federation file',
    ],
  });
}

/** A token of the Firebase CLI is made out to that program, and renewed by it alone. */
async function signedInToFirebase(env: Env): Promise<string> {
  const says = (what: string): string => ` ${what}, which is the Firebase CLI’s own and no Google login that dcs can use.`;
  if (env['FIREBASE_TOKEN']) return says('FIREBASE_TOKEN is set');
  const folder = env['XDG_CONFIG_HOME'] || join(env['HOME'] ?? env['USERPROFILE'] ?? '', '.config');
  try {
    const text = await readFile(join(folder, 'configstore', 'firebase-tools.json'), 'utf8');
    return text.includes('"refresh_token"') ? says('There is a `firebase login`') : '';
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}

interface Defaults {
  readonly from: string;
  /** Its tokens come from this machine: a sandbox. */
  readonly local: boolean;
}

/** Application default credentials that are a file. https://cloud.google.com/docs/authentication/application-default-credentials, last verified 2026-11-21. */
async function defaultsFile(env: Env): Promise<Defaults | undefined> {
  const named = env['GOOGLE_APPLICATION_CREDENTIALS'];
  const home = env['HOME'] ?? env['USERPROFILE'] ?? '';
  const folder = env['CLOUDSDK_CONFIG'] ?? (env['APPDATA'] ? join(env['APPDATA'], 'gcloud') : join(home, '.config', 'gcloud'));
  const path = named || join(folder, 'application_default_credentials.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !named) return undefined;
    throw new DcsError('AUTH', `${path} cannot be read.`, {
      why: named
        ? 'GOOGLE_APPLICATION_CREDENTIALS names it. Nothing was written.'
        : 'It holds the application default credentials. Nothing was written.',
    });
  }
  const tokenUrl = fieldOf(text, path, 'token_url');
  const local = tokenUrl !== undefined && URL.canParse(tokenUrl) && isLoopback(new URL(tokenUrl));
  return { from: named ? 'GOOGLE_APPLICATION_CREDENTIALS' : 'gcloud auth application-default login', local };
}

function fieldOf(text: string, path: string, field: string): string | undefined {
  try {
    const value = (JSON.parse(text) as Record<string, unknown>)[field];
    return typeof value === 'string' ? value : undefined;
  } catch {
    // The parser's message would quote the file.
    throw new DcsError('AUTH', `${path} is not a file of Google credentials.`, { hint: 'gcloud auth application-default login' });
  }
}

/** gcloud renews its own login. */
function gcloud({ env, signal, log }: Context): Promise<GoogleCredential | undefined> {
  const few = [
    'PATH',
    'HOME',
    'USERPROFILE',
    'APPDATA',
    'CLOUDSDK_CONFIG',
    'CLOUDSDK_ACTIVE_CONFIG_NAME',
    'HTTPS_PROXY',
    'NO_PROXY',
  ].flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
  const options = { env: { ...Object.fromEntries(few), CLOUDSDK_CORE_DISABLE_PROMPTS: '1' }, timeout: GCLOUD_TIMEOUT, signal };
  return new Promise((resolve) => {
    execFile('gcloud', ['auth', 'print-access-token'], options, (error, stdout) => {
      const token = stdout.trim();
      if (error) log(`gcloud auth print-access-token: ${error.code === 'ENOENT' ? 'gcloud is not there' : 'not signed in'}`);
      resolve(error || token === '' ? undefined : { token, from: 'gcloud auth login', beats: [] });
    });
  });
}

/** The metadata server is asked only where something says that this is Google's machine: elsewhere the question takes seconds. */
async function onGoogle(env: Env): Promise<GoogleCredential | undefined> {
  const here = [
    'GCE_METADATA_HOST',
    'K_SERVICE',
    'CLOUD_RUN_JOB',
    'FUNCTION_TARGET',
    'CLOUD_SHELL',
    'KUBERNETES_SERVICE_HOST',
    'BUILDER_OUTPUT',
  ];
  const product = await readFile('/sys/class/dmi/id/product_name', 'utf8').catch(() => '');
  return here.some((name) => env[name]) || product.includes('Google') ? fromLibrary('the service account of this machine') : undefined;
}
