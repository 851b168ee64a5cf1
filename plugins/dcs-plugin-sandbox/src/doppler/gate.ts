import { randomUUID } from 'node:crypto';
import type { Call, Reply, Route } from '../server/cloud.ts';
import type { Courier } from './courier.ts';
import type { Config, Limits, Project, Token, World } from './state.ts';
import { USER } from './state.ts';
import type { Watchers } from './watchers.ts';

/** A refusal as Doppler words it. */
export class Refusal extends Error {
  readonly status: number;
  readonly headers: Record<string, string>;
  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

export type Json = Record<string, unknown>;
export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

export const ok = (body: Json, headers: Record<string, string> = {}): Reply => ({ status: 200, headers, body: { ...body, success: true } });

export function refuse(refusal: Refusal, headers: Record<string, string> = {}): Reply {
  return {
    status: refusal.status,
    headers: { ...headers, ...refusal.headers },
    body: { messages: [refusal.message], success: false },
  };
}

/** Per minute and token, https://docs.doppler.com/reference/api (Team plan), last verified 2026-11-21. */
const PUBLISHED: Limits = { reads: 480, secretReads: 240, writes: 120 };

export class Quota {
  #windows = new Map<string, { used: number; ends: number }>();

  take(world: World, who: string, kind: keyof Limits): Record<string, string> {
    const limit = (world.limits ?? PUBLISHED)[kind];
    const key = `${kind} ${who}`;
    const time = Date.now();
    let window = this.#windows.get(key);
    if (window === undefined || window.ends <= time) {
      window = { used: 0, ends: time + 60_000 };
      this.#windows.set(key, window);
    }
    window.used += 1;
    const left = Math.max(0, limit - window.used);
    const headers = {
      'x-ratelimit-limit': String(limit),
      'x-ratelimit-remaining': String(left),
      'x-ratelimit-reset': String(Math.ceil(window.ends / 1000)),
    };
    if (world.limits === null || window.used <= limit) return headers;
    const wait = String(Math.max(1, Math.ceil((window.ends - time) / 1000)));
    throw new Refusal(429, 'Too many requests', { ...headers, 'retry-after': wait });
  }

  clear(): void {
    this.#windows.clear();
  }
}

export interface Ground {
  world: World;
  quota: Quota;
  watchers: Watchers;
  courier: Courier;
}

export interface Signed {
  call: Call;
  token: Token;
  world: World;
  courier: Courier;
  /** Body before query: Doppler takes project and config from either. */
  field: (name: string) => string | undefined;
}

function presented(call: Call): string {
  const header = call.headers.authorization ?? '';
  const bearer = /^Bearer (.+)$/i.exec(header)?.[1];
  if (bearer !== undefined) return bearer.trim();
  const basic = /^Basic (.+)$/i.exec(header)?.[1];
  return basic === undefined ? '' : (Buffer.from(basic, 'base64').toString('utf8').split(':')[0] ?? '');
}

function tokenOf(world: World, call: Call): Token {
  const token = world.tokens.get(presented(call));
  if (token === undefined || (token.expires !== null && Date.parse(token.expires) <= Date.now()))
    throw new Refusal(401, 'Invalid Auth token');
  return token;
}

async function guarded(run: (headers: Record<string, string>) => Reply | Promise<Reply>): Promise<Reply> {
  const headers: Record<string, string> = { 'x-request-id': randomUUID() };
  try {
    const reply = await run(headers);
    return { ...reply, headers: { ...headers, ...reply.headers } };
  } catch (error) {
    if (error instanceof Refusal) return refuse(error, headers);
    throw error;
  }
}

/** Doppler looks at the token before the path: a 404 means that the token was fine. */
export function nowhere(world: World, call: Call): Reply {
  const headers = { 'x-request-id': randomUUID() };
  try {
    tokenOf(world, call);
    return refuse(new Refusal(404, 'Not Found'), headers);
  } catch (error) {
    if (error instanceof Refusal) return refuse(error, headers);
    throw error;
  }
}

/** A route without sign-in. */
export function open(method: string, path: string, run: (call: Call) => Reply | Promise<Reply>): Route {
  return { method, path, answer: (call) => guarded(() => run(call)) };
}

export function field(call: Call, name: string): string | undefined {
  const given = isObject(call.body) && Object.hasOwn(call.body, name) ? call.body[name] : undefined;
  return typeof given === 'string' ? given : (call.query.get(name) ?? undefined);
}

/** Tokens for people lists have no business with projects and secrets. */
const OUTSIDE = new Set(['scim', 'audit']);

export function signed(ground: Ground, method: string, path: string, kind: keyof Limits, run: (signed: Signed) => Reply): Route {
  const { world, quota, watchers, courier } = ground;
  return {
    method,
    path,
    answer: (call) =>
      guarded((headers) => {
        const token = tokenOf(world, call);
        Object.assign(headers, quota.take(world, token.value, kind));
        if (OUTSIDE.has(token.kind) && path !== '/v3/me') throw new Refusal(403, 'This token does not have access to this resource');
        const reply = run({ call, token, world, courier, field: (name) => field(call, name) });
        if (kind === 'writes') watchers.changed();
        return reply;
      }),
  };
}

const SLUG = /^[a-z0-9_-]{1,80}$/;

export function projectOf({ world, token, field: read }: Signed): Project {
  const name = (read('project') ?? token.project ?? '').toLowerCase();
  if (!SLUG.test(name)) throw new Refusal(400, 'Please provide a valid project.');
  if (token.kind === 'st' && token.project !== name)
    throw new Refusal(400, `This token does not have access to requested project '${name}'`);
  const project = world.projects.get(name);
  const granted = (token.kind !== 'sa' && token.kind !== 'said') || token.grants.includes(name);
  if (project === undefined || !granted) throw new Refusal(404, `Could not find requested project '${name}'`);
  return project;
}

export function mayRead(token: Token, config: Config): boolean {
  if (token.kind === 'st') return token.config === config.name && token.project === config.project;
  return config.owner === null || (config.owner === USER && (token.kind === 'pt' || token.kind === 'ct'));
}

export function configOf(call: Signed): Config {
  const { token, field: read } = call;
  const project = projectOf(call);
  const name = (read('config') ?? token.config ?? '').toLowerCase();
  if (!SLUG.test(name)) throw new Refusal(400, 'Please provide a valid config.');
  if (token.kind === 'st' && token.config !== name) throw new Refusal(400, `This token does not have access to requested config '${name}'`);
  const config = project.configs.get(name);
  if (config === undefined || !mayRead(token, config)) throw new Refusal(404, `Could not find requested config '${name}'`);
  return config;
}

/** Writes to places (projects, configs, tokens) are not for service tokens. */
export function notServiceToken({ token }: Signed): void {
  if (token.kind === 'st') throw new Refusal(403, 'This token does not have access to this resource');
}

export function mayWrite({ token }: Signed): void {
  if (token.kind === 'st' && token.access === 'read')
    throw new Refusal(403, 'This token does not have write access to the requested config');
}

/** One page, from 1. There is no total: a short page is the last one. */
export function paged<T>(call: Call, all: readonly T[]): { page: number; items: T[] } {
  const page = Math.max(1, Number(call.query.get('page') ?? 1) || 1);
  const size = Math.max(1, Number(call.query.get('per_page') ?? 20) || 20);
  return { page, items: all.slice((page - 1) * size, page * size) };
}
