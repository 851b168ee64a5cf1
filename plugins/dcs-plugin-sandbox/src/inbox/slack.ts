import { SEED } from '../seed.ts';
import type { Call, Cloud, Reply } from '../server/cloud.ts';
import { wrongBlock } from './blocks.ts';
import { Shelf } from './shelf.ts';

/** A message as a channel shows it. */
export interface Message {
  at: string;
  by: 'webhook' | 'chat.postMessage';
  channel: string;
  text: string;
  blocks: unknown[];
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const TEXT_LIMIT = 40_000;

/** The word that Slack refuses it with, or what it is. */
function messageIn(body: Json, by: Message['by'], channel: string): string | Message {
  const { text = '', blocks = [] } = body;
  if (typeof text !== 'string') return 'no_text';
  if (wrongBlock(blocks) !== undefined) return 'invalid_blocks';
  if (text === '' && (blocks as unknown[]).length === 0) return 'no_text';
  if (text.length > TEXT_LIMIT) return 'msg_too_long';
  return { at: new Date().toISOString(), by, channel, text, blocks: blocks as unknown[] };
}

const plain = (status: number, text: string): Reply => ({ status, headers: { 'content-type': 'text/html' }, text });

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, last verified 2026-11-21. */
function webhook(shelf: Shelf<Message>, { path, body, raw }: Call): Reply {
  if (path !== `/slack${SEED.slack.hook}`) return plain(404, 'no_service');
  const form = new URLSearchParams(raw.toString('utf8')).get('payload');
  const sent: unknown = body ?? (form === null ? undefined : parsed(form));
  if (!isObject(sent)) return plain(400, 'invalid_payload');
  const message = messageIn(sent, 'webhook', SEED.slack.channel);
  if (typeof message === 'string') return plain(400, message);
  shelf.items.push(message);
  return plain(200, 'ok');
}

/** JSON, or a form in which `blocks` is JSON: https://docs.slack.dev/apis/web-api/#post_bodies, last verified 2026-11-21. */
function fieldsOf({ headers, body, raw }: Call): unknown {
  if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return body;
  const { blocks, ...fields } = Object.fromEntries(new URLSearchParams(raw.toString('utf8')));
  return blocks === undefined ? fields : { ...fields, blocks: parsed(blocks) };
}

/** What is no JSON stays text, which no list of blocks is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

/** https://docs.slack.dev/reference/methods/chat.postMessage, last verified 2026-11-21. What is wrong comes with 200. */
function post(shelf: Shelf<Message>, call: Call): Reply {
  const { headers } = call;
  const body = fieldsOf(call);
  const refuse = (error: string): Reply => ({ status: 200, body: { ok: false, error } });
  const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  if (token === undefined) return refuse('not_authed');
  if (token !== SEED.slack.token) return refuse('invalid_auth');
  if (!isObject(body)) return refuse('invalid_json');
  const { channel } = body;
  if (channel !== SEED.slack.channel) return refuse('channel_not_found');
  const message = messageIn(body, 'chat.postMessage', channel);
  if (typeof message === 'string') return refuse(message);
  shelf.items.push(message);
  return {
    status: 200,
    body: { ok: true, channel, ts: `${Date.now() / 1000}`, message: { type: 'message', text: message.text, blocks: message.blocks } },
  };
}

export function slack(): Cloud {
  const shelf = new Shelf<Message>();
  return {
    name: 'slack',
    prefix: '/slack',
    routes: [
      { method: 'POST', path: '/services/:team/:app/:secret', answer: (call) => webhook(shelf, call) },
      { method: 'POST', path: '/api/chat.postMessage', answer: (call) => post(shelf, call) },
      ...shelf.routes('slack'),
    ],
    env: (origin) => ({ DCS_NOTIFY_SLACK_URL: `${origin}/slack${SEED.slack.hook}` }),
    notFound: () => plain(404, 'no_service'),
    ...shelf.saved,
  };
}
