import { DcsError } from 'dcs-sdk';
import type { GoogleCredential } from './auth.ts';

const SCOPES = ['https://www.googleapis.com/auth/cloud-platform', 'https://www.googleapis.com/auth/userinfo.email'];

const UNREACHABLE = new Set(['EAI_AGAIN', 'ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'ETIMEDOUT']);

/** What of google-auth-library's clients is used here. */
interface Client {
  getAccessToken(): Promise<{ token?: string | null | undefined }>;
  quotaProjectId?: string | undefined;
}

/**
 * An access token from Google's own library, which is loaded only here: of application default credentials (service accounts,
 * users, Workload Identity Federation, impersonation, the metadata server), or of a kept credentials file.
 */
export async function fromLibrary(from: string, file?: string): Promise<GoogleCredential> {
  const library = await import('google-auth-library');
  try {
    const client: Client =
      file === undefined ? await new library.GoogleAuth({ scopes: SCOPES }).getClient() : clientOf(library, JSON.parse(file) as Fields);
    const { token } = await client.getAccessToken();
    if (!token) throw new Error('no token');
    const { quotaProjectId } = client;
    return { token, from, beats: [], ...(quotaProjectId === undefined ? {} : { quotaProject: quotaProjectId }) };
  } catch (error) {
    // The library's errors carry requests with assertions and secrets in them: only a system's own code is told.
    const { code } = error as { code?: unknown };
    if (typeof code === 'string' && UNREACHABLE.has(code))
      throw new DcsError('NETWORK', `Google gave no access token: it cannot be reached (${code}).`, { why: 'Nothing was written.' });
    throw new DcsError('AUTH', 'Google gave no access token.', {
      why: `The credential comes from ${from}; it is expired, revoked, or may not be used here. Nothing was written.`,
      hint: 'gcloud auth application-default login',
    });
  }
}

type Fields = Readonly<Record<string, string | undefined>> & { readonly credential_source?: { readonly environment_id?: string } };

/** Each kind by its own client: the library's general way prints warnings of its own. */
function clientOf(library: typeof import('google-auth-library'), file: Fields): Client {
  switch (file['type']) {
    case 'service_account':
      return new library.JWT({ email: file['client_email']!, key: file['private_key']!, keyId: file['private_key_id']!, scopes: SCOPES });
    case 'authorized_user':
      return new library.UserRefreshClient({
        clientId: file['client_id']!,
        clientSecret: file['client_secret']!,
        refreshToken: file['refresh_token']!,
        quotaProjectId: file['quota_project_id']!,
      });
    case 'external_account': {
      const kind = file.credential_source?.environment_id?.startsWith('aws') ? library.AwsClient : library.IdentityPoolClient;
      return new kind({ ...file, scopes: SCOPES } as never);
    }
    default:
      throw new Error('an unknown kind of credentials');
  }
}
