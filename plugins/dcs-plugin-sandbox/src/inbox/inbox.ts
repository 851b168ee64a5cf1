import { createHmac, timingSafeEqual } from 'node:crypto';
import { SEED } from '../seed.ts';
import type { Call, Cloud, Reply } from '../server/cloud.ts';
import { Shelf } from './shelf.ts';

/** A message that was signed as Standard Webhooks say. */
export interface Letter {
  id: string;
  at: string;
  /** How often the same one came. */
  times: number;
  body: unknown;
}

const TOLERANCE_S = 300;
const MOST_BYTES = 1024 * 1024;

const key = (): Buffer => Buffer.from(SEED.inbox.secret.replace(/^whsec_/, ''), 'base64');

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, last verified 2026-11-21. */
function isSigned(id: string, stamp: string, signatures: string, raw: Buffer): boolean {
  const expected = createHmac('sha256', key()).update(`${id}.${stamp}.`).update(raw).digest();
  return signatures.split(' ').some((each) => {
    const given = Buffer.from(each.startsWith('v1,') ? each.slice(3) : '', 'base64');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

function take(shelf: Shelf<Letter>, { headers, raw, body }: Call): Reply {
  const refuse = (status: number, message: string): Reply => ({ status, body: { message } });
  const { 'webhook-id': id, 'webhook-timestamp': stamp, 'webhook-signature': signature } = headers;
  if (typeof id !== 'string' || typeof stamp !== 'string' || typeof signature !== 'string') return refuse(401, 'not signed');
  if (raw.length > MOST_BYTES) return refuse(413, 'too large');
  if (!/^\d+$/.test(stamp) || Math.abs(Date.now() / 1000 - Number(stamp)) > TOLERANCE_S) return refuse(401, 'too old or too new');
  if (!isSigned(id, stamp, signature, raw)) return refuse(401, 'wrongly signed');
  if (body === undefined) return refuse(400, 'no JSON');
  const known = shelf.items.find((letter) => letter.id === id);
  if (known === undefined) shelf.items.push({ id, at: new Date().toISOString(), times: 1, body });
  else known.times += 1;
  return { status: 204 };
}

/** Any receiver of webhooks. */
export function inbox(): Cloud {
  const shelf = new Shelf<Letter>();
  return {
    name: 'inbox',
    prefix: '/inbox',
    routes: [{ method: 'POST', path: '/hook', answer: (call) => take(shelf, call) }, ...shelf.routes('inbox')],
    env: (origin) => ({ DCS_NOTIFY_WEBHOOK_URL: `${origin}/inbox/hook`, DCS_NOTIFY_WEBHOOK_SECRET: SEED.inbox.secret }),
    notFound: () => ({ status: 404, body: { message: 'not found' } }),
    ...shelf.saved,
  };
}
