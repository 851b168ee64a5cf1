import { createHttp, DcsError, type Context, type ErrorDetails, type HttpAnswer, type HttpRequest } from 'dcs-sdk';
import { mustFind, type GoogleCredential } from './auth.ts';
import { endpointOf, refuseMixedApis, type GoogleApi } from './endpoints.ts';

/** What a call is about, for messages: `secret 'STRIPE_KEY' of project 'shop-4f2a1'`. */
export interface Call extends HttpRequest {
  readonly subject: string;
}
export type Json = Readonly<Record<string, unknown>>;
/** One call of an API: signed, every refusal a DcsError whose `vendorCode` is Google's status word. */
export type Api = (call: Call) => Promise<Json>;
/** All of Google's APIs with one credential. */
export type Google = (api: GoogleApi, location?: string) => Api;

/** `context` is bound to the global Secret Manager; the other APIs get a client of their own, each for its own origin. Tests hand in how it is made. */
export function openGoogle(context: Context, given?: GoogleCredential, make = createHttp): Google {
  let found: Promise<GoogleCredential> | undefined;
  const credential = (): Promise<GoogleCredential> => (found ??= given ? Promise.resolve(given) : mustFind(context));
  return (api, location) => {
    refuseMixedApis(api, context.env);
    const base = endpointOf(api, context.env, location);
    const bound = api === 'secretmanager' && base === endpointOf(api, context.env);
    const { signal, log } = context;
    const http = bound ? context.http : make({ base, name: 'Google', signal, log });
    return async ({ subject, ...request }) => {
      const signed = await credential();
      const quota = signed.quotaProject === undefined ? {} : { 'x-goog-user-project': signed.quotaProject };
      const headers = { ...request.headers, ...quota, authorization: `Bearer ${signed.token}` };
      return open(await http.request({ ...request, headers }), request, subject, signed);
    };
  };
}

function open({ status, body }: HttpAnswer, request: HttpRequest, subject: string, credential: GoogleCredential): Json {
  if (status >= 400) throw refusal(status, body, subject, credential, request.method);
  if (isJson(body)) return body;
  if (request.reads === 'text' && typeof body === 'string') return { text: body };
  throw new DcsError('TARGET', wrongShape(subject).message, { status, applied: request.method === 'GET' ? 'no' : 'unknown' });
}

/** What a refusal says in machine's words: https://cloud.google.com/apis/design/errors, last verified 2026-11-21. Its sentences are never quoted. */
export function refusal(
  status: number,
  body: unknown,
  subject: string,
  credential: Pick<GoogleCredential, 'from' | 'beats'>,
  method: HttpRequest['method'] = 'GET',
): DcsError {
  const error = isJson(body) && isJson(body['error']) ? body['error'] : {};
  const word = typeof error['status'] === 'string' && /^[A-Z_]{3,30}$/.test(error['status']) ? error['status'] : undefined;
  const info = (Array.isArray(error['details']) ? error['details'] : []).filter(isJson).find((each) => 'reason' in each) ?? {};
  const applied = status >= 500 && method !== 'GET' ? 'unknown' : 'no';
  const details: ErrorDetails = { status, applied, ...(word === undefined ? {} : { vendorCode: word }) };
  if (info['reason'] === 'SERVICE_DISABLED') return disabled(info, subject, details);
  if (status === 401 || status === 403) return denied(status, info, subject, credential, details);
  if (status === 404) return new DcsError('TARGET', `There is no ${subject}.`, details);
  if (status === 409 || status === 412 || word === 'ABORTED')
    return new DcsError('CONFLICT', `Somebody else made or changed ${subject} meanwhile.`, details);
  return new DcsError('TARGET', `Google refused a request about ${subject} (${status}${word === undefined ? '' : `, ${word}`}).`, details);
}

const known = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[A-Za-z][\w.-]{2,80}$/.test(value) ? value : undefined;

function disabled(info: Json, subject: string, details: ErrorDetails): DcsError {
  const api = known(isJson(info['metadata']) ? info['metadata']['service'] : undefined) ?? 'the API';
  return new DcsError('TARGET', `${api} is not enabled for ${subject}.`, {
    ...details,
    vendorCode: 'SERVICE_DISABLED',
    why: 'It was never enabled, or a minute ago. Nothing was written.',
    hint: [
      'dcs provision gcp',
      `gcloud services enable ${api}`,
      'gcloud auth application-default set-quota-project ID     if it is enabled, and you signed in yourself',
    ],
  });
}

function denied(
  status: number,
  info: Json,
  subject: string,
  { from, beats }: Pick<GoogleCredential, 'from' | 'beats'>,
  details: ErrorDetails,
): DcsError {
  const permission = known(isJson(info['metadata']) ? info['metadata']['permission'] : undefined);
  const wins = beats.length === 0 ? '' : `, which wins over ${beats.join(' and ')}`;
  const right = permission === undefined ? `no right to ${subject}` : `no ${permission} on ${subject}`;
  const why = status === 403 ? `It has ${right}, or there is no such thing.` : 'It is expired (they last an hour), revoked or mistyped.';
  return new DcsError('AUTH', `Google refused the credential (${status}).`, {
    ...details,
    why: `It comes from ${from}${wins}. ${why} Nothing was written.`,
    hint: status === 403 ? 'dcs provision gcp     prints the roles that dcs needs' : 'dcs login google',
  });
}

export const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** An answer of another shape is never taken for an empty one. */
export function wrongShape(subject: string): DcsError {
  return new DcsError('TARGET', `Google answered something undocumented about ${subject}.`);
}

export function asJson(value: unknown, subject: string): Json {
  if (isJson(value)) return value;
  throw wrongShape(subject);
}

export function asText(value: unknown, subject: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw wrongShape(subject);
}

/** A list that may be absent where it is empty. */
export function asList(value: unknown, subject: string): Json[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw wrongShape(subject);
  return value.map((item) => asJson(item, subject));
}

const MOST_PAGES = 500;

/** Every page; a list that does not end is no list. */
export async function pages(api: Api, call: Call, field: string): Promise<Json[]> {
  const all: Json[] = [];
  let pageToken: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await api({ ...call, query: { ...call.query, pageToken } });
    all.push(...asList(answer[field], call.subject));
    const next = answer['nextPageToken'];
    if (next === undefined || next === '') return all;
    pageToken = asText(next, call.subject);
  }
  throw wrongShape(call.subject);
}
