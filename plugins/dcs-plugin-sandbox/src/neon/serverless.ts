import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Client, QueryResult } from 'pg';
import { isObject, type Json } from './envelope.ts';
import { tunnel } from './websocket.ts';

/** What a statement's failure may tell. */
const TOLD = [
  'severity',
  'code',
  'detail',
  'hint',
  'position',
  'where',
  'schema',
  'table',
  'column',
  'dataType',
  'constraint',
  'routine',
] as const;
const ISOLATION = new Map([
  ['ReadUncommitted', 'READ UNCOMMITTED'],
  ['ReadCommitted', 'READ COMMITTED'],
  ['RepeatableRead', 'REPEATABLE READ'],
  ['Serializable', 'SERIALIZABLE'],
]);

interface Statement {
  query: string;
  params: unknown[];
}

const statementOf = (value: unknown): Statement => {
  const { query, params } = isObject(value) ? value : {};
  return { query: typeof query === 'string' ? query : '', params: Array.isArray(params) ? params : [] };
};

async function bodyOf(request: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  return isObject(body) ? body : {};
}

/** Rows as PostgreSQL writes them: the driver reads types by itself. */
async function ask(client: Client, { query, params }: Statement): Promise<Json> {
  const raw = { getTypeParser: () => (text: unknown) => text };
  const result: QueryResult<unknown[]> = await client.query({ text: query, values: params, rowMode: 'array', types: raw });
  const { command, rowCount, fields, rows } = result;
  return { command, rowCount, fields, rows, rowAsArray: true };
}

function beginning(headers: IncomingMessage['headers']): string {
  const level = ISOLATION.get(String(headers['neon-batch-isolation-level']));
  const readOnly = headers['neon-batch-read-only'] === 'true' ? ' READ ONLY' : '';
  const deferrable = headers['neon-batch-deferrable'] === 'true' ? ' DEFERRABLE' : '';
  return `BEGIN${level === undefined ? '' : ` ISOLATION LEVEL ${level}`}${readOnly}${deferrable}`;
}

async function together(client: Client, statements: readonly Statement[], begin: string): Promise<Json> {
  await client.query(begin);
  const results: Json[] = [];
  for (const statement of statements) results.push(await ask(client, statement));
  await client.query('COMMIT');
  return { results };
}

/** The client's own login; the address in it is this endpoint's already. */
async function loggedIn(text: string, port: number, work: (client: Client) => Promise<Json>): Promise<Json> {
  const { default: pg } = await import('pg');
  const url = new URL(text);
  const [user, password, database] = [url.username, url.password, url.pathname.slice(1)].map(decodeURIComponent);
  const client = new pg.Client({ host: '127.0.0.1', port, user, password, database });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** What `@neondatabase/serverless` speaks instead of TCP: SQL over HTTP at `/sql`, and a WebSocket around PostgreSQL's protocol at `/v2`. */
export class Serverless {
  readonly #http: Server;
  readonly #ports = new WeakMap<object, number>();

  constructor() {
    this.#http = createServer((request, response) => void this.#answer(request, response));
    this.#http.on('upgrade', (request, guest, head: Buffer) => {
      const server = connect(this.#ports.get(request.socket) ?? 0, '127.0.0.1');
      server.on('error', () => guest.destroy());
      guest.on('error', () => server.destroy());
      guest.on('close', () => server.destroy());
      tunnel(request, guest, head, server);
    });
  }

  /** Serves a connection that began with HTTP, for the server on `port`. */
  take(guest: Socket, port: number): void {
    this.#ports.set(guest, port);
    this.#http.emit('connection', guest);
    guest.resume();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const send = (status: number, body: Json): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const login = request.headers['neon-connection-string'];
    if (request.method !== 'POST' || request.url !== '/sql' || typeof login !== 'string')
      return send(404, { message: 'POST /sql with a Neon-Connection-String, or a WebSocket at /v2' });
    try {
      const body = await bodyOf(request);
      const { queries } = body;
      const work = (client: Client): Promise<Json> =>
        Array.isArray(queries) ? together(client, queries.map(statementOf), beginning(request.headers)) : ask(client, statementOf(body));
      send(200, await loggedIn(login, this.#ports.get(request.socket) ?? 0, work));
    } catch (error) {
      const told = Object.entries(error instanceof Error ? error : {}).filter(([name]) => (TOLD as readonly string[]).includes(name));
      send(400, { message: error instanceof Error ? error.message : 'unknown', ...Object.fromEntries(told) });
    }
  }
}
