import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import { createHttp, isDcsError, type Context } from 'dcs-sdk';
import { openGoogle } from '../src/api.ts';
import { findCredential } from '../src/auth.ts';
import { crc32c } from '../src/crc32c.ts';
import detect from '../src/detect.ts';
import { endpointOf } from '../src/endpoints.ts';
import { secretsApi } from '../src/secrets-api.ts';
import definition from '../src/target.ts';

const PROJECT = 'shop-4f2a1';
type Answer = { readonly status?: number; readonly body: unknown };

describe('the API of Google', () => {
  let server: Server;
  let asked: string[];
  let answer: (path: string) => Answer;
  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      const { status = 200, body } = answer(request.url ?? '');
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const context = (env: Record<string, string | undefined> = {}): Context => {
    const http = createHttp({ base: origin(), name: 'Google', sleep: async () => {} });
    const given = { CLOUD_SECRET_MANAGER_URL: origin(), GOOGLE_OAUTH_ACCESS_TOKEN: 'ya29.one', ...env };
    return { http, env: given, signal: new AbortController().signal, log: () => {}, kept: async () => undefined };
  };
  const api = () => secretsApi(openGoogle(context()), { project_id: PROJECT });
  const refused = async (call: () => Promise<unknown>) => {
    const error = await call().catch((thrown: unknown) => thrown);
    if (!isDcsError(error)) throw new Error('it was not refused');
    return error;
  };

  it('ends a list whose pages never end', async () => {
    answer = () => ({ body: { secrets: [], nextPageToken: 'again' } });
    expect((await refused(() => api().all())).code).to.equal('TARGET');
    expect(asked.length).to.be.at.most(1000);
  });

  it('takes no answer of another shape for an empty list', async () => {
    for (const body of [[], 'text', { secrets: {} }, { secrets: [{}] }]) {
      answer = () => ({ body });
      expect((await refused(() => api().all())).code).to.equal('TARGET');
    }
    answer = () => ({ body: {} });
    expect(await api().all()).to.deep.equal([]);
  });

  it('maps refusals, and quotes nothing of what Google says', async () => {
    const said = async (status: number, error: object): Promise<string> => {
      answer = () => ({ status, body: { error: { message: 'canary', ...error } } });
      const { code, message, details } = await refused(() => api().all());
      expect(JSON.stringify([message, details])).to.not.contain('canary');
      return `${code} ${message}`;
    };
    expect(await said(401, { status: 'UNAUTHENTICATED' })).to.match(/^AUTH/);
    expect(await said(403, { status: 'PERMISSION_DENIED' })).to.match(/^AUTH/);
    const disabled = { details: [{ reason: 'SERVICE_DISABLED', metadata: { service: 'secretmanager.googleapis.com' } }] };
    expect(await said(403, disabled)).to.match(/^TARGET secretmanager.googleapis.com is not enabled/);
    expect(await said(403, { details: [{ reason: 'x', metadata: { permission: 'canary <script>' } }] })).to.match(/^AUTH/);
    expect(await said(404, { status: 'NOT_FOUND' })).to.match(/^TARGET There is no/);
    expect(await said(409, { status: 'ALREADY_EXISTS' })).to.match(/^CONFLICT/);
    expect(await said(400, { status: 'canary' })).to.equal(
      `TARGET Google refused a request about the secrets of project '${PROJECT}' (400).`,
    );
  });

  it('refuses a value whose checksum is another one', async () => {
    const data = Buffer.from('a value').toString('base64');
    const held = (dataCrc32c: string): Answer => ({ body: { name: `projects/1/secrets/A/versions/3`, payload: { data, dataCrc32c } } });
    answer = () => held(String(crc32c(Buffer.from('a value'))));
    expect((await api().newest(new Map([['A', undefined]]))).get('A')?.value?.reveal()).to.equal('a value');
    answer = () => held('1');
    expect((await refused(() => api().newest(new Map([['A', undefined]])))).message)
      .to.contain('damaged')
      .and.to.not.contain('a value');
    // https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4: 32 bytes of zeros.
    expect(crc32c(new Uint8Array(32))).to.equal(0x8a9136aa);
  });

  it('reads bytes that are no text as no value', async () => {
    const data = Buffer.from([0xff, 0xfe]).toString('base64');
    answer = () => ({ body: { name: `projects/1/secrets/A/versions/3`, payload: { data } } });
    expect((await api().newest(new Map([['A', undefined]]))).get('A')).to.deep.equal({ version: 3, state: 'ENABLED' });
  });

  it('speaks to the sandbox alone or to Google alone, with the hosts that gcloud and firebase-tools name', () => {
    const sandboxed = context({ CLOUD_RUN_API_URL: undefined });
    expect(() => openGoogle(sandboxed)('run')).to.throw('Secret Manager is at 127.0.0.1');
    expect(endpointOf('run', {})).to.equal('https://run.googleapis.com');
    expect(endpointOf('secretmanager', {}, 'europe-west3')).to.equal('https://secretmanager.europe-west3.rep.googleapis.com');
    const both = { CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN: 'http://127.0.0.1:1/run/', CLOUD_RUN_API_URL: 'http://127.0.0.1:2' };
    expect(endpointOf('run', both)).to.equal('http://127.0.0.1:1/run');
  });
});

