import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { SEED } from '../../src/seed.ts';
import { startSandbox } from '../../src/server/server.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- what the vendor answers is what these tests look into
type Body = any;

export interface Answer {
  status: number;
  headers: Headers;
  body: Body;
}

export interface Client {
  url: string;
  /** Below /api/v2, as the holder of `key`; null sends no Authorization header. */
  api(method: string, path: string, body?: unknown, key?: string | null): Promise<Answer>;
  /** As `api`, then waits until nothing of the project is under way. */
  done(method: string, path: string, body?: unknown): Promise<Answer>;
  sandbox(path: string, body?: unknown): Promise<Answer>;
  /** A project with its operations finished. */
  project(wanted?: object): Promise<Made>;
  close(): Promise<void>;
}

export interface Made {
  id: string;
  path: string;
  branch: string;
  uri: string;
  body: Body;
}

async function send(url: string, method: string, body: unknown, headers: Record<string, string>): Promise<Answer> {
  const payload = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(url, { method, headers: { 'content-type': 'application/json', ...headers }, ...payload });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) };
}

export async function start(folder?: string): Promise<Client> {
  const server = await startSandbox(folder === undefined ? {} : { folder });
  const url = server.origin;
  const api: Client['api'] = (method, path, body, key = SEED.neon.key) =>
    send(`${url}/api/v2${path}`, method, body, key === null ? {} : { authorization: `Bearer ${key}` });
  const finish = async (project: string): Promise<void> => {
    for (;;) {
      const { body } = await api('GET', `/projects/${project}/operations`);
      if (body.operations.every(({ status }: Body) => status !== 'running' && status !== 'scheduling')) return;
      await sleep(20);
    }
  };
  return {
    url,
    api,
    async done(method, path, body) {
      const answer = await api(method, path, body);
      await finish(path.split('/')[2] ?? '');
      return answer;
    },
    sandbox: (path, body) => send(`${url}/_sandbox/neon/${path}`, 'POST', body, {}),
    async project(wanted = {}) {
      const { body } = await api('POST', '/projects', { project: { org_id: SEED.neon.org, ...wanted } });
      await finish(body.project.id);
      return {
        id: body.project.id,
        path: `/projects/${body.project.id}`,
        branch: body.branch.id,
        uri: body.connection_uris[0].connection_uri,
        body,
      };
    },
    close: () => server.close(),
  };
}

/** Runs one statement as a stock client with this connection string would. */
export async function query(uri: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: uri });
  await client.connect();
  try {
    const result = await client.query<Record<string, unknown>>(text);
    return result.rows;
  } finally {
    await client.end();
  }
}

export const refused = ({ status, body }: Answer): [number, string] => [status, body.message];
