import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { DcsError } from 'dcs-sdk';
import type { Session } from '../session.ts';
import { startChild } from './child.ts';
import { inject } from './injection.ts';
import { serveLocally, type LocalServer } from './local-server.ts';
import { Reader } from './reader.ts';
import { startOf, type RunOptions } from './run.ts';
import { supervise } from './supervise.ts';
import { changes, type Change } from './watch.ts';

export interface ServeOptions extends Omit<RunOptions, 'argv' | 'watch'> {
  /** Undefined: serve until a signal. */
  readonly argv?: readonly string[];
  /** 0: any free one. */
  readonly port: number;
  /** Start the program anew whenever a value changes. */
  readonly restart: boolean;
}

const SHORTEST_TOKEN = 32;

/** Answers the program's exit code, or 0 once a signal ended a server without a program. */
export async function serve(session: Session, { argv, port, restart, ...options }: ServeOptions): Promise<number> {
  const token = argv === undefined ? tokenOf(session) : randomBytes(32).toString('hex');
  const reader = await Reader.open(session);
  const first = await inject(session, reader, options.injection);
  for (const line of first.lines) options.say(line);
  const server = await serveLocally(token, port, first.secrets);
  options.say(`Serving ${first.secrets.size} names on ${server.url}`);
  const ended = new AbortController();
  const changing = updating(
    server,
    changes(session, reader, options.injection, first, ended.signal, options.say),
    restart && argv !== undefined,
  );
  try {
    if (argv === undefined) return await untilSignal(changing, ended);
    // The program needs no Doppler token: it asks here.
    const extra = { DOPPLER_TOKEN: undefined, DCS_SERVE_URL: server.url, DCS_SERVE_TOKEN: token };
    const prepare = async (injection: typeof first) => {
      const start = await startOf(session, injection, { ...options, argv, watch: true, extra });
      return () => startChild(start);
    };
    return await supervise(first, prepare, changing, options.say);
  } finally {
    ended.abort();
    server.close();
  }
}

/** What others are to know must come from who starts them: dcs prints no token. */
function tokenOf({ env }: Session): string {
  const token = env['DCS_SERVE_TOKEN'] ?? '';
  if (token.length >= SHORTEST_TOKEN) return token;
  throw new DcsError('USAGE', 'Without a program to start, DCS_SERVE_TOKEN says who may ask.', {
    why: `It has to be at least ${SHORTEST_TOKEN} characters long.`,
    hint: ['export DCS_SERVE_TOKEN="$(openssl rand -hex 32)"', 'dcs serve -- npm run dev'],
  });
}

async function* updating(server: LocalServer, changing: AsyncGenerator<Change>, passOn: boolean): AsyncGenerator<Change> {
  for await (const change of changing) {
    server.update(change.injection.secrets);
    if (passOn) yield change;
  }
}

async function untilSignal(changing: AsyncGenerator<Change>, ended: AbortController): Promise<number> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal, { signal: ended.signal }).catch(() => undefined));
  await Promise.race([...signals, changing.next()]);
  return 0;
}