describe('who signs in to Google', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'dcs-google-'));
  });
  afterEach(() => rm(home, { recursive: true }));

  const context = (origin: string, env: Record<string, string>, kept?: string): Context => ({
    http: { origin, request: () => Promise.reject(new Error('no request')) },
    env: { HOME: home, ...env },
    signal: new AbortController().signal,
    log: () => {},
    kept: async () => kept,
  });
  const GOOGLE = 'https://secretmanager.googleapis.com';
  const gcloud = async (): Promise<string> => {
    await writeFile(join(home, 'gcloud'), '#!/bin/sh\nif [ "$1 $2" = "auth print-access-token" ]; then echo ya29.gcloud; fi\n');
    await chmod(join(home, 'gcloud'), 0o755);
    return `${home}${delimiter}/bin`;
  };

  it('takes the environment first, then what dcs keeps, then gcloud', async () => {
    const PATH = await gcloud();
    expect(await findCredential(context(GOOGLE, { PATH, GOOGLE_OAUTH_ACCESS_TOKEN: 'ya29.env' }, 'ya29.kept'))).to.include({
      token: 'ya29.env',
    });
    expect(await findCredential(context(GOOGLE, { PATH }, 'ya29.kept'))).to.include({ token: 'ya29.kept', from: 'dcs login google' });
    expect(await findCredential(context(GOOGLE, { PATH }))).to.include({ token: 'ya29.gcloud', from: 'gcloud auth login' });
  });

  it('gives gcloud’s login to Google and nobody else', async () => {
    const PATH = await gcloud();
    for (const origin of ['http://127.0.0.1:8080', 'https://secretmanager.googleapis.com.evil.example'])
      expect(await findCredential(context(origin, { PATH })), origin).to.equal(undefined);
  });

  it('finds the project of gcloud’s active configuration', async () => {
    const folder = join(home, '.config', 'gcloud', 'configurations');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, '..', 'active_config'), 'work\n');
    await writeFile(join(folder, 'config_work'), '[core]\naccount = a@b\nproject = shop-4f2a1\n');
    await writeFile(join(home, 'cloudbuild.yaml'), '');
    expect(await detect(home, { HOME: home })).to.deep.equal([
      { name: 'gcp', type: 'gcp', file: 'cloudbuild.yaml', options: { project_id: PROJECT }, notes: [] },
    ]);
    await writeFile(join(home, 'firebase.json'), '{}');
    expect(await detect(home, { HOME: home })).to.deep.equal([]);
  });
});

describe('gcp in dcs.yaml', () => {
  it('validates its options', async () => {
    const check = async (options: Record<string, unknown>): Promise<string | undefined> =>
      (await definition.options['~standard'].validate(options)).issues?.[0]?.message;
    expect(await check({ project_id: 'shop-4f2a1', region: 'europe-west3', keep_versions: 3 })).to.equal(undefined);
    expect(await check({})).to.contain('project_id is missing');
    expect(await check({ project_id: 'Shop/../x' })).to.contain('project id');
    expect(await check({ project_id: 'shop-4f2a1', mode: 'bundle' })).to.contain('secret is missing');
    expect(await check({ project_id: 'shop-4f2a1', region: 'us-east1', replicas: ['us-east1'] })).to.contain('no replicas');
    expect(await check({ project_id: 'shop-4f2a1', keep_versions: 0 })).to.contain('from 1');
  });
});
