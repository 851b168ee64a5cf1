/** A change that Doppler told of: names, never values. */
export interface WebhookEvent {
  readonly project: string;
  readonly config: string;
  /** Names of secrets; Doppler's own order. */
  readonly added: readonly string[];
  readonly updated: readonly string[];
  readonly removed: readonly string[];
}

/** What was received, as it came. */
export interface Received {
  readonly event: WebhookEvent;
  /** What `configs` calls it. */
  readonly environment: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly signature: string;
}

export interface WebhookOptions {
  /** The signing key that Doppler has, and during a rotation the one it had. At least one has to be set. */
  readonly keys: readonly (string | undefined)[];
  /** `project/config` of Doppler, and the environment of dcs.yaml that it is. Nothing else triggers. */
  readonly configs: Readonly<Record<string, string>>;
  /** Starts the work. What it throws is answered with 503, and Doppler tries again. */
  readonly trigger: (received: Received) => Promise<unknown>;
  /** Told why an event was answered with 503. */
  readonly onError?: (error: unknown) => void;
}

/** Bytes of a body. Doppler's payload is a few hundred. */
export const BODY_LIMIT = 65_536;

const encoder = new TextEncoder();
const imported = new Map<string, Promise<CryptoKey>>();

function keyOf(key: string): Promise<CryptoKey> {
  let found = imported.get(key);
  if (!found)
    imported.set(key, (found = crypto.subtle.importKey('raw', encoder.encode(key), { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])));
  return found;
}

/** `X-Doppler-Signature` has the form that Doppler gives it. https://docs.doppler.com/docs/webhooks, last verified 2026-11-21. */
export const isSignature = (text: string | null | undefined): text is string => /^sha256=[\da-f]{64}$/i.test(String(text));

/** One of the keys signed these very bytes. Takes the same time whatever differs. */
export async function verifySignature(
  body: Uint8Array<ArrayBuffer>,
  signature: string | null | undefined,
  keys: readonly (string | undefined)[],
): Promise<boolean> {
  if (!isSignature(signature)) return false;
  const digest = Uint8Array.from(signature.slice(7).match(/../g)!, (byte) => parseInt(byte, 16));
  const fits = await Promise.all(keys.map(async (key) => !!key && crypto.subtle.verify('HMAC', await keyOf(key), digest, body)));
  return fits.includes(true);
}

type Fields = Readonly<Record<string, unknown>>;
const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const names = (value: unknown): string[] => (Array.isArray(value) ? value.filter((name) => typeof name === 'string') : []);

/** Undefined: a valid body that tells of something else than changed secrets. Throws a SyntaxError for what Doppler does not send. */
export function parseEvent(body: Uint8Array): WebhookEvent | undefined {
  const all = fields(JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)));
  const [config, diff] = [fields(all['config']), fields(all['diff'])];
  const { name, project } = config;
  if (typeof all['type'] !== 'string') throw new SyntaxError('no event');
  if (!/^(enclave\.project\.)?config\.secrets\.update$/.test(all['type'])) return undefined;
  if (typeof name !== 'string' || typeof project !== 'string') throw new SyntaxError('no config');
  return { project, config: name, added: names(diff['added']), updated: names(diff['updated']), removed: names(diff['removed']) };
}

/** At most BODY_LIMIT bytes; undefined: there are more. */
async function bytesOf({ body, headers }: Request): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (Number(headers.get('content-length')) > BODY_LIMIT) return undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (body)
    for (const reader = body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      if ((size += value.length) > BODY_LIMIT) {
        await reader.cancel();
        return undefined;
      }
    }
  const all = new Uint8Array(size);
  for (const chunk of chunks) {
    all.set(chunk, all.length - size);
    size -= chunk.length;
  }
  return all;
}

/**
 * Doppler's webhook, from Request to Response: 202 once `trigger` is through, and what failed by its status alone: 400, 401, 405, 413,
 * 415, 503. A replay is harmless as long as what is triggered reads the values from Doppler. Throws when no key is set.
 */
