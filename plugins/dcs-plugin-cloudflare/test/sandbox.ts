import { createHttp, Secret, type Context, type Credential, type Delete, type HttpRequest, type Put } from 'dcs-sdk';
import { cloudflare } from '../../dcs-plugin-sandbox/src/cloudflare/cloud.ts';
import { startSandbox } from '../../dcs-plugin-sandbox/src/server/server.ts';
import { SEED } from '../../dcs-plugin-sandbox/src/seed.ts';

export const { accountId: ACCOUNT, accountName: ACCOUNT_NAME, token: TOKEN, worker: WORKER, pages: PROJECT } = SEED.cloudflare;

/** A cloud of its own, what went over the wire to it, and its back door. */
export interface Cloud {
  readonly origin: string;
  readonly sent: HttpRequest[];
  context(options?: { token?: string; signal?: AbortSignal; base?: string }): Context;
  backdoor(path: string, body: Record<string, unknown>): Promise<Record<string, unknown>>;
  peek(query: Record<string, string>): Promise<string | null>;
  stop(): Promise<void>;
}

export async function openCloud(): Promise<Cloud> {
  const sandbox = await startSandbox({ clouds: [cloudflare()] });
  const sent: HttpRequest[] = [];
  return {
    origin: sandbox.origin,
    sent,
    context({ token = TOKEN, signal = new AbortController().signal, base = `${sandbox.origin}/client/v4` } = {}) {
      return contextFor(base, { CLOUDFLARE_API_TOKEN: token }, sent, signal);
    },
    async backdoor(path, body) {
      const answer = await fetch(`${sandbox.origin}/_sandbox/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`back door ${path}: ${answer.status} ${await answer.text()}`);
      const text = await answer.text();
      return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    },
    async peek(query) {
      const answer = await fetch(`${sandbox.origin}/_sandbox/cloudflare/peek?${new URLSearchParams({ account: ACCOUNT, ...query })}`);
      return ((await answer.json()) as { value: string | null }).value;
    },
    stop: () => sandbox.close(),
  };
}

export function contextFor(base: string, env: Context['env'], sent: HttpRequest[] = [], signal = new AbortController().signal): Context {
  const http = createHttp({ base, name: 'Cloudflare', signal, timeout: 2000, deadline: 4000, sleep: async () => {} });
  return {
    http: {
      origin: http.origin,
      request(request) {
        sent.push(request);
        return http.request(request);
      },
    },
    env,
    signal,
    log: () => {},
    kept: async () => undefined,
  };
}

export const credential = (token: string = TOKEN): Credential => ({ token, from: 'CLOUDFLARE_API_TOKEN', beats: [] });
export const create = (name: string, value = `v-${name}`): Put => ({ action: 'create', name, secret: new Secret(value) });
export const update = (name: string, value: string): Put => ({ action: 'update', name, secret: new Secret(value) });
export const remove = (name: string): Delete => ({ action: 'delete', name });
