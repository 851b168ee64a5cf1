import { SEED } from '../../src/seed.ts';
import { startSandbox } from '../../src/server/server.ts';

export const ACCOUNT = SEED.cloudflare.accountId;

export interface Answer {
  status: number;
  headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- what the vendor answers is what these tests look into
  body: any;
}

export interface Client {
  url: string;
  /** Below /client/v4, as the holder of `token`; null sends no Authorization header. */
  api(method: string, path: string, body?: unknown, token?: string | null): Promise<Answer>;
  /** Below the seeded account. */
  mine(method: string, path: string, body?: unknown, token?: string | null): Promise<Answer>;
  sandbox(method: string, path: string, body?: unknown): Promise<Answer>;
  peek(query: Record<string, string>): Promise<string | null>;
  close(): Promise<void>;
}

export async function send(url: string, method: string, body: unknown, headers: Record<string, string>): Promise<Answer> {
  const form = body instanceof FormData;
  const type: Record<string, string> =
    form || body === undefined ? {} : { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' };
  const payload = body === undefined ? {} : { body: form ? body : JSON.stringify(body) };
  const answer = await fetch(url, { method, headers: { ...type, ...headers }, ...payload });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}

export async function start(folder?: string): Promise<Client> {
  const server = await startSandbox(folder === undefined ? {} : { folder });
  const url = server.origin;
  const api: Client['api'] = (method, path, body, token = SEED.cloudflare.token) => {
    const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
    return send(`${url}/client/v4${path}`, method, body, headers);
  };
  const sandbox: Client['sandbox'] = (method, path, body) => send(`${url}/_sandbox/cloudflare/${path}`, method, body, {});
  return {
    url,
    close: () => server.close(),
    api,
    sandbox,
    mine: (method, path, body, token) => api(method, `/accounts/${ACCOUNT}${path}`, body, token),
    peek: async (query) =>
      (await sandbox('GET', `peek?${new URLSearchParams({ account: ACCOUNT, ...query }).toString()}`)).body.value as string | null,
  };
}

export const code = (answer: Answer): [number, number | undefined] => [answer.status, answer.body.errors?.[0]?.code as number | undefined];