export function webhook({ keys, configs, trigger, onError }: WebhookOptions): (request: Request) => Promise<Response> {
  if (!keys.some(Boolean)) throw new Error('The signing key of the webhook is not set');
  const allowed = new Map(Object.entries(configs));
  const status = async (request: Request): Promise<number> => {
    if (request.method !== 'POST') return 405;
    const signature = request.headers.get('x-doppler-signature');
    if (!isSignature(signature)) return 401;
    if (!/^application\/json\s*(;|$)/i.test(String(request.headers.get('content-type')))) return 415;
    const body = await bytesOf(request);
    if (!body) return 413;
    if (!(await verifySignature(body, signature, keys))) return 401;
    let event: WebhookEvent | undefined;
    try {
      event = parseEvent(body);
    } catch {
      return 400;
    }
    const environment = event && allowed.get(`${event.project}/${event.config}`);
    if (event && environment !== undefined) await trigger({ event, environment, body, signature });
    return 202;
  };
  return async (request) => {
    let answer: number;
    try {
      answer = await status(request);
    } catch (error) {
      onError?.(error);
      answer = 503;
    }
    return new Response(null, { status: answer, ...(answer === 405 ? { headers: { allow: 'POST' } } : {}) });
  };
}

/** The Request of a server of Node.js. `body`: its raw bytes, however it got them; anything else is none. */
export function toRequest(
  { method = 'GET', headers }: { readonly method?: string; readonly headers: Readonly<Record<string, string | string[] | undefined>> },
  body: unknown,
): Request {
  const held = ['content-type', 'x-doppler-signature'].map((name) => [name, String(headers[name] ?? '')] as [string, string]);
  const bytes = body instanceof Uint8Array && method === 'POST' ? { body: new Uint8Array(body) } : {};
  return new Request('http://receiver/', { method, headers: held, ...bytes });
}

async function send(to: string, url: string, headers: Record<string, string>, body: BodyInit | null): Promise<Response> {
  const answer = await fetch(url, {
    method: body === null ? 'GET' : 'POST',
    headers,
    body,
    redirect: 'manual',
    signal: AbortSignal.timeout(8000),
  });
  if (!answer.ok) throw new Error(`${to} answered ${answer.status}`);
  return answer;
}

/** A `repository_dispatch` of type `dcs-sync`, with environment, project and config in `client_payload`. */
export function toGitHub({
  repository,
  token,
  api = 'https://api.github.com',
}: {
  repository: string | undefined;
  token: string | undefined;
  api?: string | undefined;
}) {
  if (!token || !repository) throw new Error('The repository or the token for GitHub is not set');
  return async ({ event: { project, config }, environment }: Received): Promise<void> => {
    const body = JSON.stringify({ event_type: 'dcs-sync', client_payload: { environment, project, config } });
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/vnd.github+json',
      'content-type': 'application/json',
      'user-agent': 'dcs-runtime',
    };
    await send('GitHub', `${api}/repos/${repository}/dispatches`, headers, body);
  };
}

/** The same event, bytes and signature, to a `dcs webhook serve` that only this app reaches. */
export function toReceiver({ url }: { url: string | undefined }) {
  if (!url) throw new Error('The URL of the receiver is not set');
  return async ({ body, signature }: Received): Promise<void> => {
    await send('The receiver', url, { 'content-type': 'application/json', 'x-doppler-signature': signature }, body);
  };
}

/** A message in a Pub/Sub topic (`projects/P/topics/T`), as the service account that the app runs as. `emulator`: host and port. */
export function toPubSub({ topic, emulator }: { topic: string | undefined; emulator?: string | undefined }) {
  if (!topic) throw new Error('The topic of Pub/Sub is not set');
  return async ({ event, environment }: Received): Promise<void> => {
    const metadata = 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token';
    const token = emulator
      ? ''
      : ((await (await send('Google', metadata, { 'metadata-flavor': 'Google' }, null)).json()) as { access_token: string }).access_token;
    const data = btoa(String.fromCharCode(...encoder.encode(JSON.stringify({ environment, ...event }))));
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
    const base = emulator ? `http://${emulator}` : 'https://pubsub.googleapis.com';
    await send('Pub/Sub', `${base}/v1/${topic}:publish`, headers, JSON.stringify({ messages: [{ data }] }));
  };
}
