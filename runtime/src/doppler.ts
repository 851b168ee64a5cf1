import type { Held, Origin } from './cache.ts';
import { SecretsError } from './error.ts';
import type { Env, Secrets, SecretsOptions } from './types.ts';

// https://docs.doppler.com/reference/secrets-download, last verified 2026-11-21.
const DOWNLOAD = '/v3/configs/config/secrets/download?format=json&include_dynamic_secrets=false';

/**
 * The download of one set of names with one token. `dcs serve` answers in development, and is asked at every call. Throws CONFIG when there
 * is no token, or when the token would leave this machine unencrypted.
 */
export function doppler({ keys, fallback, timeout = 5, ...options }: SecretsOptions, env: Env): Origin {
  const text = (name: string): string => (typeof env[name] === 'string' ? env[name] : '');
  const local = text('DCS_SERVE_URL');
  const variable = local ? 'DCS_SERVE_TOKEN' : 'DOPPLER_TOKEN';
  const token = (!local && options.token) || text(variable);
  if (!token) throw new SecretsError('CONFIG', `${variable} is not set`);
  const url = new URL(DOWNLOAD, local || options.host || text('DOPPLER_API_HOST') || 'https://api.doppler.com');
  if ((local || url.protocol !== 'https:') && !/^(localhost|\[::1]|127\.\d+\.\d+\.\d+)$/.test(url.hostname))
    throw new SecretsError('CONFIG', `${url.origin} is neither this machine nor Doppler over https`);
  const project = options.project || text('DOPPLER_PROJECT');
  const config = options.config || text('DOPPLER_CONFIG');
  if (project) url.searchParams.set('project', project);
  if (config) url.searchParams.set('config', config);
  if (keys) url.searchParams.set('secrets', [...new Set(keys)].sort().join());
  return {
    // The token itself and not a digest of it: two tokens must never meet.
    owner: `${url.origin} ${token} `,
    scope: url.search,
    fresh: !local,
    load: (known) => download(url, token, timeout, keys, known),
    otherwise: () => (keys && fallback === 'env' ? pick(env, keys) : undefined),
  };
}

async function download(
  url: URL,
  token: string,
  timeout: number,
  keys: readonly string[] | undefined,
  known: Held | undefined,
): Promise<Held> {
  let status = 0;
  let found: unknown;
  let etag: string | null = null;
  try {
    const answer = await fetch(url, {
      headers: { authorization: `Bearer ${token}`, ...(known?.etag && { 'if-none-match': known.etag }) },
      // Never on to another host; workerd knows no `error` here.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout * 1000),
    });
    ({ status } = answer);
    etag = answer.headers.get('etag');
    if (status === 200) found = await answer.json();
    else await answer.body?.cancel();
  } catch {
    // What went wrong may quote what was sent or received: the status, where there was one, says enough.
  }
  if (status === 304 && known) return known;
  if (/^4(?!08|29)/.test(String(status))) throw new SecretsError('REFUSED', `Doppler refused: ${status}`);
  if (!found || typeof found !== 'object' || Array.isArray(found))
    throw new SecretsError('UNREACHABLE', `Doppler gave no answer${status ? `: ${status}` : ''}`);
  return { secrets: pick(found as Record<string, unknown>, keys ?? Object.keys(found)), etag };
}

/** Own names with a text, and nothing else. */
export function pick(from: Readonly<Record<string, unknown>>, keys: readonly string[]): Secrets {
  const missing = keys.filter((key) => !Object.hasOwn(from, key) || typeof from[key] !== 'string');
  if (missing.length > 0) throw new SecretsError('MISSING', `No value for ${missing.join()}`);
  return record(Object.fromEntries(keys.map((key) => [key, from[key] as string])));
}

/** Without a prototype: `constructor` is no secret, and `__proto__` may be one. */
export const record = (...from: readonly (Secrets | undefined)[]): Secrets =>
  Object.freeze(Object.assign({ __proto__: null } as object, ...from) as Secrets);
