import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DcsError, type Secret } from 'dcs-sdk';

export interface LocalServer {
  /** `http://127.0.0.1:41234` */
  readonly url: string;
  /** What is served from now on; whoever listens hears of it. */
  update(secrets: ReadonlyMap<string, Secret>): void;
  close(): void;
}

const DOWNLOAD = '/v3/configs/config/secrets/download';
const WATCH = '/v3/configs/config/secrets/watch';
const PING_MS = 30_000;

/**
 * Doppler's download route and its watch, for programs on this machine that know the token: an app reloads its secrets in
 * development without a Doppler token. Listens on 127.0.0.1 only; answers no browser page. Throws CONFIG when the port is taken.
 */
export async function serveLocally(token: string, port: number, first: ReadonlyMap<string, Secret>): Promise<LocalServer> {
  let body = bodyOf(first);
  const listeners = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const refusal = refusalOf(request, token);
    if (refusal !== undefined) return answer(response, refusal, { messages: [REFUSALS.get(refusal)], success: false });
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (pathname === WATCH) return listen(response, listeners);
    if (pathname !== DOWNLOAD || (searchParams.get('format') ?? 'json') !== 'json')
      return answer(response, 404, { messages: [`only ${DOWNLOAD}?format=json and ${WATCH}`], success: false });
    const etag = `"${createHash('sha256').update(body).digest('hex')}"`;
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304, { etag }).end();
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store', etag }).end(body);
  });
  await listening(server, port);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    update(secrets) {
      body = bodyOf(secrets);
      for (const response of listeners) emit(response, 'secrets.update');
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

// As own keys: `__proto__` is a legal name.
const bodyOf = (secrets: ReadonlyMap<string, Secret>): string =>
  JSON.stringify(Object.fromEntries([...secrets].map(([name, secret]) => [name, secret.reveal()])));

const REFUSALS = new Map([
  [401, 'Invalid Auth token'],
  [403, 'This server answers programs on this machine only'],
  [405, 'Only GET'],
]);

function refusalOf({ headers, method }: IncomingMessage, token: string): number | undefined {
  // A page that a browser loads from elsewhere, or under a name that was made to point here.
  if (headers.origin !== undefined || !/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? '')) return 403;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`))) return 401;
  return method === 'GET' ? undefined : 405;
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function listen(response: ServerResponse, listeners: Set<ServerResponse>): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  emit(response, 'connected');
  listeners.add(response);
  const ping = setInterval(() => emit(response, 'ping'), PING_MS);
  response.on('close', () => {
    clearInterval(ping);
    listeners.delete(response);
  });
}

const emit = (response: ServerResponse, type: string): void => void response.write(`data: ${JSON.stringify({ type })}\n\n`);

async function listening(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DcsError('CONFIG', `Port ${port} of 127.0.0.1 cannot be used (${code ?? 'unknown reason'}).`, {
      hint: 'another --port, or none',
    });
  }
}
