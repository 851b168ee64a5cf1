import { must, Record } from './record.mjs';
import { SEED, versionOf, world } from './world.mjs';

/** The SDK with its own transport: what the sandbox answers must be readable by it. */
export async function dopplerSdk() {
  const { DopplerSDK } = await import('@dopplerhq/node-sdk');
  const record = new Record('@dopplerhq/node-sdk', await versionOf('@dopplerhq/node-sdk'));
  const w = await world();
  try {
    const sdk = new DopplerSDK({ accessToken: SEED.tokens.user });
    sdk.setBaseUrl(w.origin);
    await secrets(sdk, record);
    await places(sdk, record);
    await tokens(sdk, record);
    await webhooks(sdk, record);
  } finally {
    await w.close();
  }
  return record;
}

/** Node sends a DELETE's body unframed unless its length is set: a server that keeps to RFC 9112 reads it as another request. */
const UNFRAMED = {
  reason:
    'the SDK writes the body of a DELETE without content-length or transfer-encoding, and the sandbox, a strict HTTP server, refuses it with 400',
  fails: (error) => error.statusCode === 400,
};

async function secrets(sdk, record) {
  await record.try('secrets.list', async () => {
    const { secrets: listed } = await sdk.secrets.list('shop', 'dev');
    must(listed.REDIS_URL.raw.includes('${REDIS_HOST}'), 'the raw value is not raw');
    must(listed.REDIS_URL.computed.startsWith('redis://redis.dev'), 'the reference is not resolved');
  });
  await record.try('secrets.names', async () => {
    const { names } = await sdk.secrets.names('shop', 'dev');
    must(names.includes('STRIPE_KEY'), 'a name is missing');
  });
  await record.try('secrets.update', async () => {
    await sdk.secrets.update({ project: 'shop', config: 'dev', secrets: { CONFORMANCE: 'one' } });
    const { value } = await sdk.secrets.get('shop', 'dev', 'CONFORMANCE');
    must(value.computed === 'one', 'the written value did not come back');
  });
  await record.try('secrets.get', async () => {
    const got = await sdk.secrets.get('shop', 'dev', 'STRIPE_KEY');
    must(got.name === 'STRIPE_KEY' && typeof got.value.raw === 'string', 'name or value is missing');
  });
  await record.try('secrets.get of a missing name', async () => {
    const { value } = await sdk.secrets.get('shop', 'dev', 'NO_SUCH_NAME');
    must(value.raw === null, 'a missing name has a value');
    return 'answered with null, not with 404';
  });
  await record.try('secrets.updateNote', () =>
    sdk.secrets.updateNote({ project: 'shop', config: 'dev', secret: 'CONFORMANCE', note: 'n' }).then(() => ''),
  );
  await record.try('secrets.download', async () => {
    const flat = await sdk.secrets.download('shop', 'dev', { format: 'json' });
    must(flat.CONFORMANCE === 'one', 'the download lacks the written name');
    must(flat.DOPPLER_CONFIG === 'dev', "Doppler's own names are missing");
  });
  await record.known('secrets.delete', UNFRAMED, () => sdk.secrets.delete('shop', 'dev', 'CONFORMANCE'));
}

async function places(sdk, record) {
  await record.try('projects.create, get, list', async () => {
    await sdk.projects.create({ name: 'conformance' });
    const { project } = await sdk.projects.get('conformance');
    must(project.name === 'conformance', 'the project has another name');
    const { projects } = await sdk.projects.list({ page: 1, perPage: 20 });
    must(projects.length === 2, 'the list has not both projects');
  });
  await record.known('projects.delete', UNFRAMED, () => sdk.projects.delete({ project: 'conformance' }));
  await record.try('environments.create, get, list', async () => {
    await sdk.environments.create({ name: 'Quality', slug: 'qa' }, 'shop');
    const { environment } = await sdk.environments.get('shop', 'qa');
    must(environment.id === 'qa' && environment.project === 'shop', 'the environment has another id or project');
    const { environments } = await sdk.environments.list('shop');
    must(
      environments.some(({ id }) => id === 'qa'),
      'the list lacks the environment',
    );
  });
  await record.known('environments.delete', UNFRAMED, () => sdk.environments.delete('shop', 'qa'));
  await record.try('configs.create, get, list, clone, lock, unlock', async () => {
    await sdk.configs.create({ project: 'shop', environment: 'dev', name: 'dev_conformance' });
    const { config } = await sdk.configs.get('shop', 'dev_conformance');
    must(config.environment === 'dev' && config.root === false, 'the branch has another environment or is a root');
    await sdk.configs.clone({ project: 'shop', config: 'dev_conformance', name: 'dev_copy' });
    const { configs } = await sdk.configs.list('shop', { environment: 'dev' });
    must(configs.length >= 3, 'the list lacks a branch');
    await sdk.configs.lock({ project: 'shop', config: 'dev_copy' });
    await sdk.configs.unlock({ project: 'shop', config: 'dev_copy' });
  });
  await record.known('configs.delete', UNFRAMED, () => sdk.configs.delete({ project: 'shop', config: 'dev_copy' }));
  await record.try('configLogs.list', async () => {
    const { logs } = await sdk.configLogs.list('shop', 'dev');
    must(Array.isArray(logs) && logs.length > 0, 'no log was written');
  });
  await record.try('auth.me', async () => {
    const me = await sdk.auth.me();
    must(me.workplace?.name === SEED.workplace, 'another workplace');
  });
}

async function tokens(sdk, record) {
  const at = { project: 'shop', config: 'dev' };
  let slug = '';
  await record.try('serviceTokens.create, list', async () => {
    const { token } = await sdk.serviceTokens.create({ ...at, name: 'conformance', access: 'read' });
    ({ slug } = token);
    must(token.key.startsWith('dp.st.dev.'), 'the key has another form');
    const { tokens: listed } = await sdk.serviceTokens.list('shop', 'dev');
    must(
      listed.some((one) => one.slug === slug),
      'the list lacks the token',
    );
  });
  await record.known('serviceTokens.delete', UNFRAMED, () => sdk.serviceTokens.delete({ ...at, slug }));
}

async function webhooks(sdk, record) {
  const on = { project: 'shop' };
  let id = '';
  await record.try('webhooks.add, get, list, disable, enable', async () => {
    const { webhook } = await sdk.webhooks.add({ url: 'https://hooks.example/dcs' }, on);
    ({ id } = webhook);
    must((await sdk.webhooks.get(webhook.id, on)).webhook.url === 'https://hooks.example/dcs', 'another url');
    must((await sdk.webhooks.list(on)).webhooks.length === 1, 'the list lacks the webhook');
    must((await sdk.webhooks.disable(webhook.id, on)).webhook.enabled === false, 'it is not disabled');
    must((await sdk.webhooks.enable(webhook.id, on)).webhook.enabled === true, 'it is not enabled');
  });
  await record.known('webhooks.delete', UNFRAMED, () => sdk.webhooks.delete(id, on));
}
