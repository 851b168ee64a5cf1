import { type Call, type Reply, type Route } from '../server/cloud.ts';
import { segments } from '../server/match.ts';

const REASONS: ReadonlyMap<number, string> = new Map([
  [200, 'OK'],
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [429, 'Too Many Requests'],
]);

/** `POST /<api>/batch`: many calls in one multipart/mixed request, each answered in a part of its own. https://cloud.google.com/storage/docs/batch, last verified 2026-11-21. */
export function batchRoute(api: string, routes: readonly Route[]): Route {
  return { method: 'POST', path: `/${api}/batch`, answer: (call) => batch(api, routes, call) };
}

async function batch(api: string, routes: readonly Route[], call: Call): Promise<Reply> {
  const [, boundary] = /^multipart\/mixed;\s*boundary="?([^";]+)"?/i.exec(call.headers['content-type'] ?? '') ?? [];
  if (boundary === undefined)
    return { status: 400, body: { error: { code: 400, message: 'Missing boundary.', status: 'INVALID_ARGUMENT' } } };
  const parts = call.raw.toString('utf8').split(`--${boundary}`).slice(1, -1);
  if (parts.length > 1000) return { status: 400, body: { error: { code: 400, message: 'Too many calls.', status: 'INVALID_ARGUMENT' } } };
  const answers = await Promise.all(parts.map((part) => answerTo(api, routes, call, part)));
  const text = `${answers.map((answer) => `--batch_sandbox\r\n${answer}\r\n`).join('')}--batch_sandbox--\r\n`;
  return { status: 200, headers: { 'content-type': 'multipart/mixed; boundary=batch_sandbox' }, text };
}

async function answerTo(api: string, routes: readonly Route[], outer: Call, part: string): Promise<string> {
  const id = /^content-id:\s*<?([^>\r\n]+)>?/im.exec(part)?.[1] ?? '';
  const [, method = '', target = ''] = /^([A-Z]+) (\S+)/m.exec(part.slice(part.indexOf('\r\n\r\n'))) ?? [];
  const url = new URL(target, 'http://127.0.0.1');
  const path = `/${api}${url.pathname}`;
  const found = routes
    .filter((route) => route.method === method && route.bare !== true)
    .map((route) => ({ route, params: segments(route.path, path) }))
    .filter(({ params }) => params !== undefined)
    .toSorted((a, b) => Number(b.route.path.includes(':access')) - Number(a.route.path.includes(':access')))[0];
  const inner: Call = {
    ...outer,
    method,
    path,
    params: found?.params ?? {},
    query: url.searchParams,
    body: undefined,
    raw: Buffer.alloc(0),
  };
  const reply: Reply =
    found === undefined ? { status: 404, body: { error: { code: 404, status: 'NOT_FOUND' } } } : await found.route.answer(inner);
  const head = `Content-Type: application/http\r\nContent-ID: <response-${id}>\r\n\r\n`;
  return `${head}HTTP/1.1 ${reply.status} ${REASONS.get(reply.status) ?? ''}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(reply.body ?? {})}`;
}
