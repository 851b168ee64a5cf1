import { isDcsError, type Context, type Credential, type ServiceDefinition, type Who } from 'dcs-sdk';
import { createApi, endpointOf, listIn, optionalText, textIn } from './api.ts';
import { findCredential } from './auth.ts';

const service: ServiceDefinition = {
  id: 'neon',
  title: 'Neon',
  endpoint: endpointOf,
  credential: findCredential,
  whoami,
  login: {
    command: 'neon auth',
    tokenPage: 'https://console.neon.tech/app/settings/api-keys',
    rights: 'a key of the one project is enough for all but dcs provision neon',
  },
};
export default service;

async function whoami(credential: Credential, context: Context): Promise<Who> {
  const api = createApi(context, credential);
  const subject = 'your key';
  const auth = await api({ method: 'GET', path: '/auth', subject });
  const kind = textIn(auth, 'auth_method', subject);
  if (kind !== 'api_key_user' && kind !== 'keycloak' && kind !== 'oauth')
    return {
      account: `a key of ${textIn(auth, 'account_id', subject)}`,
      rights: ['what that organization or project holds'],
      warnings: [],
    };
  const me = await api({ method: 'GET', path: '/users/me', subject });
  return {
    account: optionalText(me, 'email') ?? textIn(me, 'login', subject),
    rights: [`every project of ${(await organizations(api)).join(', ') || 'its owner'}`],
    warnings: ['it reaches every project of its owner: a key of one project is safer'],
  };
}

async function organizations(api: ReturnType<typeof createApi>): Promise<string[]> {
  try {
    const answer = await api({ method: 'GET', path: '/users/me/organizations', subject: 'your organizations' });
    return listIn(answer, 'organizations', 'your organizations').map((org) => textIn(org, 'name', 'your organizations'));
  } catch (error) {
    if (isDcsError(error) && error.code === 'AUTH') return [];
    throw error;
  }
}
