import { createHttp, Secret, type Context, type HttpRequest, type Put, type Target } from 'dcs-sdk';
import { google } from '../../dcs-plugin-sandbox/src/google/cloud.ts';
import { SEED } from '../../dcs-plugin-sandbox/src/seed.ts';
import { startSandbox } from '../../dcs-plugin-sandbox/src/server/server.ts';
import { openGoogle } from '../../dcs-plugin-gcp/src/api.ts';
import { connectFirebase } from '../src/target.ts';

export const {
  project: PROJECT,
  region: REGION,
  token: TOKEN,
  fn: FUNCTION,
  legacyFunction: LEGACY,
  runAccount: ACCOUNT,
  backend: BACKEND,
} = SEED.google;

/** A Google of its own, and its back door. */
export interface Cloud {
  readonly origin: string;
  /** Retries do not wait, writes are not paced. */
  target(options?: { project?: string; signal?: AbortSignal; managed?: boolean }): Target;
  context(signal?: AbortSignal): Context;
  backdoor(path: string, body: Record<string, unknown>): Promise<Record<string, unknown>>;
  peek(name: string, more?: Record<string, string>): Promise<string | undefined>;
  call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
  requests(): number;
  stop(): Promise<void>;
}

export async function openCloud(): Promise<Cloud> {
  const sandbox = await startSandbox({ clouds: [google()] });
  let requests = 0;
  const post = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${sandbox.origin}/_sandbox/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`back door ${path}: ${answer.status} ${await answer.text()}`);
    const text = await answer.text();
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  };
  const context = (signal = new AbortController().signal): Context => {
    const http = createHttp({
      base: `${sandbox.origin}/google/secretmanager`,
      name: 'Google',
      signal,
      timeout: 2000,
      deadline: 4000,
      sleep: async () => {},
    });
    const counted = (request: HttpRequest) => {
      requests += 1;
      return http.request(request);
    };
    return { http: { origin: http.origin, request: counted }, env: sandbox.env, signal, log: () => {}, kept: async () => undefined };
  };
  return {
    origin: sandbox.origin,
    context,
    target({ project = PROJECT, signal, managed } = {}) {
      const own = context(signal);
      const quick = openGoogle(own, undefined, (given) => createHttp({ ...given, timeout: 2000, deadline: 4000, sleep: async () => {} }));
      const options = { project_id: project, ...(managed === undefined ? {} : { firebase_managed: managed }) };
      return connectFirebase(options, own, { pace: { turn: async () => {} }, google: quick });
    },
    backdoor: post,
    async peek(name, more = {}) {
      const answer = await fetch(`${sandbox.origin}/_sandbox/google/peek?${new URLSearchParams({ project: PROJECT, name, ...more })}`);
      return ((await answer.json()) as { value: string | null }).value ?? undefined;
    },
    async call(method, path, body) {
      const answer = await fetch(`${sandbox.origin}/google/${path}`, {
        method,
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as Record<string, unknown>;
    },
    requests: () => requests,
    stop: () => sandbox.close(),
  };
}

export const create = (name: string, value: string): Put => ({ action: 'create', name, secret: new Secret(value) });
export const update = (name: string, value: string): Put => ({ action: 'update', name, secret: new Secret(value) });
