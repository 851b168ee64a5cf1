import { createHmac } from 'node:crypto';

export const KEY = 'the-signing-key-that-doppler-has';
export const EVENT = {
  type: 'config.secrets.update',
  config: { name: 'stg', project: 'shop' },
  diff: { added: ['A'], updated: ['B'], removed: ['C'] },
};
export const sign = (body: string | Uint8Array, key = KEY): string => `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;
export const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

export const request = (body: string, headers: Record<string, string> = {}, method = 'POST'): Request =>
  new Request('https://receiver.example/webhook', {
    method,
    headers: { 'content-type': 'application/json', 'x-doppler-signature': sign(body), ...headers },
    ...(method === 'POST' ? { body } : {}),
  });
