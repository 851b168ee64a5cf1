import { createHmac } from 'node:crypto';
import { DcsError } from 'dcs-sdk';
import { post, type Sending } from './post.ts';
import type { Told } from './words.ts';

/** The bytes of `whsec_...`; 24 to 64 of them, as the standard has it. */
export function signingKey(name: string, value: string): Buffer {
  const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(value.trim()) ?? [];
  const key = Buffer.from(base64, 'base64');
  if (key.length >= 24 && key.length <= 64) return key;
  throw new DcsError('CONFIG', `${name} is no signing key.`, {
    why: 'It begins with whsec_; 24 to 64 bytes in base64 follow. Nothing was sent.',
    hint: 'echo "whsec_$(openssl rand -base64 32)"',
  });
}

/** Signed as https://github.com/standard-webhooks/standard-webhooks says, last verified 2026-11-21: id, time and body; the id stays the same over retries. */
export function sendWebhook(
  url: URL,
  key: Buffer,
  notices: readonly Told[],
  { signal, id }: Pick<Sending, 'signal' | 'id'>,
): Promise<void> {
  const now = new Date();
  const stamp = String(Math.floor(now.getTime() / 1000));
  const body = JSON.stringify({ schema: 1, type: 'dcs.notices', timestamp: now.toISOString(), notices });
  const signature = createHmac('sha256', key).update(`${id}.${stamp}.${body}`).digest('base64');
  return post('The webhook', url, {
    body,
    headers: { 'webhook-id': id, 'webhook-timestamp': stamp, 'webhook-signature': `v1,${signature}` },
    signal,
  });
}
