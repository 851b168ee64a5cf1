import { randomUUID } from 'node:crypto';
import { SEED } from '../seed.ts';
import type { Call, Cloud, Reply } from '../server/cloud.ts';
import { Shelf } from './shelf.ts';

/** What became of a dedup key. */
export interface Incident {
  dedup_key: string;
  status: 'triggered' | 'acknowledged' | 'resolved';
  severity: string;
  summary: string;
  source: string;
  details: unknown;
  /** Events that it heard, refused ones not among them. */
  events: string[];
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown, most: number): value is string => typeof value === 'string' && value !== '' && value.length <= most;

const ACTIONS = ['trigger', 'acknowledge', 'resolve'];
const SEVERITIES = ['critical', 'error', 'warning', 'info'];
const MOST_BYTES = 512 * 1024;

/** https://developer.pagerduty.com/docs/send-alert-event, last verified 2026-11-21. */
function wrongs(event: Json): string[] {
  const { routing_key: key, event_action: action, dedup_key: dedup, payload } = event;
  const { summary, source, severity, custom_details: details } = isObject(payload) ? payload : {};
  const trigger = action === 'trigger';
  const checks: [boolean, string][] = [
    [typeof key === 'string' && key.length === 32, "Length of 'routing_key' is incorrect (should be 32 characters)"],
    [typeof action === 'string' && ACTIONS.includes(action), "'event_action' is missing or invalid"],
    [dedup === undefined ? trigger : isText(dedup, 255), "'dedup_key' is missing or blank"],
    [!trigger || isText(summary, 1024), "'payload.summary' is missing or blank"],
    [!trigger || isText(source, 255), "'payload.source' is missing or blank"],
    [
      !trigger || (typeof severity === 'string' && SEVERITIES.includes(severity)),
      "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')",
    ],
    [details === undefined || isObject(details), "'payload.custom_details' is invalid"],
  ];
  return checks.filter(([fine]) => !fine).map(([, words]) => words);
}

function heard(shelf: Shelf<Incident>, event: Json): string {
  const { event_action: action, payload } = event;
  const key = typeof event['dedup_key'] === 'string' ? event['dedup_key'] : randomUUID();
  const open = shelf.items.find(({ dedup_key, status }) => dedup_key === key && status !== 'resolved');
  if (action === 'trigger') {
    const { summary, source, severity, custom_details: details = {} } = payload as Record<string, string>;
    const fields = { summary: summary ?? '', source: source ?? '', severity: severity ?? '', details };
    if (open === undefined) shelf.items.push({ dedup_key: key, status: 'triggered', ...fields, events: ['trigger'] });
    else Object.assign(open, fields, { events: [...open.events, 'trigger'] });
  } else if (open !== undefined) {
    open.status = action === 'resolve' ? 'resolved' : 'acknowledged';
    open.events.push(String(action));
  }
  return key;
}

function enqueue(shelf: Shelf<Incident>, { body, raw }: Call): Reply {
  const refuse = (errors: string[]): Reply => ({
    status: 400,
    body: { status: 'invalid event', message: 'Event object is invalid', errors },
  });
  if (raw.length > MOST_BYTES) return { status: 413, body: { status: 'invalid event', message: 'Event object is too large' } };
  if (!isObject(body)) return refuse(['JSON cannot be parsed']);
  const errors = wrongs(body);
  if (errors.length > 0) return refuse(errors);
  if (body['routing_key'] !== SEED.pagerduty.key) return refuse(['Invalid routing key']);
  return { status: 202, body: { status: 'success', message: 'Event processed', dedup_key: heard(shelf, body) } };
}

/** Events API v2. */
export function pagerduty(): Cloud {
  const shelf = new Shelf<Incident>();
  return {
    name: 'pagerduty',
    prefix: '/pagerduty',
    routes: [{ method: 'POST', path: '/v2/enqueue', answer: (call) => enqueue(shelf, call) }, ...shelf.routes('pagerduty')],
    env: (origin) => ({ DCS_NOTIFY_PAGERDUTY_KEY: SEED.pagerduty.key, PAGERDUTY_EVENTS_URL: `${origin}/pagerduty` }),
    notFound: () => ({ status: 404, body: { message: 'Not Found' } }),
    ...shelf.saved,
  };
}
