import type { ServerResponse } from 'node:http';
import type { Reply } from './cloud.ts';
import type { Fault } from './faults.ts';

function payload(reply: Reply): { text: string; type: string | undefined } {
  if (reply.text !== undefined) return { text: reply.text, type: undefined };
  if (reply.body !== undefined) return { text: JSON.stringify(reply.body), type: 'application/json; charset=utf-8' };
  return { text: '', type: undefined };
}

export function send(response: ServerResponse, reply: Reply, cut = false): void {
  if (reply.events !== undefined) return stream(response, reply.events, reply.headers);
  const { text, type } = payload(reply);
  const bytes = Buffer.from(text);
  const bare = reply.status === 204 || reply.status === 304;
  response.writeHead(reply.status, {
    ...(type === undefined ? {} : { 'content-type': type }),
    ...(bare ? {} : { 'content-length': String(bytes.length) }),
    ...reply.headers,
  });
  if (cut) response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy());
  else response.end(bare ? undefined : bytes);
}

function stream(response: ServerResponse, events: NonNullable<Reply['events']>, headers: Reply['headers']): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', ...headers });
  const end = events((payload) => void response.write(`data: ${JSON.stringify(payload)}\n\n`));
  response.on('close', end);
}

const HTML = '<!doctype html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>';

/** Google's word for a status. */
const STATUS: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

function refusal(cloud: string, status: number): unknown {
  if (cloud === 'github')
    return { message: 'Injected by the sandbox', documentation_url: 'https://docs.github.com/rest', status: String(status) };
  if (cloud === 'neon') return { request_id: 'sandbox', code: '', message: 'Injected by the sandbox' };
  if (cloud === 'doppler') return { messages: ['Injected by the sandbox'], success: false };
  if (cloud === 'google') return { error: { code: status, message: 'Injected by the sandbox', status: STATUS[status] ?? 'UNKNOWN' } };
  return { success: false, errors: [{ code: 10_000 + status, message: 'Injected by the sandbox' }], messages: [], result: null };
}

/** The answer that takes the cloud's place, for the kinds of fault that have one. */
export function substitute(fault: Fault, cloud: string): Reply | undefined {
  const headers = { ...(fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) }), ...fault.headers };
  if (fault.kind === 'html') {
    const text = typeof fault.body === 'string' ? fault.body : HTML;
    return { status: fault.status ?? 502, headers: { 'content-type': 'text/html; charset=utf-8', ...headers }, text };
  }
  if (fault.kind === 'redirect')
    return { status: fault.status ?? 302, headers: { location: 'https://example.invalid/', ...headers }, text: '' };
  if (!fault.kind.startsWith('status')) return undefined;
  const status = fault.status ?? 500;
  if (typeof fault.body === 'string') return { status, headers, text: fault.body };
  return { status, headers, body: fault.body === undefined ? refusal(cloud, status) : fault.body };
}
