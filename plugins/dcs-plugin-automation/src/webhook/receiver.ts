import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { BODY_LIMIT, isSignature, parseEvent, verifySignature, type WebhookEvent } from 'dcs-runtime/webhook';
import type { Queue } from '../queue/queue.ts';
import { placeOf, type Allowed } from './allowed.ts';
import type { Keys } from './keys.ts';
import type { LogLine } from './log.ts';
import type { Metrics } from './metrics.ts';

export interface ReceiverOptions {
  /** As they are now. */
  readonly keys: () => Keys;
  readonly allowed: ReadonlyMap<string, Allowed>;
  readonly queue: Pick<Queue, 'add' | 'counts'>;
  readonly metrics: Metrics;
  readonly log: LogLine;
  /** False: it is about to end. */
  readonly ready: () => boolean;
  readonly limits?: Limits;
}

/** Milliseconds, and connections at once. */
export interface Limits {
  readonly headers: number;
  readonly request: number;
  readonly idle: number;
  readonly connections: number;
}

export const LIMITS: Limits = { headers: 5000, request: 10_000, idle: 5000, connections: 512 };
const PATH = '/webhook';
/** Whoever sends too much may read the answer for so long before the connection is cut, ms. */
const LINGER = 500;

/** Doppler's webhook, /health, /ready and /metrics. A status says everything it says; it does not listen yet. */
export function createReceiver(options: ReceiverOptions): Server {
  const { limits = LIMITS, metrics, log } = options;
  const server = createServer(
    {
      headersTimeout: limits.headers,
      requestTimeout: limits.request,
      keepAliveTimeout: limits.idle,
      connectionsCheckingInterval: Math.min(limits.headers, 1000),
      maxHeaderSize: 8192,
    },
    (request, response) => {
      void respond(options, request, response).catch((error: unknown) => {
        log('bug', { name: error instanceof Error ? error.name : 'unknown' });
        metrics.count('requests', 500);
        finish(response, 500);
      });
    },
  );
  server.maxConnections = limits.connections;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable) return void socket.destroy();
    const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
    metrics.count('requests', status);
    cut(socket, status);
  });
  return server;
}

async function respond(options: ReceiverOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url!.split('?', 1)[0]!;
  if (path !== PATH) return observe(options, path, request, response);
  const status = await receive(options, request);
  options.metrics.count('requests', status);
  if (status === 413) return linger(request, response);
  finish(response, status);
}

/** The status to answer. */
async function receive({ keys, allowed, queue, metrics, log }: ReceiverOptions, request: IncomingMessage): Promise<number> {
  const { headers, method } = request;
  if (method !== 'POST') return 405;
  if (Number(headers['content-length']) > BODY_LIMIT) return 413;
  const signature = String(headers['x-doppler-signature']);
  if (!isSignature(signature)) return 401;
  const body = await bodyOf(request);
  if (body === 'too much') return 413;
  if (
    !(await verifySignature(
      body,
      signature,
      keys().map((key) => key.reveal()),
    ))
  )
    return 401;
  if (!/^application\/json\s*(;|$)/i.test(String(headers['content-type'])) || headers['content-encoding'] !== undefined) return 415;
  const event = eventIn(body);
  if (event === 'malformed') return 400;
  const found = event && allowed.get(placeOf(event.project, event.config));
  if (found === undefined) {
    metrics.count('events', 'ignored');
    log('ignored', event && { project: event.project, config: event.config });
    return 202;
  }
  return enqueue({ queue, metrics, log }, found.environment);
}

async function enqueue({ queue, metrics, log }: Pick<ReceiverOptions, 'queue' | 'metrics' | 'log'>, environment: string): Promise<number> {
  try {
    const result = await queue.add(environment);
    metrics.count('events', result);
    if (result === 'queued') log('queued', { environment });
    return 202;
  } catch (error) {
    // Not accepted: Doppler tries again.
    log('queue', { environment, code: (error as { code?: string }).code ?? 'unknown' });
    return 503;
  }
}

function eventIn(body: Uint8Array): WebhookEvent | undefined | 'malformed' {
  try {
    return parseEvent(body);
  } catch (error) {
    // SyntaxError: no JSON or no event; TypeError: no UTF-8.
    if (error instanceof SyntaxError || error instanceof TypeError) return 'malformed';
    throw error;
  }
}

/** Never, where whoever asked is gone or was cut off: nobody waits for an answer. */
function bodyOf(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer> | 'too much'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > BODY_LIMIT) resolve('too much');
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(new Uint8Array(Buffer.concat(chunks))));
  });
}

async function observe(
  { queue, metrics, ready }: ReceiverOptions,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (path !== '/health' && path !== '/ready' && path !== '/metrics') {
    metrics.count('requests', 404);
    return finish(response, 404);
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return finish(response, 405, 'GET');
  if (path === '/health') return finish(response, 200);
  const counts = ready() ? await queue.counts().catch(() => undefined) : undefined;
  if (counts === undefined) return finish(response, 503);
  if (path === '/ready') return finish(response, 200);
  const text = metrics.text(counts);
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text);
}

function finish(response: ServerResponse, status: number, allow = 'POST'): void {
  response.writeHead(status, { 'content-length': 0, 'cache-control': 'no-store', ...(status === 405 ? { allow } : {}) }).end();
}

/** A connection that is cut while it sends would lose the answer with what was not read. */
function linger(request: IncomingMessage, response: ServerResponse): void {
  // Ended, it would be cut at once.
  response.writeHead(413, { 'content-length': 0, connection: 'close' }).flushHeaders();
  request.resume();
  setTimeout(() => request.socket.destroy(), LINGER).unref();
}

const REASONS = new Map([
  [408, 'Request Timeout'],
  [431, 'Request Header Fields Too Large'],
  [400, 'Bad Request'],
]);

function cut(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${REASONS.get(status)}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`, () => socket.destroy());
}
