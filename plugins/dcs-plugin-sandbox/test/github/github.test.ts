import { expect } from 'chai';
import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { SEED } from '../../src/seed.ts';
import { startSandbox, type Sandbox } from '../../src/server/server.ts';

const REPO = '/repos/acme/shop';

describe('sandbox GitHub', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await startSandbox();
  });
  afterEach(() => sandbox.close());

  async function at(url: string, method: string, body?: unknown, token: string | undefined = SEED.github.token) {
    const headers = { accept: 'application/vnd.github+json', ...(token === '' ? {} : { authorization: `Bearer ${token}` }) };
    const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, link: response.headers.get('link') ?? '', json: text === '' ? undefined : JSON.parse(text) };
  }
  const api = (method: string, path: string, body?: unknown, token?: string) =>
    at(`${sandbox.env['GITHUB_API_URL']}${path}`, method, body, token);
  const control = (method: string, path: string, body?: unknown) => at(`${sandbox.origin}/_sandbox/github/${path}`, method, body);
  const run = async (body: object) =>
    (await control('POST', 'runs', { repository: 'acme/shop', ...body })).json.env as Record<string, string>;

  it('asks who calls, and hides what they may not see', async () => {
    expect((await api('GET', REPO, undefined, '')).status).to.equal(401);
    expect((await api('GET', REPO, undefined, 'ghp_nobody')).json.message).to.equal('Bad credentials');
    expect((await api('GET', '/repos/acme/other')).status).to.equal(404);
    expect((await api('GET', REPO)).json).to.include({ full_name: 'acme/shop', private: true });
    expect((await api('GET', '/user')).json.login).to.equal('you');
    expect((await api('GET', '/user', undefined, SEED.github.readToken)).status, 'a job is no user').to.equal(403);
    await control('POST', 'repositories', { name: 'acme/secret' });
    expect((await api('GET', '/repos/acme/secret', undefined, SEED.github.readToken)).status).to.equal(404);
    expect((await api('GET', '/nowhere')).json.message).to.equal('Not Found');
  });

  it('takes dispatches within their limits', async () => {
    const dispatch = (body: object, token?: string) => api('POST', `${REPO}/dispatches`, body, token);
    expect((await dispatch({ event_type: 'dcs-sync', client_payload: { environment: 'prod' } })).status).to.equal(204);
    const [first] = (await control('GET', 'dispatches?repository=acme/shop')).json;
    expect(first).to.deep.include({ event_type: 'dcs-sync', client_payload: { environment: 'prod' } });
    const eleven = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`k${index}`, 1]));
    for (const bad of [{}, { event_type: 'x'.repeat(101) }, { event_type: 'x', client_payload: eleven }, { event_type: 'x', ref: 'main' }])
      expect((await dispatch(bad)).status, JSON.stringify(bad).slice(0, 80)).to.equal(422);
    expect((await dispatch({ event_type: 'x' }, SEED.github.readToken)).json.message).to.equal('Resource not accessible by integration');
    expect((await control('GET', 'dispatches?repository=acme/shop')).json).to.have.length(1);
  });

  it('keeps issues: opened, found by label, edited, closed, and paged', async () => {
    for (let n = 1; n <= 5; n++)
      await api('POST', `${REPO}/issues`, { title: `Issue ${n}`, body: 'text', labels: n === 3 ? ['drift'] : [] });
    const [found, ...others] = (await api('GET', `${REPO}/issues?labels=Drift&state=open`)).json;
    expect([found.number, found.title, others]).to.deep.equal([3, 'Issue 3', []]);
    expect(found.labels[0].name).to.equal('drift');
    const closed = await api('PATCH', `${REPO}/issues/3`, { state: 'closed', state_reason: 'not_planned', body: 'gone' });
    expect(closed.json).to.include({ state: 'closed', state_reason: 'not_planned', body: 'gone' });
    expect((await api('GET', `${REPO}/issues?labels=drift`)).json).to.deep.equal([]);
    const page = await api('GET', `${REPO}/issues?state=all&per_page=2&page=2`);
    expect(page.json.map(({ number }: { number: number }) => number)).to.deep.equal([3, 2]);
    expect(page.link).to.contain('rel="next"').and.to.contain('page=3').and.to.contain(sandbox.origin);
    const next = /<([^>]+)>; rel="next"/.exec(page.link)?.[1] ?? '';
    expect((await at(next, 'GET')).json).to.have.length(1);
    expect((await api('POST', `${REPO}/issues`, {})).json.errors[0]).to.include({ field: 'title', code: 'missing_field' });
    expect((await api('POST', `${REPO}/issues`, { title: 'x', body: 'x'.repeat(65_537) })).status).to.equal(422);
    expect((await api('POST', `${REPO}/labels`, { name: 'drift' })).json.errors[0].code).to.equal('already_exists');
    expect((await api('GET', `${REPO}/labels/DRIFT`)).json.name).to.equal('drift');
  });

  it('keeps the comments of pull requests, edited by whoever may', async () => {
    const { number } = (await control('POST', 'pulls', { repository: 'acme/shop', head: 'feature' })).json;
    expect((await api('GET', `${REPO}/pulls/${number}`)).json.head).to.deep.include({ ref: 'feature' });
    const made = await api('POST', `${REPO}/issues/${number}/comments`, { body: 'plan' });
    expect(made.status).to.equal(201);
    expect((await api('PATCH', `${REPO}/issues/comments/${made.json.id}`, { body: 'new plan' })).json.body).to.equal('new plan');
    expect((await api('GET', `${REPO}/issues/${number}/comments`)).json.map(({ body }: { body: string }) => body)).to.deep.equal([
      'new plan',
    ]);
    expect((await api('POST', `${REPO}/issues/${number}/comments`, { body: '' })).status).to.equal(422);
    const fork = await run({ event: 'pull_request', fork: true, permissions: { 'pull-requests': 'write', 'id-token': 'write' } });
    expect((await api('POST', `${REPO}/issues/${number}/comments`, { body: 'x' }, fork['GITHUB_TOKEN'])).status).to.equal(403);
    expect(fork).not.to.have.property('ACTIONS_ID_TOKEN_REQUEST_URL');
    const mine = await run({ event: 'pull_request', permissions: { 'pull-requests': 'write' } });
    expect((await api('POST', `${REPO}/issues/${number}/comments`, { body: 'x' }, mine['GITHUB_TOKEN'])).json.user.login).to.equal(
      'github-actions[bot]',
    );
    expect((await api('DELETE', `${REPO}/issues/comments/${made.json.id}`)).status).to.equal(204);
  });

  it('signs the identity of a job, which can be verified and exchanged', async () => {
    const env = await run({ environment: 'prod', permissions: { 'id-token': 'write' } });
    const ask = (token: string) =>
      fetch(`${env['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience=https://doppler.example`, { headers: { authorization: `bearer ${token}` } });
    expect((await ask('nobody')).status).to.equal(401);
    const { value } = (await (await ask(env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']!)).json()) as { value: string };
    const [head = '', body = '', signature = ''] = value.split('.');
    const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string };
    const base = `${sandbox.origin}/github/_actions/.well-known`;
    const { jwks_uri } = (await (await fetch(`${base}/openid-configuration`)).json()) as { jwks_uri: string };
    const { keys } = (await (await fetch(jwks_uri)).json()) as { keys: (JsonWebKey & { kid: string })[] };
    const key = createPublicKey({ key: keys.find((each) => each.kid === kid)!, format: 'jwk' });
    const signed = (text: string): boolean => verify('RSA-SHA256', Buffer.from(text), key, Buffer.from(signature, 'base64url'));
    expect([signed(`${head}.${body}`), signed(`${head}.${body}x`)]).to.deep.equal([true, false]);
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
    expect(claims).to.include({
      sub: 'repo:acme/shop:environment:prod',
      aud: 'https://doppler.example',
      iss: SEED.github.issuer,
      repository: 'acme/shop',
    });
    const exchanged = await fetch(`${sandbox.origin}/google/sts/v1/token`, {
      method: 'POST',
      body: JSON.stringify({
        audience: SEED.google.githubProvider,
        grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
        requestedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
        scope: 'https://www.googleapis.com/auth/cloud-platform',
        subjectToken: value,
        subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
      }),
    });
    expect(exchanged.status).to.equal(200);
  });

  it('fails in its own words when told to', async () => {
    await fetch(`${sandbox.origin}/_sandbox/faults`, {
      method: 'POST',
      body: JSON.stringify({ cloud: 'github', kind: 'status', status: 503 }),
    });
    const answer = await api('GET', REPO);
    expect([answer.status, answer.json.message]).to.deep.equal([503, 'Injected by the sandbox']);
    expect(JSON.stringify(sandbox.journal.entries())).to.contain('"cloud":"github"').and.not.to.contain('ghp_');
  });
});
