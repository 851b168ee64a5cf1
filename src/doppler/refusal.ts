import { DcsError, type ErrorDetails, type HttpAnswer, type HttpRequest } from 'dcs-sdk';

/** Doppler's answer to a request it did not grant, in our own words: its messages may quote values and are only recognised, never repeated. */
export function refusal({ status, headers, body }: HttpAnswer, request: HttpRequest): DcsError {
  const { project, config, names } = subject(request);
  const place = config === undefined ? `project ${project ?? '?'}` : `${project ?? '?'}/${config}`;
  const ref = headers.get('x-request-id');
  const text = messages(body);
  const make = (code: DcsError['code'], message: string, details: ErrorDetails = {}): DcsError =>
    new DcsError(code, message, { status, ...(ref === null ? {} : { ref: `Doppler request ${ref}` }), ...details });

  if (status === 401) return make('AUTH', 'Doppler refused the token.', { why: 'It is wrong, expired or revoked.', hint: 'dcs whoami' });
  if (status === 403 || /does not have access to requested/i.test(text))
    return make('AUTH', forbidden(request, project === undefined ? undefined : place), {
      why: 'A service token opens exactly one config, many only to read; other tokens open what their owner may see.',
      hint: 'dcs whoami',
    });
  if (status === 404 && project !== undefined)
    return make('CONFIG', config === undefined ? `Doppler has no project "${project}".` : `Doppler has no project/config "${place}".`, {
      hint: 'check doppler.project and doppler.configs in dcs.yaml',
    });
  if (status === 400 && /provide a valid (config|project)/i.test(text)) return make('CONFIG', `Doppler does not accept the name ${place}.`);
  if (/reserved name/i.test(text)) {
    const reserved = names.filter((name) => name.startsWith('DOPPLER_'));
    return make('TARGET', `Doppler reserves the name ${reserved.join(', ') || 'of one of these secrets'}.`, {
      why: `Nothing was written to ${place}.`,
    });
  }
  if (/cannot resolve the reference/i.test(text))
    return make('TARGET', `A reference in ${quoted(text, names) ?? 'one of these secrets'} does not resolve in Doppler.`, {
      why: `Doppler takes \${NAME} in a value for a reference. Nothing was written to ${place}.`,
    });
  if (status < 400 || status >= 500)
    return make('NETWORK', `Doppler answered with status ${status}.`, request.method === 'GET' ? {} : { applied: 'unknown' });
  return make(status === 409 ? 'CONFLICT' : 'TARGET', `Doppler refused the request with status ${status}.`);
}

function forbidden({ method }: HttpRequest, place: string | undefined): string {
  if (place === undefined) return 'The Doppler token may not do this.';
  return method === 'GET' ? `The Doppler token has no access to ${place}.` : `The Doppler token may not write to ${place}.`;
}

function messages(body: unknown): string {
  const list = (body as { messages?: unknown } | null | undefined)?.messages;
  return Array.isArray(list) ? list.filter((line) => typeof line === 'string').join('\n') : '';
}

/** The name a message is about, only if this request sent that very name: anything else in quotes could be a value. */
function quoted(text: string, names: readonly string[]): string | undefined {
  const name = /^The secret "([^"]*)"/m.exec(text)?.[1];
  return name !== undefined && names.includes(name) ? name : undefined;
}

interface Subject {
  readonly project: string | undefined;
  readonly config: string | undefined;
  readonly names: readonly string[];
}

function subject({ query, body }: HttpRequest): Subject {
  const sent = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const text = (key: string): string | undefined => {
    const value = query?.[key] ?? sent[key];
    return typeof value === 'string' ? value : undefined;
  };
  const changes = Array.isArray(sent['change_requests']) ? (sent['change_requests'] as { readonly name: string }[]) : [];
  const names = changes.map(({ name }) => name);
  return { project: text('project'), config: text('config'), names };
}
