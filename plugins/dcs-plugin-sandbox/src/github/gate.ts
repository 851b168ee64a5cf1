import { randomUUID } from 'node:crypto';
import type { Call, Reply, Route } from '../server/cloud.ts';
import type { Repository, Right, Token, World } from './state.ts';

export type Json = Record<string, unknown>;
export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

const DOCS = 'https://docs.github.com/rest';

/** One field of a body that GitHub does not take. */
export interface Wrong {
  resource: string;
  field: string;
  code: 'missing' | 'missing_field' | 'invalid' | 'custom' | 'already_exists';
  message?: string;
}

export class Refusal extends Error {
  readonly status: number;
  readonly errors: readonly Wrong[] | undefined;
  constructor(status: number, message: string, errors?: readonly Wrong[]) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

export const invalid = (...errors: Wrong[]): Refusal => new Refusal(422, 'Validation Failed', errors);
export const notFound = (): Refusal => new Refusal(404, 'Not Found');

export function refused({ status, message, errors }: Refusal): Reply {
  const body = { message, ...(errors ? { errors } : {}), documentation_url: DOCS, status: String(status) };
  return { status, body };
}

export async function answered(run: () => Reply | Promise<Reply>): Promise<Reply> {
  const headers = { 'x-github-request-id': randomUUID(), 'x-github-media-type': 'github.v3; format=json' };
  try {
    const reply = await run();
    return { ...reply, headers: { ...headers, ...reply.headers } };
  } catch (error) {
    if (error instanceof Refusal) return { ...refused(error), headers };
    throw error;
  }
}

export function tokenOf(world: World, { headers }: Call): Token {
  if (!headers['user-agent'])
    throw new Refusal(403, 'Request forbidden by administrative rules. Please make sure your request has a User-Agent header');
  const value = /^(?:bearer|token) (.+)$/i.exec(headers.authorization ?? '')?.[1];
  if (value === undefined) throw new Refusal(401, 'Requires authentication');
  const token = world.tokens.get(value.trim());
  if (token === undefined) throw new Refusal(401, 'Bad credentials');
  return token;
}

/** A call by somebody known, about a repository that they may see. */
export interface Signed {
  call: Call;
  world: World;
  repository: Repository;
  token: Token;
  /** Where the API stands, for the addresses in answers. */
  origin: string;
}

export const originOf = ({ headers }: Call): string => `http://${headers.host}/github`;

function sign(world: World, call: Call): Signed {
  const token = tokenOf(world, call);
  const name = `${call.params['owner']}/${call.params['repo']}`;
  const repository = [...world.repositories.values()].find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (repository === undefined || (token.repository !== null && token.repository !== repository.name && repository.private))
    throw notFound();
  return { call, world, repository, token, origin: originOf(call) };
}

/** What a job's token lacks is worded like this, whichever right it is. */
export function demand({ token, repository }: Signed, rights: readonly Right[], level: 'read' | 'write'): void {
  if (token.rights === null) return;
  const has = (right: Right): boolean => token.rights?.[right] === 'write' || (level === 'read' && token.rights?.[right] === 'read');
  const outside = token.repository !== repository.name;
  if (outside ? level === 'write' : !rights.some(has)) throw new Refusal(403, 'Resource not accessible by integration');
}

/** A route below `/repos/:owner/:repo`; one of `rights` is enough. */
export function route(world: World, verb: string, rights: readonly Right[], run: (signed: Signed) => Reply): Route {
  const [method = '', path = ''] = verb.split(' ');
  const answer = (call: Call): Promise<Reply> =>
    answered(() => {
      const signed = sign(world, call);
      demand(signed, rights, method === 'GET' ? 'read' : 'write');
      return run(signed);
    });
  return { method, path: `/repos/:owner/:repo${path}`, answer };
}

export function bodyOf({ body, raw }: Call): Json {
  if (raw.length === 0) return {};
  if (!isObject(body)) throw new Refusal(400, 'Problems parsing JSON');
  return body;
}

/** One page with its `Link`s; 30 a page, at most 100. https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api, last verified 2026-11-21. */
export function paged({ call, origin }: Signed, all: readonly unknown[]): Reply {
  const number = (name: string, otherwise: number): number =>
    Math.max(1, Math.floor(Number(call.query.get(name) ?? otherwise)) || otherwise);
  const size = Math.min(100, number('per_page', 30));
  const page = number('page', 1);
  const last = Math.max(1, Math.ceil(all.length / size));
  const link = (to: number, rel: string): string => {
    const query = new URLSearchParams(call.query);
    query.set('page', String(to));
    return `<${origin}${call.path.replace('/github', '')}?${query}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [link(page - 1, 'prev'), link(1, 'first')] : []),
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
  ];
  const body = all.slice((page - 1) * size, page * size);
  return { status: 200, body, ...(links.length === 0 ? {} : { headers: { link: links.join(', ') } }) };
}
