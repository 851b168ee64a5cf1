import { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import { run as cloudRun } from '@googleapis/run';
import { ExternalAccountClient, GoogleAuth, OAuth2Client } from 'google-auth-library';
import { recordingProxy } from './proxy.mjs';
import { must, Record } from './record.mjs';
import { verdicts } from './requests.mjs';
import { SEED, versionOf, world } from './world.mjs';

const { project, number, region, service, job, runAccount, deployAccount } = SEED.google;
const PROJECT = `projects/${project}`;
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/** The seeded user's token, as a client that is already signed in. */
function owner() {
  const client = new OAuth2Client();
  client.setCredentials({ access_token: SEED.google.token, expiry_date: Date.now() + 3_600_000 });
  return client;
}

/** `run` gets the origin of a proxy before a sandbox of its own. */
async function inWorld(name, run) {
  const record = new Record(name, await versionOf(name));
  const w = await world();
  const proxy = await recordingProxy(w.origin);
  const hand = async (path, body) =>
    (await fetch(`${w.origin}/_sandbox/google/${path}`, { method: 'POST', body: JSON.stringify(body) })).json();
  try {
    await run({ record, origin: proxy.origin, hand, w });
    return { record, exchanges: proxy.requests };
  } finally {
    await proxy.close();
    await w.close();
  }
}

const refused = async (code, promise) => {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  must(error?.code === code, `the code is ${error?.code}, not ${code}`);
};

/** The official client without gRPC: a host and a port, and numbers for enums. */
export async function googleSecrets() {
  const { record } = await inWorld('@google-cloud/secret-manager', async ({ record: rows, origin }) => {
    const { port } = new URL(origin);
    const client = new SecretManagerServiceClient({
      fallback: true,
      apiEndpoint: '127.0.0.1',
      port: Number(port),
      protocol: 'http',
      authClient: owner(),
      projectId: project,
    });
    await secretsOf(client, rows);
    await versionsOf(client, rows);
    await policyOf(client, rows);
    await rows.try('regional: createSecret, addSecretVersion, accessSecretVersion', async () => {
      const parent = `${PROJECT}/locations/${region}`;
      const [secret] = await client.createSecret({ parent, secretId: 'REGIONAL', secret: {} });
      const [added] = await client.addSecretVersion({ parent: secret.name, payload: { data: Buffer.from('there') } });
      const [read] = await client.accessSecretVersion({ name: added.name });
      must(read.payload.data.toString() === 'there', 'another value came back');
    });
    await rows.try('deleteSecret', () => client.deleteSecret({ name: `${PROJECT}/secrets/ONE` }).then(() => ''));
  });
  return record;
}

async function secretsOf(client, rows) {
  await rows.try('createSecret', async () => {
    const secret = { replication: { automatic: {} }, labels: { 'managed-by': 'dcs' } };
    const [made] = await client.createSecret({ parent: PROJECT, secretId: 'ONE', secret });
    must(made.name === `projects/${number}/secrets/ONE`, 'the name is another one');
    await refused(6, client.createSecret({ parent: PROJECT, secretId: 'ONE', secret }));
  });
  await rows.try('getSecret of a missing one', () => refused(5, client.getSecret({ name: `${PROJECT}/secrets/NONE` })).then(() => ''));
  await rows.try('listSecrets with a filter, in pages', async () => {
    await client.createSecret({ parent: PROJECT, secretId: 'TWO', secret: { replication: { automatic: {} } } });
    const [page, next] = await client.listSecrets({ parent: PROJECT, pageSize: 1 }, { autoPaginate: false });
    must(page.length === 1 && next !== null, 'there is no second page');
    const [found] = await client.listSecrets({ parent: PROJECT, filter: 'labels.managed-by=dcs' });
    must(found.length === 1, 'the filter found another number');
  });
}

async function versionsOf(client, rows) {
  const name = `${PROJECT}/secrets/ONE`;
  await rows.try('addSecretVersion with a checksum', async () => {
    const data = Buffer.from('line\nline');
    await refused(3, client.addSecretVersion({ parent: name, payload: { data, dataCrc32c: 1 } }));
    const [added] = await client.addSecretVersion({ parent: name, payload: { data } });
    must(added.name.endsWith('/versions/1') && added.state === 'ENABLED', 'it is not version 1, enabled');
  });
  await rows.try('updateSecret (annotations, aliases), access by alias', async () => {
    const secret = { name, annotations: { source: 'shop' }, versionAliases: { stable: 1 } };
    const [changed] = await client.updateSecret({ secret, updateMask: { paths: ['annotations', 'version_aliases'] } });
    must(changed.annotations.source === 'shop' && changed.labels['managed-by'] === 'dcs', 'the mask was not kept to');
    const [read] = await client.accessSecretVersion({ name: `${name}/versions/stable` });
    must(read.payload.data.toString() === 'line\nline', 'another value came back');
  });
  await rows.try('disable, enable, destroySecretVersion', async () => {
    const one = `${name}/versions/1`;
    const [{ etag }] = await client.disableSecretVersion({ name: one });
    await refused(9, client.accessSecretVersion({ name: one }));
    await refused(9, client.enableSecretVersion({ name: one, etag: '"old"' }));
    await client.enableSecretVersion({ name: one, etag });
    const [gone] = await client.destroySecretVersion({ name: one });
    must(gone.state === 'DESTROYED' && gone.destroyTime !== null, 'it is not destroyed');
  });
  await rows.try('listSecretVersions', async () => {
    const [found] = await client.listSecretVersions({ parent: name, filter: 'state:DESTROYED' });
    must(found.length === 1 && found[0].state === 'DESTROYED', 'the list lacks the version');
  });
}

async function policyOf(client, rows) {
  const resource = `${PROJECT}/secrets/ONE`;
  await rows.try('getIamPolicy, setIamPolicy with its etag, testIamPermissions', async () => {
    const [policy] = await client.getIamPolicy({ resource });
    const bindings = [{ role: 'roles/secretmanager.secretAccessor', members: [`serviceAccount:${runAccount}`] }];
    await client.setIamPolicy({ resource, policy: { etag: policy.etag, bindings } });
    await refused(10, client.setIamPolicy({ resource, policy: { etag: policy.etag, bindings: [] } }));
    const [{ permissions }] = await client.testIamPermissions({ resource, permissions: ['secretmanager.versions.access'] });
    must(permissions.length === 1, 'the permission is not held');
  });
}

/** The generated client; its exchanges are held against the description it was generated from. */
export async function googleRun() {
  const { record, exchanges } = await inWorld('@googleapis/run', async ({ record: rows, origin, hand }) => {
    const { services, jobs, operations } = cloudRun({ version: 'v2', auth: owner(), rootUrl: `${origin}/google/run/` }).projects.locations;
    const name = `${PROJECT}/locations/${region}/services/${service}`;
    await hand('hand-edit', { project, name: 'BOUND', value: 'v' });
    await hand('grants', { project, member: `serviceAccount:${runAccount}`, roles: ['roles/secretmanager.secretAccessor'] });
    const env = [{ name: 'BOUND', valueSource: { secretKeyRef: { secret: 'BOUND', version: '1' } } }];
    await rows.try('services.list', async () => {
      const { data } = await services.list({ parent: `${PROJECT}/locations/${region}` });
      must(
        data.services.some((one) => one.name === name),
        'the list lacks the service',
      );
    });
    await rows.try('services.get, patch with a mask, operations.get', async () => {
      const { data } = await services.get({ name });
      const containers = [{ ...data.template.containers[0], env }];
      const requestBody = { etag: data.etag, template: { containers } };
      const started = await services.patch({ name, updateMask: 'template.containers', requestBody });
      const done = await operations.get({ name: started.data.name });
      must(done.data.done === true && done.data.error === undefined, 'the operation failed');
      must((await services.get({ name })).data.latestReadyRevision !== data.latestReadyRevision, 'there is no new revision');
    });
    await rows.try('services.revisions.list', async () => {
      const { data } = await services.revisions.list({ parent: name });
      must(data.revisions.length === 2, 'there are not two revisions');
    });
    await rows.try('jobs.get, patch', async () => {
      const path = `${PROJECT}/locations/${region}/jobs/${job}`;
      const { data } = await jobs.get({ name: path });
      data.template.template.containers[0].env = env;
      await jobs.patch({ name: path, requestBody: { template: data.template } });
    });
    await rows.try('services.getIamPolicy, testIamPermissions', async () => {
      await services.getIamPolicy({ resource: name });
      const { data } = await services.testIamPermissions({ resource: name, requestBody: { permissions: ['run.services.update'] } });
      must(data.permissions?.length === 1, 'the permission is not held');
    });
  });
  if (process.env.DCS_SPECS) await verdicts(process.env.DCS_SPECS, exchanges, record);
  return record;
}

/** Signing in: the files come from the sandbox, and so does the metadata server. */
export async function googleAuth() {
  const { record } = await inWorld('google-auth-library', async ({ record: rows, origin, hand, w }) => {
    const file = (more) => hand('credentials', more).then((text) => JSON.parse(JSON.stringify(text).replaceAll(w.origin, origin)));
    const mail = async (token) => (await (await fetch(`${origin}/google/oauth2/tokeninfo?access_token=${token}`)).json()).email;
    await rows.try('external_account', async () => {
      const client = ExternalAccountClient.fromJSON({ ...(await file({ kind: 'external_account' })), scopes: [SCOPE] });
      must((await client.getAccessToken()).token.startsWith('ya29.'), 'there is no token');
    });
    await rows.try('external_account, as a service account', async () => {
      const made = await file({ kind: 'external_account', account: deployAccount });
      const pool = made.audience.replace(/^\/\//, '').replace(/\/providers\/.*/, '');
      await hand('grants', { project, member: `principalSet://${pool}/*`, roles: ['roles/iam.workloadIdentityUser'] });
      const client = ExternalAccountClient.fromJSON({ ...made, scopes: [SCOPE] });
      must((await mail((await client.getAccessToken()).token)) === deployAccount, 'the token is of somebody else');
    });
    await rows.try('application default credentials from the metadata server', async () => {
      process.env.GCE_METADATA_HOST = origin.replace('http://', '');
      const auth = new GoogleAuth({ scopes: SCOPE });
      must((await mail(await auth.getAccessToken())) === runAccount, 'the token is of somebody else');
      must((await auth.getProjectId()) === project, 'the project is another one');
    });
    await rows.try('a refresh token, at the token endpoint that the client is given', async () => {
      const client = new OAuth2Client({ clientId: 'c', clientSecret: 's', endpoints: { oauth2TokenUrl: `${origin}/google/oauth2/token` } });
      client.setCredentials({ refresh_token: SEED.google.refreshToken });
      must((await mail((await client.getAccessToken()).token)) === SEED.google.user, 'the token is of somebody else');
    });
    rows.notRun('service_account', 'the library goes to oauth2.googleapis.com whatever the file names as its token_uri');
  });
  return record;
}
