import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { cloudflare } from '../cloudflare/cloud.ts';
import { doppler } from '../doppler/cloud.ts';
import { github } from '../github/cloud.ts';
import { google } from '../google/cloud.ts';
import { inbox } from '../inbox/inbox.ts';
import { mail } from '../inbox/mail.ts';
import { pagerduty } from '../inbox/pagerduty.ts';
import { slack } from '../inbox/slack.ts';
import { neon } from '../neon/cloud.ts';
import type { Call, Cloud, Reply } from './cloud.ts';
import { control, type Panel } from './control.ts';
import { Faults } from './faults.ts';
import { type Entry, Journal, namesIn } from './journal.ts';
import { match } from './match.ts';
import { send, substitute } from './send.ts';
import { Store } from './store.ts';

export interface Sandbox {
  origin: string;
  /** What makes vendors' clients and dcs talk to this sandbox. */
  env: Record<string, string>;
  journal: { entries(): readonly Entry[]; clear(): void };
  close(): Promise<void>;
}

export interface SandboxOptions {
  /** Where to remember; without it nothing outlives the process. */
  folder?: string;
  /** 0, the default: any free one. */
  port?: number;
  clouds?: readonly Cloud[];
}

async function readCall(request: IncomingMessage, url: URL): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const raw = Buffer.concat(chunks);
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    params: {},
    query: url.searchParams,
    headers: request.headers,
    body: parsed(raw),
    raw,
  };
}

function parsed(raw: Buffer): unknown {
  if (raw.length === 0) return undefined;
  try {
    return JSON.parse(raw.toString('utf8')) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

interface Inside {
  clouds: readonly Cloud[];
  panel: Panel;
  save(): void;
}

/** What a browser page on another site would send: this server answers programs on this machine only. */
function foreign(request: IncomingMessage): boolean {
  const { host = '', origin } = request.headers;
  return origin !== undefined || !/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host);
}

async function serve(inside: Inside, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { clouds, panel } = inside;
  if (foreign(request)) return send(response, { status: 403, text: 'The sandbox answers local programs only.\n' });
  const call = await readCall(request, new URL(request.url ?? '/', 'http://127.0.0.1'));
  const own = control(panel, call.method, call.path, call.body);
  if (own !== undefined) return send(response, own);
  const found = match(clouds, call.method, call.path);
  if (found === undefined) return send(response, { status: 404, text: 'no such cloud\n' });
  const { cloud, route } = found;
  call.params = found.params;
  if (call.path.startsWith('/_sandbox/')) {
    const reply = route === undefined ? { status: 404, body: { success: false } } : await route.answer(call);
    if (call.method !== 'GET') inside.save();
    return send(response, reply);
  }
  await withFaults(inside, call, cloud, response, () => (route === undefined ? cloud.notFound(call) : route.answer(call)));
}

async function withFaults(
  inside: Inside,
  call: Call,
  cloud: Cloud,
  response: ServerResponse,
  answer: () => Reply | Promise<Reply>,
): Promise<void> {
  const { panel } = inside;
  const fault = panel.faults.due(cloud.name, call.method, call.path);
  const names = [...namesIn(call.body), ...call.query.getAll('secretId')];
  const note = (status: number): void =>
    panel.journal.add({
      cloud: cloud.name,
      method: call.method,
      path: call.path,
      status,
      ...(fault === undefined ? {} : { fault: fault.kind }),
      ...(names.length === 0 ? {} : { names }),
    });
  if (panel.delay > 0) await sleep(panel.delay);
  if (fault?.ms !== undefined) await sleep(fault.ms);
  if (fault?.kind === 'reset') {
    note(0);
    response.destroy();
    return;
  }
  if (fault?.kind === 'status-after-commit') await answer();
  const reply = (fault === undefined ? undefined : substitute(fault, cloud.name)) ?? (await answer());
  if (call.method !== 'GET') inside.save();
  note(reply.status);
  if (fault?.kind === 'reset-after-commit') response.destroy();
  else send(response, reply, fault?.kind === 'truncate');
}

function fresh(clouds: readonly Cloud[]): () => void {
  const blank = clouds.map((cloud) => JSON.stringify(cloud.state()));
  return () => {
    for (const [index, cloud] of clouds.entries()) {
      cloud.restore(JSON.parse(blank[index] ?? 'null'));
      cloud.seed();
    }
  };
}

/** One server on 127.0.0.1 for all clouds, with fault switches under `/_sandbox`. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const clouds = options.clouds ?? [
    doppler(),
    cloudflare(),
    google(),
    neon(options.folder),
    github(),
    slack(),
    pagerduty(),
    inbox(),
    mail(),
  ];
  const store = options.folder === undefined ? undefined : new Store(options.folder, clouds);
  const again = fresh(clouds);
  const save = (): void => store?.save();
  const known = store?.restore() ?? new Set<string>();
  for (const cloud of clouds) if (!known.has(cloud.name)) cloud.seed();
  save();
  const journal = new Journal();
  const panel: Panel = {
    faults: new Faults(),
    journal,
    clouds: clouds.map((cloud) => cloud.name),
    delay: 0,
    env: () => Object.assign({}, ...clouds.map((cloud) => cloud.env(origin))) as Record<string, string>,
    reset() {
      panel.faults.clear();
      panel.delay = 0;
      journal.clear();
      again();
      save();
    },
  };
  for (const cloud of clouds) await cloud.open?.(save, panel);
  const server = createServer((request, response) => {
    serve({ clouds, panel, save }, request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) response.destroy();
      else send(response, { status: 500, text: `The sandbox itself failed: ${error instanceof Error ? error.stack : 'unknown'}\n` });
    });
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(options.port ?? 0, '127.0.0.1', resolve);
  await promise;
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, env: panel.env(), journal, close: () => ended(server, clouds) };
}

async function ended(server: ReturnType<typeof createServer>, clouds: readonly Cloud[]): Promise<void> {
  await closed(server);
  for (const cloud of clouds) await cloud.close?.();
}

function closed(server: ReturnType<typeof createServer>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.close((error) => (error === undefined ? resolve() : reject(error)));
  server.closeAllConnections();
  return promise;
}
