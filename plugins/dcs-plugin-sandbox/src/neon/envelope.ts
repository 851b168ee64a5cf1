import { randomUUID } from 'node:crypto';
import type { Call, Reply } from '../server/cloud.ts';

/** A refusal as Neon words it: an HTTP status, a code that is often empty, and a message. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, message: string, code = '') {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface Success {
  status?: number;
  /** Without one: 204. */
  body?: unknown;
}

const requestId = (call: Call): string => {
  const given = call.headers['x-request-id'];
  return typeof given === 'string' ? given : randomUUID();
};

export function accept(call: Call, { body, status = body === undefined ? 204 : 200 }: Success): Reply {
  return { status, headers: { 'x-request-id': requestId(call) }, ...(body === undefined ? {} : { body }) };
}

export function refuse(call: Call, { status, code, message }: Refusal): Reply {
  const id = requestId(call);
  return { status, headers: { 'x-request-id': id }, body: { request_id: id, code, message } };
}

export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object under `name` in the request body; absent where `optional`. */
export function inner(call: Call, name: string, optional = false): Json {
  const found = isObject(call.body) ? call.body[name] : undefined;
  if (isObject(found)) return found;
  if (optional && found === undefined && (call.body === undefined || isObject(call.body))) return {};
  throw new Refusal(400, `'${name}' is required`);
}

type Kinds = { string: string; number: number; boolean: boolean };

/** A field of a body, undefined when absent; refuses another type. */
export function field<K extends keyof Kinds>(body: Json, name: string, kind: K): Kinds[K] | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== kind) throw new Refusal(400, `'${name}' must be a ${kind}`);
  return value as Kinds[K];
}

export function needed<K extends keyof Kinds>(body: Json, name: string, kind: K): Kinds[K] {
  const value = field(body, name, kind);
  if (value === undefined || value === '') throw new Refusal(400, `'${name}' is required`);
  return value;
}

/** A name of a project or branch. */
export function title(body: Json, fallback: string): string {
  const name = field(body, 'name', 'string') ?? fallback;
  if (name.length === 0 || name.length > 256) throw new Refusal(400, 'name must be 1 to 256 characters long');
  return name;
}

/** RFC 3339. */
export function moment(text: string, what: string): string {
  const time = Date.parse(text);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) || Number.isNaN(time)) throw new Refusal(400, `'${what}' is not a valid timestamp`);
  return new Date(time).toISOString();
}

/** A page of `all` after the item that `cursor` names. The cursor is opaque to callers: the id of the last item they saw. */
export function paged<T extends { id: string }>(
  call: Call,
  all: readonly T[],
  size: { fallback: number; most: number },
): { items: T[]; next?: string } {
  const asked = call.query.get('limit');
  const limit = asked === null ? size.fallback : Number(asked);
  if (!Number.isInteger(limit) || limit < 1 || limit > size.most) throw new Refusal(400, `limit must be between 1 and ${size.most}`);
  const cursor = call.query.get('cursor');
  const after = cursor === null || cursor === '' ? -1 : all.findIndex(({ id }) => id === decodeCursor(cursor));
  const start = cursor !== null && cursor !== '' && after === -1 ? all.length : after + 1;
  const items = all.slice(start, start + limit);
  const last = items.at(-1);
  return { items, ...(last === undefined ? {} : { next: Buffer.from(last.id).toString('base64url') }) };
}

const decodeCursor = (cursor: string): string => Buffer.from(cursor, 'base64url').toString('utf8');

/** Whether more follows this page. */
export const hasMore = <T>(all: readonly T[], items: readonly T[]): boolean => items.length > 0 && items.at(-1) !== all.at(-1);
