import { createHmac } from 'node:crypto';
import { request, type Agent } from 'node:http';
import { connect } from 'node:net';

export const KEY = 'the-signing-key-that-doppler-has';
export const OLD_KEY = 'the-signing-key-that-doppler-had';

export const event = (config = 'stg', project = 'shop', more: Record<string, unknown> = {}): string =>
  JSON.stringify({
    type: 'config.secrets.update',
    config: { name: config, created_at: '2026-11-21T00:00:00Z', environment: config, project },
    project: { id: project, name: project },
    workplace: { id: 'w', name: 'w', billing_email: 'w@example.com' },
    diff: { added: [], removed: [], updated: ['STRIPE_KEY'] },
    ...more,
  });

export const sign = (body: string | Buffer, key = KEY): string => `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;

export interface Post {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string | Buffer;
  /** Replace those of a good request; undefined takes one away, several make several headers. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly agent?: Agent;
}

/** One request over a real connection: its status, and whether the answer had a body. */
export function post(
  port: number,
  { method = 'POST', path = '/webhook', body = event(), headers = {}, agent }: Post = {},
): Promise<{ status: number; text: string }> {
  const bare = method === 'GET';
  const good = { 'content-type': 'application/json', 'x-doppler-signature': sign(body), 'content-length': String(Buffer.byteLength(body)) };
  const all = { ...(bare ? {} : good), ...headers };
  const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<string, string>;
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, method, path, headers: sent, ...(agent ? { agent } : {}) }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode!, text }));
    });
    call.on('error', reject);
    call.end(bare ? undefined : body);
  });
}

/** What comes back for these bytes, until the other side hangs up. */
export function raw(port: number, bytes: string | readonly string[], pause = 0): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
    socket.on('error', () => undefined).on('close', () => resolve(text));
    void (async () => {
      for (const part of [bytes].flat()) {
        if (socket.destroyed) return;
        socket.write(part, 'latin1');
        if (pause > 0) await new Promise((next) => setTimeout(next, pause));
      }
    })();
  });
}
