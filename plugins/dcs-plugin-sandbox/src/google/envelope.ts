import { randomBytes } from 'node:crypto';
import type { Call, Reply } from '../server/cloud.ts';

/** The canonical codes that this sandbox speaks. https://cloud.google.com/apis/design/errors, last verified 2026-11-21. */
const HTTP = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
} as const;

export type Canonical = keyof typeof HTTP;

export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

export interface Reason {
  reason: string;
  domain: string;
  metadata: Record<string, string>;
}

/** A refusal as Google words it. */
export class Refusal extends Error {
  readonly status: Canonical;
  readonly reason: Reason | undefined;
  constructor(status: Canonical, message: string, reason?: Reason) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

export const invalid = (message: string): Refusal => new Refusal('INVALID_ARGUMENT', message);

export function refuse({ status, message, reason }: Refusal): Reply {
  const details = reason === undefined ? {} : { details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', ...reason }] };
  const headers: Record<string, string> =
    status === 'UNAUTHENTICATED' ? { 'www-authenticate': 'Bearer realm="https://accounts.google.com/"' } : {};
  return { status: HTTP[status], headers, body: { error: { code: HTTP[status], message, status, ...details } } };
}

/** Answers with what `run` returns, as 200, or with its refusal. */
export async function answered(run: () => unknown): Promise<Reply> {
  try {
    return { status: 200, body: await run() };
  } catch (error) {
    if (error instanceof Refusal) return refuse(error);
    throw error;
  }
}

/** No body counts as an empty one. */
export function objectBody({ body, raw }: Call): Json {
  if (raw.length === 0) return {};
  if (!isObject(body)) throw invalid('Invalid JSON payload received.');
  return body;
}

/** Google refuses what it does not know instead of passing over it. */
export function onlyFields(body: Json, known: readonly string[], at: string): void {
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw invalid(`Invalid JSON payload received. Unknown name "${unknown}"${at === '' ? '' : ` at '${at}'`}: Cannot find field.`);
}

export const text = (value: unknown, field: string): string => {
  if (typeof value !== 'string' || value === '') throw invalid(`The field '${field}' is required.`);
  return value;
};

/** Masks and filters may be written in snake case. */
export const camel = (word: string): string => word.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

export const newEtag = (): string => `"${randomBytes(7).toString('hex')}"`;

/** A policy's is bytes: clients decode it and send it back encoded again. */
export const newPolicyEtag = (): string => randomBytes(9).toString('base64');

function pageSize(call: Call, most: number): number {
  const asked = call.query.get('pageSize') ?? call.query.get('page_size');
  if (asked === null || asked === '0') return most;
  const size = Number(asked);
  if (!Number.isInteger(size) || size < 0) throw invalid('The page size is invalid.');
  return Math.min(size, most);
}

function before(token: string | null): number {
  if (token === null || token === '') return Number.POSITIVE_INFINITY;
  const at = Number(Buffer.from(token, 'base64url').toString('latin1'));
  if (!(at > 0)) throw invalid('The page token is invalid.');
  return at;
}

/** One page, newest first. A token names the last item it followed: what is added meanwhile moves nothing. */
export function paged<T extends { at: number }>(
  call: Call,
  all: readonly T[],
  most: number,
): { items: T[]; next: { nextPageToken?: string } } {
  const size = pageSize(call, most);
  const end = before(call.query.get('pageToken') ?? call.query.get('page_token'));
  const rest = all.filter(({ at }) => at < end).toSorted((a, b) => b.at - a.at);
  const items = rest.slice(0, size);
  const last = items.at(-1);
  if (last === undefined || rest.length <= size) return { items, next: {} };
  return { items, next: { nextPageToken: Buffer.from(String(last.at), 'latin1').toString('base64url') } };
}
