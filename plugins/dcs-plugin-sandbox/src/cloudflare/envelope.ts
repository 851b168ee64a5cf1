import { randomBytes } from 'node:crypto';
import type { Call, Reply } from '../server/cloud.ts';

/** A refusal as Cloudflare words it: an HTTP status and one error with a code. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: number;
  readonly chain: readonly { code: number; message: string }[];
  readonly headers: Record<string, string>;
  constructor(
    status: number,
    code: number,
    message: string,
    extra: { chain?: { code: number; message: string }[]; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.chain = extra.chain ?? [];
    this.headers = extra.headers ?? {};
  }
}

export interface Success {
  result: unknown;
  info?: Record<string, number>;
  status?: number;
}

const ray = (): Record<string, string> => ({ 'cf-ray': `${randomBytes(8).toString('hex')}-LHR` });

export function accept(success: Success, headers: Record<string, string> = {}): Reply {
  const { result, info, status = 200 } = success;
  return {
    status,
    headers: { ...ray(), ...headers },
    body: { success: true, errors: [], messages: [], result, ...(info === undefined ? {} : { result_info: info }) },
  };
}

export function refuse(refusal: Refusal, headers: Record<string, string> = {}): Reply {
  const { status, code, message, chain } = refusal;
  const error = { code, message, ...(chain.length === 0 ? {} : { error_chain: chain }) };
  return {
    status,
    headers: { ...ray(), ...headers, ...refusal.headers },
    body: { success: false, errors: [error], messages: [], result: null },
  };
}

export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The request body as an object; anything else is refused with `code`. */
export function objectBody(call: Call, code: number, message = 'Could not parse request body.'): Json {
  if (!isObject(call.body)) throw new Refusal(400, code, message);
  return call.body;
}

function count(call: Call, name: string, fallback: number, most: number): number {
  const asked = call.query.get(name);
  if (asked === null) return fallback;
  const number = Number(asked);
  if (!Number.isInteger(number) || number < 1) throw new Refusal(400, 7400, `Invalid value for query parameter ${name}.`);
  return Math.min(number, most);
}

/** One page of `all` as `page` and `per_page` ask for it. */
export function paged<T>(
  call: Call,
  all: readonly T[],
  size: { fallback: number; most: number },
): { items: T[]; info: Record<string, number> } {
  const page = count(call, 'page', 1, Number.MAX_SAFE_INTEGER);
  const per = count(call, 'per_page', size.fallback, size.most);
  const items = all.slice((page - 1) * per, page * per);
  const info = { page, per_page: per, count: items.length, total_count: all.length, total_pages: Math.ceil(all.length / per) };
  return { items, info };
}
