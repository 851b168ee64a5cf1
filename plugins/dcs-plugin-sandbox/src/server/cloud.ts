import type { IncomingHttpHeaders } from 'node:http';
import type { Panel } from './control.ts';

/** One request, after the route was found. `body` is the parsed JSON, or undefined when there was none. */
export interface Call {
  method: string;
  path: string;
  params: Record<string, string>;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: unknown;
  raw: Buffer;
}

/** `body` is sent as JSON; `text` as it is, with the content-type that `headers` names. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
  text?: string;
  /** Instead of both: server-sent events for as long as the caller listens. Answers what ends them. */
  events?: (emit: (payload: unknown) => void) => () => void;
}

/** `path` has `:name` and `:name:verb` segments, and the cloud's prefix in front unless it begins with `/_sandbox/`. */
export interface Route {
  method: string;
  path: string;
  /** Without the cloud's prefix, for clients that know a host and a port only. */
  bare?: boolean;
  answer(call: Call): Reply | Promise<Reply>;
}

/** One vendor's control plane. `state()` is JSON; `seed()` fills an empty cloud. */
export interface Cloud {
  name: 'doppler' | 'cloudflare' | 'google' | 'neon' | 'github' | 'slack' | 'pagerduty' | 'inbox' | 'mail';
  prefix: string;
  routes: readonly Route[];
  /** The variables that point clients at it, and sign them in. */
  env(origin: string): Record<string, string>;
  notFound(call: Call): Reply;
  state(): unknown;
  restore(state: unknown): void;
  seed(): void;
  /** For a cloud with more than memory: called once, before the first call; `changed` saves the state after work in the background. */
  open?(changed: () => void, panel: Pick<Panel, 'faults' | 'journal'>): Promise<void>;
  /** Ends whatever it started. */
  close?(): Promise<void>;
}
