import { DcsError, type Context, type Credential, type ErrorDetails, type HttpAnswer, type HttpRequest } from 'dcs-sdk';
import { findCredential } from './auth.ts';

/** What a call is about, for messages: `Worker 'shop-api' in account '7f3a...'`. */
export interface Call extends HttpRequest {
  readonly subject: string;
}
export interface Result {
  readonly result: unknown;
  readonly info: { readonly per_page?: number; readonly total_count?: number };
}
/** One call of the API: signed, its envelope checked, every refusal a DcsError. */
export type Api = (call: Call) => Promise<Result>;

interface Envelope {
  success?: unknown;
  errors?: { code?: unknown }[];
  code?: unknown;
  result?: unknown;
  result_info?: Result['info'] | null;
}

export const defaultEndpoint = 'https://api.cloudflare.com/client/v4';

// https://developers.cloudflare.com/api/ and wrangler's own list, last verified 2026-11-21.
const AUTH_CODES = new Set([10000, 10001, 9106, 9109, 6003, 6111]);
export const NO_WORKER = new Set([10007, 10090]);
export const NO_PAGES_PROJECT = 8000007;
/** The newest version of the Worker is not the deployed one. */
export const NOT_DEPLOYED = new Set([10214, 10215]);

export function createApi(context: Context, given?: Credential): Api {
  let found: Promise<Credential> | undefined;
  const credential = (): Promise<Credential> => (found ??= given ? Promise.resolve(given) : mustFind(context));
  return async ({ subject, ...request }) => {
    const signed = await credential();
    const headers = { ...request.headers, authorization: `Bearer ${signed.token}` };
    return open(await context.http.request({ ...request, headers }), request, subject, signed);
  };
}

async function mustFind(context: Context): Promise<Credential> {
  const credential = await findCredential(context);
  if (credential) return credential;
  throw new DcsError('AUTH', 'There is no Cloudflare credential.', {
    why: 'CLOUDFLARE_API_TOKEN is not set, dcs keeps no token, and no wrangler on the PATH is signed in. Nothing was written.',
    hint: ['dcs login cloudflare', 'npx wrangler login, then npx dcs ...     with the wrangler of the project'],
  });
}

function open(answer: HttpAnswer, request: HttpRequest, subject: string, credential: Credential): Result {
  const body = (typeof answer.body === 'object' && answer.body !== null ? answer.body : {}) as Envelope;
  // A delete may answer 204, or 205, with nothing in it.
  if (answer.body === undefined && answer.status < 300 && request.method === 'DELETE') return { result: null, info: {} };
  if (answer.status < 400 && body.success === true) return { result: body.result, info: body.result_info ?? {} };
  if (answer.status < 400 && body.success !== false) throw unexpected(subject, answer, request.method);
  throw refusal(answer, body, request, subject, credential);
}

function ray({ headers }: HttpAnswer): ErrorDetails {
  const id = headers.get('cf-ray');
  return id === null ? {} : { ref: `ray ${id}` };
}

function unexpected(subject: string, answer: HttpAnswer, method: string): DcsError {
  const applied = method === 'GET' ? 'no' : 'unknown';
  return new DcsError('TARGET', `Cloudflare answered something undocumented about ${subject}.`, {
    ...ray(answer),
    status: answer.status,
    applied,
  });
}

/** Upstream messages are never quoted: they can echo what was sent. */
function refusal(answer: HttpAnswer, body: Envelope, { method }: HttpRequest, subject: string, credential: Credential): DcsError {
  const { status } = answer;
  const raw = body.errors?.[0]?.code ?? body.code;
  const code = typeof raw === 'number' ? raw : undefined;
  const applied = status >= 500 && method !== 'GET' ? 'unknown' : 'no';
  const details = { ...ray(answer), status, applied, ...(code === undefined ? {} : { vendorCode: code }) } as const;
  const said = `(${status}${code === undefined ? '' : `, code ${code}`})`;
  if (status === 401 || status === 403 || (code !== undefined && AUTH_CODES.has(code)))
    return denied(status, said, subject, credential, details);
  if ((code !== undefined && NO_WORKER.has(code)) || code === NO_PAGES_PROJECT)
    return new DcsError('TARGET', `There is no ${subject}.`, {
      ...details,
      why: 'It was never deployed, or its name or account_id in dcs.yaml is wrong. Nothing was written.',
      hint: code === NO_PAGES_PROJECT ? 'dcs provision cloudflare' : ['wrangler deploy', 'dcs provision cloudflare --create'],
    });
  return new DcsError('TARGET', `Cloudflare refused a request about ${subject} ${said}.`, details);
}

function denied(status: number, said: string, subject: string, credential: Credential, details: ErrorDetails): DcsError {
  const wins = credential.beats.length === 0 ? '' : `, which wins over ${credential.beats.join(' and ')}`;
  const why = status === 403 ? `It has no right to ${subject}.` : 'It is revoked, expired or mistyped.';
  const fromEnv = credential.from === 'CLOUDFLARE_API_TOKEN' && credential.beats.length > 0;
  return new DcsError('AUTH', `Cloudflare refused the token ${said} for ${subject}.`, {
    ...details,
    why: `It comes from ${credential.from}${wins}. ${why} Nothing was written.`,
    hint: [...(fromEnv ? [`unset CLOUDFLARE_API_TOKEN   use ${credential.beats[0]}`] : []), 'dcs login cloudflare'],
  });
}

/** An answer of another shape is never taken for an empty one. */
export function wrongShape(subject: string): DcsError {
  return new DcsError('TARGET', `Cloudflare answered something undocumented about ${subject}.`);
}

export function asRecord(value: unknown, subject: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw wrongShape(subject);
}

export function asRecords(value: unknown, subject: string): Record<string, unknown>[] {
  if (!Array.isArray(value)) throw wrongShape(subject);
  return value.map((item) => asRecord(item, subject));
}

export function asText(value: unknown, subject: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw wrongShape(subject);
}

const MOST_PAGES = 500;

/** Every page. A list that is not paged is one page; one that does not end is no list. */
export async function pages(api: Api, call: Call, perPage = 100): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = [];
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const { result, info } = await api({ ...call, query: { ...call.query, page, per_page: perPage } });
    const items = asRecords(result, call.subject);
    all.push(...items);
    // The server may give fewer a page than asked for.
    const last = info.per_page === undefined || items.length < info.per_page;
    const done = info.total_count === undefined ? last : all.length >= info.total_count;
    if (done || items.length === 0) return all;
  }
  throw wrongShape(call.subject);
}
