import { DcsError, path, type Context, type HttpAnswer, type HttpRequest } from 'dcs-sdk';

export const defaultEndpoint = 'https://api.template.example';

export interface Mark {
  readonly owner: string;
  readonly created: boolean;
}
export interface Stored {
  readonly id: string;
  readonly name: string;
  readonly value: string;
  readonly version: string;
  readonly mark?: Mark;
}
export interface Box {
  readonly id: string;
  readonly title: string;
}

/** What one box of the cloud answers, every refusal turned into a DcsError. */
export interface Api {
  box(): Promise<Box>;
  secrets(): Promise<Stored[]>;
  put(name: string, value: string, mark: Mark | undefined): Promise<{ id: string; version: string }>;
  remove(name: string): Promise<void>;
}

const MOST_PAGES = 500;

export function createApi(box: string, { http, env }: Context): Api {
  const subject = `box '${box}'`;
  const at = path`/v1/boxes/${box}`;
  const call = async (request: HttpRequest): Promise<Record<string, unknown>> => {
    const headers = { authorization: `Bearer ${tokenIn(env)}` };
    return open(await http.request({ ...request, headers }), request, subject);
  };
  return {
    async box() {
      const found = await call({ method: 'GET', path: at });
      return { id: text(found['id'], subject), title: text(found['title'], subject) };
    },

    async secrets() {
      const all: Stored[] = [];
      for (let page: unknown = 1, read = 0; page !== null; read += 1) {
        if (typeof page !== 'number' || read >= MOST_PAGES) throw undocumented(subject);
        const answer = await call({ method: 'GET', path: `${at}/secrets`, query: { page } });
        if (!Array.isArray(answer['secrets'])) throw undocumented(subject);
        all.push(...answer['secrets'].map((item: unknown) => stored(item, subject)));
        page = answer['next'];
      }
      return all;
    },

    async put(name, value, mark) {
      // Repeating a PUT with the same value would be harmless, but a second write may hide a stranger's: not idempotent.
      const body = { value, ...(mark === undefined ? {} : { mark }) };
      const made = await call({ method: 'PUT', path: at + path`/secrets/${name}`, body, idempotent: false });
      return { id: text(made['id'], subject), version: text(made['version'], subject) };
    },

    async remove(name) {
      await call({ method: 'DELETE', path: at + path`/secrets/${name}`, idempotent: false });
    },
  };
}

function tokenIn(env: Context['env']): string {
  const token = env['TEMPLATE_TOKEN'];
  if (token !== undefined && token !== '') return token;
  throw new DcsError('AUTH', 'There is no Template Cloud credential.', {
    why: 'TEMPLATE_TOKEN is not set. Nothing was written.',
    hint: 'export TEMPLATE_TOKEN=...',
  });
}

/** Upstream messages are never quoted: they can echo what was sent. */
function open({ status, body }: HttpAnswer, { method }: HttpRequest, subject: string): Record<string, unknown> {
  if (status < 300) return method === 'DELETE' && body === undefined ? {} : record(body, subject);
  if (status === 401 || status === 403)
    throw new DcsError('AUTH', `Template Cloud refused the token (${status}).`, {
      status,
      why: `It comes from TEMPLATE_TOKEN${status === 403 ? ` and has no right to ${subject}` : ''}. Nothing was written.`,
    });
  if (status === 404) throw new DcsError('TARGET', `There is no ${subject}, or no such secret in it.`, { status });
  // A server that broke may have broken after the write.
  const applied = status >= 500 && method !== 'GET' ? 'unknown' : 'no';
  throw new DcsError('TARGET', `Template Cloud refused a request about ${subject} (${status}).`, { status, applied });
}

function stored(item: unknown, subject: string): Stored {
  const { id, name, value, version, mark } = record(item, subject);
  if (typeof value !== 'string') throw undocumented(subject);
  const known = { id: text(id, subject), name: text(name, subject), value, version: text(version, subject) };
  if (mark === null || mark === undefined) return known;
  const { owner, created } = record(mark, subject);
  return { ...known, mark: { owner: text(owner, subject), created: created === true } };
}

/** An answer of another shape is never taken for an empty one. */
function undocumented(subject: string): DcsError {
  return new DcsError('TARGET', `Template Cloud answered something undocumented about ${subject}.`, { applied: 'unknown' });
}

function record(value: unknown, subject: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw undocumented(subject);
}

function text(value: unknown, subject: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw undocumented(subject);
}
