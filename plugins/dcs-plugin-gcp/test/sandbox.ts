import { createHttp, Secret, type Context, type Delete, type HttpRequest, type Put } from 'dcs-sdk';
import { google } from '../../dcs-plugin-sandbox/src/google/cloud.ts';
import { startSandbox } from '../../dcs-plugin-sandbox/src/server/server.ts';
import { SEED } from '../../dcs-plugin-sandbox/src/seed.ts';
import type { Pace } from '../src/pace.ts';

export const { project: PROJECT, token: TOKEN, region: REGION, runAccount: RUN_ACCOUNT } = SEED.google;

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** A Google of its own, what went over the wire to it, and its back door. */
export interface Cloud {
  readonly origin: string;
  context(options?: { token?: string; signal?: AbortSignal; env?: Record<string, string> }): Context;
  backdoor(path: string, body?: unknown): Promise<Record<string, unknown>>;
  peek(name: string, more?: Record<string, string>): Promise<string | undefined>;
  /** Requests so far. */
  sent(): Promise<readonly Sent[]>;
  forget(): Promise<void>;
  requests(): number;
  stop(): Promise<void>;
}

/** Tests do not wait. */
export const AT_ONCE: Pace = { turn: async () => {} };

export async function openCloud(): Promise<Cloud> {
  const sandbox = await startSandbox({ clouds: [google()] });
  const at = `${sandbox.origin}/_sandbox`;
  let requests = 0;
  return {
    origin: sandbox.origin,
    context({ token = TOKEN, signal = new AbortController().signal, env = {} } = {}) {
      const base = `${sandbox.origin}/google/secretmanager`;
      const http = createHttp({ base, name: 'Google', signal, timeout: 2000, deadline: 4000, sleep: async () => {} });
      const counted = (request: HttpRequest) => {
        requests += 1;
        return http.request(request);
      };
      const given = { ...sandbox.env, GOOGLE_OAUTH_ACCESS_TOKEN: token, ...env };
      return { http: { origin: http.origin, request: counted }, env: given, signal, log: () => {}, kept: async () => undefined };
    },
    async backdoor(path, body) {
      const json = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await fetch(`${at}/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, ...json });
      if (!answer.ok) throw new Error(`back door ${path}: ${answer.status} ${await answer.text()}`);
      const text = await answer.text();
      return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    },
    async peek(name, more = {}) {
      const answer = await fetch(`${at}/google/peek?${new URLSearchParams({ project: PROJECT, name, ...more })}`);
      return ((await answer.json()) as { value: string | null }).value ?? undefined;
    },
    sent: async () => (await (await fetch(`${at}/journal`)).json()) as Sent[],
    forget: async () => void (await fetch(`${at}/journal`, { method: 'DELETE' })),
    requests: () => requests,
    stop: () => sandbox.close(),
  };
}

export const create = (name: string, value = `v-${name}`): Put => ({ action: 'create', name, secret: new Secret(value) });
export const update = (name: string, value: string): Put => ({ action: 'update', name, secret: new Secret(value) });
export const remove = (name: string): Delete => ({ action: 'delete', name });
