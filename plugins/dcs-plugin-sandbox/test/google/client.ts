import { SEED } from '../../src/seed.ts';
import { startSandbox } from '../../src/server/server.ts';

export const { project: PROJECT, number: NUMBER, region: REGION, runAccount: RUN_ACCOUNT, deployAccount: DEPLOY_ACCOUNT } = SEED.google;

export interface Answer {
  status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- what the vendor answers is what these tests look into
  body: any;
}

export interface Client {
  url: string;
  /** Below `/google`, as the holder of `token`; null sends no Authorization header. */
  api(method: string, path: string, body?: unknown, token?: string | null): Promise<Answer>;
  /** Below the seeded project of the Secret Manager. */
  secrets(method: string, path: string, body?: unknown, token?: string | null): Promise<Answer>;
  form(path: string, fields: Record<string, string>): Promise<Answer>;
  sandbox(method: string, path: string, body?: unknown): Promise<Answer>;
  peek(name: string, more?: Record<string, string>): Promise<string | null>;
  /** A token of somebody who holds `roles` on the project and nothing else. */
  holder(...roles: string[]): Promise<string>;
  close(): Promise<void>;
}

async function send(url: string, init: RequestInit): Promise<Answer> {
  const answer = await fetch(url, init);
  const text = await answer.text();
  const json = answer.headers.get('content-type')?.includes('json') === true;
  return { status: answer.status, body: json ? JSON.parse(text) : text };
}

export async function start(folder?: string): Promise<Client> {
  const server = await startSandbox(folder === undefined ? {} : { folder });
  const url = server.origin;
  const json = (method: string, body: unknown, headers: Record<string, string> = {}): RequestInit =>
    body === undefined
      ? { method, headers }
      : { method, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
  const api: Client['api'] = (method, path, body, token = SEED.google.token) =>
    send(`${url}/google${path}`, json(method, body, token === null ? {} : { authorization: `Bearer ${token}` }));
  const sandbox: Client['sandbox'] = (method, path, body) => send(`${url}/_sandbox/google/${path}`, json(method, body));
  return {
    url,
    api,
    sandbox,
    close: () => server.close(),
    secrets: (method, path, body, token) => api(method, `/secretmanager/v1/projects/${PROJECT}${path}`, body, token),
    form: (path, fields) => send(`${url}/google${path}`, { method: 'POST', body: new URLSearchParams(fields) }),
    peek: async (name, more = {}) =>
      (await sandbox('GET', `peek?${new URLSearchParams({ project: PROJECT, name, ...more }).toString()}`)).body.value,
    async holder(...roles) {
      const member = `user:${roles.join('-').replaceAll(/[^a-z]+/gi, '-') || 'nobody'}@sandbox.example`;
      const value = `ya29.sandbox-${member}`;
      await sandbox('POST', 'tokens', { value, member });
      await sandbox('POST', 'grants', { project: PROJECT, member, roles });
      return value;
    },
  };
}

export const b64 = (text: string): string => Buffer.from(text).toString('base64');
export const failure = ({ status, body }: Answer): [number, string | undefined] => [status, body.error?.status];
