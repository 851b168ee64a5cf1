import { expect } from 'chai';
import { sign } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SEED } from '../../src/seed.ts';
import { type Client, DEPLOY_ACCOUNT, failure, PROJECT, RUN_ACCOUNT, start } from './client.ts';

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('google sandbox: identity', () => {
  let client: Client;
  beforeEach(async () => {
    client = await start();
  });
  afterEach(() => client.close());

  const grantOn = (path: string, role: string, member: string) =>
    client.api('POST', `${path}:setIamPolicy`, { policy: { bindings: [{ role, members: [member] }] } });
  const mayList = async (token: string) => (await client.secrets('GET', '/secrets', undefined, token)).status;
  async function assertion(claims: object = {}, flip = false): Promise<string> {
    const key = (await client.sandbox('POST', 'credentials', { kind: 'service_account', account: DEPLOY_ACCOUNT })).body;
    const iat = Math.floor(Date.now() / 1000);
    const body = { iss: key.client_email, scope: SCOPE, aud: key.token_uri, iat, exp: iat + 3600, ...claims };
    const text = `${part({ alg: 'RS256', typ: 'JWT', kid: key.private_key_id })}.${part(body)}`;
    const signature = sign('RSA-SHA256', Buffer.from(flip ? `${text}x` : text), key.private_key as string).toString('base64url');
    return `${text}.${signature}`;
  }
  const redeem = async (jwt: string) =>
    client.form('/oauth2/token', { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: jwt });

  it("takes a service account's own signature and no other", async () => {
    const good = await redeem(await assertion());
    expect(good.body).to.include({ token_type: 'Bearer', expires_in: 3599 });
    expect(await mayList(good.body.access_token as string)).to.equal(403);
    expect((await redeem(await assertion({}, true))).body).to.include({
      error: 'invalid_grant',
      error_description: 'Invalid JWT Signature.',
    });
    for (const claims of [{ aud: 'https://elsewhere' }, { exp: 1 }, { iss: 'nobody@sandbox.example' }])
      expect((await redeem(await assertion(claims))).body.error, JSON.stringify(claims)).to.equal('invalid_grant');
  });

  it('refreshes', async () => {
    const fields = { grant_type: 'refresh_token', client_id: 'c', client_secret: 's' };
    const { body } = await client.form('/oauth2/token', { ...fields, refresh_token: SEED.google.refreshToken });
    expect(await mayList(body.access_token as string)).to.equal(200);
    const info = await client.form('/oauth2/tokeninfo?access_token=' + body.access_token, {});
    expect(info.body.email).to.equal(SEED.google.user);
    expect((await client.api('POST', '/oauth2/tokeninfo')).body.email).to.equal(SEED.google.user);
    expect((await client.api('POST', '/oauth2/tokeninfo', undefined, 'nobody')).body.error).to.equal('invalid_token');
    expect((await client.form('/oauth2/token', { ...fields, refresh_token: 'revoked' })).body.error).to.equal('invalid_grant');
  });

  it('exchanges the token of a workload, which then acts as a service account only where it may', async () => {
    const file = (await client.sandbox('POST', 'credentials', { kind: 'external_account', account: DEPLOY_ACCOUNT })).body;
    const subject = await (await fetch(file.credential_source.url as string)).text();
    const exchange = (audience: string, jwt = subject) =>
      client.form('/sts/v1/token', {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        audience,
        scope: SCOPE,
        requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        subject_token: jwt,
        subject_token_type: file.subject_token_type,
      });
    expect((await exchange('//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/x/providers/y')).body.error).to.equal(
      'invalid_target',
    );
    const claims = JSON.parse(Buffer.from(subject.split('.')[1] ?? '', 'base64url').toString());
    for (const wrong of [{ iss: 'https://elsewhere.example' }, { exp: 1 }])
      expect((await exchange(file.audience as string, `x.${part({ ...claims, ...wrong })}.`)).body.error).to.equal('invalid_grant');
    const token = (await exchange(file.audience as string)).body.access_token as string;
    const path = `/iamcredentials/v1/projects/-/serviceAccounts/${DEPLOY_ACCOUNT}:generateAccessToken`;
    const become = () => client.api('POST', path, { scope: [SCOPE] }, token);
    expect(failure(await become())).to.deep.equal([403, 'PERMISSION_DENIED']);
    const pool = file.audience.replace(/^\/\//, '').replace(/\/providers.*/, '') as string;
    const roles = ['roles/iam.serviceAccountTokenCreator'];
    await client.sandbox('POST', 'grants', { project: PROJECT, member: `principalSet://${pool}/*`, roles });
    const { body } = await become();
    expect(Date.parse(body.expireTime as string)).to.be.greaterThan(Date.now());
    await client.sandbox('POST', 'grants', { project: PROJECT, member: `serviceAccount:${DEPLOY_ACCOUNT}`, roles: ['roles/viewer'] });
    expect(await mayList(body.accessToken as string)).to.equal(200);
    expect(await mayList(token)).to.equal(403);
  });

  it('is a metadata server for those who ask as they must', async () => {
    const ask = (headers: Record<string, string>) =>
      fetch(`${client.url}/computeMetadata/v1/instance/service-accounts/default/token`, { headers });
    expect((await ask({})).status).to.equal(403);
    const answer = await ask({ 'metadata-flavor': 'Google' });
    expect(answer.headers.get('metadata-flavor')).to.equal('Google');
    const { access_token: token } = (await answer.json()) as { access_token: string };
    const info = await client.form(`/oauth2/tokeninfo?access_token=${token}`, {});
    expect(info.body.email).to.equal(RUN_ACCOUNT);
  });

  it('grants by the policy of one secret, guarded by its etag', async () => {
    await client.sandbox('POST', 'hand-edit', { project: PROJECT, name: 'A', value: 'v' });
    const token = await client.holder();
    const member = (await client.form(`/oauth2/tokeninfo?access_token=${encodeURIComponent(token)}`, {})).body.email as string;
    const read = async () => (await client.secrets('GET', '/secrets/A/versions/1:access', undefined, token)).status;
    expect(await read()).to.equal(403);
    const one = `/secretmanager/v1/projects/${PROJECT}/secrets/A`;
    const { etag } = (await client.api('GET', `${one}:getIamPolicy`)).body;
    await grantOn(one, 'roles/secretmanager.secretAccessor', `user:${member}`);
    expect(await read()).to.equal(200);
    const stale = await client.api('POST', `${one}:setIamPolicy`, { policy: { etag, bindings: [] } });
    expect(failure(stale)).to.deep.equal([409, 'ABORTED']);
    const asked = { permissions: ['secretmanager.versions.access', 'secretmanager.secrets.delete'] };
    expect((await client.api('POST', `${one}:testIamPermissions`, asked, token)).body).to.deep.equal({
      permissions: [asked.permissions[0]],
    });
    expect((await client.secrets('POST', '/secrets/NONE:testIamPermissions', asked, token)).body).to.deep.equal({});
    const absent = `serviceAccount:nobody@${PROJECT}.iam.gserviceaccount.com`;
    expect(failure(await grantOn(one, 'roles/secretmanager.viewer', absent))).to.deep.equal([400, 'INVALID_ARGUMENT']);
  });

  it('lets grants arrive late when told', async () => {
    await client.sandbox('POST', 'hand-edit', { project: PROJECT, name: 'A', value: 'v' });
    const token = await client.holder();
    const member = (await client.form(`/oauth2/tokeninfo?access_token=${encodeURIComponent(token)}`, {})).body.email as string;
    await client.sandbox('POST', 'consistency', { held: true });
    await grantOn(`/secretmanager/v1/projects/${PROJECT}/secrets/A`, 'roles/secretmanager.secretAccessor', `user:${member}`);
    const read = async () => (await client.secrets('GET', '/secrets/A/versions/1:access', undefined, token)).status;
    expect(await read()).to.equal(403);
    await client.sandbox('POST', 'consistency', { held: false });
    expect(await read()).to.equal(200);
  });

  it('remembers across restarts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandbox-google-'));
    const first = await start(folder);
    await first.secrets('POST', '/secrets?secretId=__proto__', { replication: { automatic: {} } });
    await first.close();
    const again = await start(folder);
    expect((await again.secrets('GET', '/secrets/__proto__')).status).to.equal(200);
    await again.close();
  });
});
