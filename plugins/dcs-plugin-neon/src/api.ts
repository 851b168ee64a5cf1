import { setTimeout as wait } from 'node:timers/promises';
import { DcsError, type Context, type Credential, type ErrorDetails, type HttpAnswer, type HttpRequest } from 'dcs-sdk';
import { findCredential } from './auth.ts';

/** What a call is about, for messages: `branch dev of project royal-sun-12`. */
export interface Call extends HttpRequest {
  readonly subject: string;
}
export type Fields = Readonly<Record<string, unknown>>;
/** One call of the API: signed, retried while the project is locked, every refusal a DcsError. A 204 is an empty object. */
export type Api = (call: Call) => Promise<Fields>;

export const defaultEndpoint = 'https://console.neon.tech/api/v2';
export const endpointOf = (env: Context['env']): string => env['NEON_API_HOST'] ?? defaultEndpoint;

/** Other operations of the project are under way: nothing was done, and asking again is safe. https://neon.com/docs/reference/api (last verified 2026-11-21). */
const LOCKED = 423;
const LOCKED_FOR_MS = 120_000;
const SLOWEST_MS = 3000;

export function createApi(context: Context, given?: Credential): Api {
  let found: Promise<Credential> | undefined;
  const credential = (): Promise<Credential> => (found ??= given ? Promise.resolve(given) : mustFind(context));
  return async ({ subject, ...request }) => {
    const signed = await credential();
    const headers = { ...request.headers, authorization: `Bearer ${signed.token}` };
    const end = Date.now() + LOCKED_FOR_MS;
    for (let pause = 250; ; pause = Math.min(pause * 2, SLOWEST_MS)) {
      const answer = await context.http.request({ ...request, headers });
      if (answer.status !== LOCKED || Date.now() + pause > end) return open(answer, request, subject, signed);
      context.log(`Neon: ${subject} is locked by other operations; asking again in ${pause} ms`);
      await wait(pause, undefined, { signal: context.signal }).catch((error: unknown) => {
        throw context.signal.aborted ? new DcsError('INTERRUPTED', 'Interrupted.') : error;
      });
    }
  };
}

async function mustFind(context: Context): Promise<Credential> {
  const credential = await findCredential(context);
  if (credential) return credential;
  throw new DcsError('AUTH', 'There is no Neon credential.', {
    why: 'NEON_API_KEY is not set, dcs keeps no key and the neon CLI is not signed in. Nothing was written.',
    hint: 'dcs login neon',
  });
}

function open(answer: HttpAnswer, { method }: HttpRequest, subject: string, credential: Credential): Fields {
  const { status, body } = answer;
  const fields = typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Fields) : undefined;
  if (status < 300 && fields !== undefined) return fields;
  if (status === 204) return {};
  if (status < 300)
    throw new DcsError('TARGET', `Neon answered something undocumented about ${subject}.`, {
      ...ref(answer),
      status,
      applied: method === 'GET' ? 'no' : 'unknown',
    });
  throw refusal(answer, fields, method, subject, credential);
}

function ref({ headers }: HttpAnswer): ErrorDetails {
  const id = headers.get('x-request-id') ?? headers.get('x-neon-ret-request-id');
  return id === null ? {} : { ref: `request ${id}` };
}

/** Upstream messages are never quoted: they can echo what was sent. */
function refusal(
  answer: HttpAnswer,
  body: Fields | undefined,
  method: HttpRequest['method'],
  subject: string,
  { from, beats }: Credential,
): DcsError {
  const { status } = answer;
  const code = typeof body?.['code'] === 'string' && body['code'] !== '' ? body['code'] : undefined;
  const applied = status >= 500 && method !== 'GET' ? 'unknown' : 'no';
  const details = { ...ref(answer), status, applied, ...(code === undefined ? {} : { vendorCode: code }) } as const;
  const said = `(${status}${code === undefined ? '' : `, ${code}`})`;
  if (status === 401 || status === 403) {
    const wins = beats.length === 0 ? '' : `, which wins over ${beats.join(' and ')}`;
    return new DcsError('AUTH', `Neon refused the key ${said}.`, {
      ...details,
      why: `It comes from ${from}${wins}. ${status === 401 ? 'It is revoked or mistyped.' : `It has no right to ${subject}.`} Nothing was written.`,
      hint: 'dcs login neon',
    });
  }
  if (status === 404)
    return new DcsError('TARGET', `There is no ${subject}.`, { ...details, why: 'Or this key may not see it. Nothing was written.' });
  if (status === LOCKED)
    return new DcsError('CONFLICT', `Neon is still at work on the project (${status}): ${subject} was not changed.`, {
      ...details,
      hint: 'the same command again in a minute',
    });
  return new DcsError('TARGET', `Neon refused a request about ${subject} ${said}.`, details);
}

/** An answer of another shape is never taken for an empty one. */
export function wrongShape(subject: string): DcsError {
  return new DcsError('TARGET', `Neon answered something undocumented about ${subject}.`);
}

export function fieldsIn(value: unknown, subject: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw wrongShape(subject);
}

export function listIn(fields: Fields, key: string, subject: string): Fields[] {
  const list = fields[key];
  if (!Array.isArray(list)) throw wrongShape(subject);
  return list.map((item) => fieldsIn(item, subject));
}

export function textIn(fields: Fields, key: string, subject: string): string {
  const value = fields[key];
  if (typeof value === 'string' && value !== '') return value;
  throw wrongShape(subject);
}

export const optionalText = (fields: Fields, key: string): string | undefined => {
  const value = fields[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
};
