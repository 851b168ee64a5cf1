import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const TOKEN = 'a-token';
export const BOX = 'shop';
const PAGE = 50;

export type Trouble = 'unauthorized' | 'rate-limit' | 'error' | 'reset-after-commit' | 'truncate' | 'endless-paging';
interface Item {
  id: string;
  value: string;
  version: string;
  mark: unknown;
}
interface Reply {
  readonly status: number;
  readonly body?: unknown;
}

/** The cloud of this plugin on 127.0.0.1: real HTTP, its data in memory. */
export interface Cloud {
  readonly url: string;
  readonly items: Map<string, Item>;
  trouble: Trouble | undefined;
  requests: number;
  /** A write past the API. */
  put(name: string, value: string, mark?: unknown): Item;
  close(): Promise<void>;
}

export async function startCloud(): Promise<Cloud> {
  const items = new Map<string, Item>();
  let last = 0;
  const server = createServer((request, response) => void serve(cloud, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cloud: Cloud = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    items,
    trouble: undefined,
    requests: 0,
    put(name, value, mark) {
      const old = items.get(name);
      last += 1;
      const item = { id: old?.id ?? `s${last}`, value, version: `v${last}`, mark: mark ?? old?.mark ?? null };
      items.set(name, item);
      return item;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return cloud;
}

async function serve(cloud: Cloud, request: IncomingMessage, response: ServerResponse): Promise<void> {
  cloud.requests += 1;
  const sent = (await request.toArray()).join('');
  const { trouble } = cloud;
  // A careless server repeats what it was sent; the plugin must not.
  if (trouble === 'rate-limit') return send(response, { status: 429, body: { error: sent } });
  if (trouble === 'error') return send(response, { status: 500, body: { error: sent } });
  if (trouble === 'unauthorized' || request.headers.authorization !== `Bearer ${TOKEN}`)
    return send(response, { status: 401, body: { error: sent } });
  const reply = answer(cloud, request, sent);
  if (trouble === 'reset-after-commit') return void request.socket.destroy();
  if (trouble === 'truncate') return truncate(response, reply);
  send(response, reply);
}

function answer(cloud: Cloud, { method = '', url = '' }: IncomingMessage, sent: string): Reply {
  const { pathname, searchParams } = new URL(url, cloud.url);
  const [, , , box, , name] = pathname.split('/').map(decodeURIComponent);
  if (box !== BOX) return { status: 404, body: { error: 'no such box' } };
  if (pathname === `/v1/boxes/${BOX}`) return { status: 200, body: { id: 'box-1', title: BOX } };
  if (name === undefined) return { status: 200, body: page(cloud, Number(searchParams.get('page') ?? 1)) };
  if (method === 'DELETE') return cloud.items.delete(name) ? { status: 204 } : { status: 404, body: { error: 'no such secret' } };
  const { value, mark } = JSON.parse(sent) as { value: string; mark?: unknown };
  const { id, version } = cloud.put(name, value, mark);
  return { status: 200, body: { id, version } };
}

function page({ items, trouble }: Cloud, number: number): unknown {
  const all = [...items].map(([name, item]) => ({ name, ...item }));
  const more = number * PAGE < all.length || trouble === 'endless-paging';
  return { secrets: all.slice((number - 1) * PAGE, number * PAGE), next: more ? number + 1 : null };
}

function send(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json', ...(status === 429 ? { 'retry-after': '0' } : {}) });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

function truncate(response: ServerResponse, { status, body }: Reply): void {
  const text = JSON.stringify(body ?? {});
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length });
  response.write(text.slice(0, Math.floor(text.length / 2)), () => response.destroy());
}
