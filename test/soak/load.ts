import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { BAD, WRONG } from '../../plugins/dcs-plugin-automation/test/bad-requests.ts';
import { event, post, raw, type Post } from '../../plugins/dcs-plugin-automation/test/post.ts';

/** One in turn of these, and what it has to be answered. */
export type Mix = readonly (readonly [status: number, request: Post])[];

export const TOKEN = 'soak-token-of-thirty-two-characters-or-more';
const DOWNLOAD = '/v3/configs/config/secrets/download?format=json';
export const WATCH = '/v3/configs/config/secrets/watch';
const authorization = `Bearer ${TOKEN}`;

/** Signed events of configs without a trigger, and everything that is wrong. */
export const RECEIVER: Mix = BAD.flatMap(([, status, request]) => [
  [202, { body: event('dev') }],
  [status, request],
]);
const read = { method: 'GET', path: DOWNLOAD, headers: { authorization } };
export const SERVE: Mix = [
  [200, read],
  [200, read],
  [200, read],
  [304, { ...read, headers: { authorization, 'if-none-match': 'the present one' } }],
  [401, { ...read, headers: {} }],
  [401, { ...read, headers: { authorization: `Bearer ${TOKEN.toUpperCase()}` } }],
  [403, { ...read, headers: { authorization, origin: 'https://evil.example' } }],
  [403, { ...read, headers: { authorization, host: 'evil.example' } }],
  [404, { ...read, path: '/' }],
  [405, { path: DOWNLOAD, headers: { authorization }, body: 'x'.repeat(100_000) }],
  [431, { ...read, headers: { authorization, 'x-pad': 'x'.repeat(20_000) } }],
];

export interface Load {
  /** Hours since the begin, and ms that the answer took. */
  readonly late: readonly (readonly [hours: number, ms: number])[];
  /** `401 instead of 202`, and how often. */
  readonly wrong: ReadonlyMap<string, number>;
  end(): Promise<void>;
}

/** So many requests a second, however long the answers take; and slow clients that never say all. */
export function load(port: number, mix: Mix, rate: number, slow: (port: number) => Promise<unknown>): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const late: [hours: number, ms: number][] = [];
  const begin = performance.now();
  const wrong = new Map<string, number>();
  const flying = new Set<Promise<void>>();
  let over = false;
  const note = (what: string): void => void wrong.set(what, (wrong.get(what) ?? 0) + 1);
  const one = async (status: number, request: Post): Promise<void> => {
    const start = performance.now();
    try {
      const etag = status === 304 ? await etagOf(port) : undefined;
      const asked = etag === undefined ? request : { ...request, headers: { ...request.headers, 'if-none-match': etag } };
      const answer = await post(port, { ...asked, agent });
      if (answer.status !== status) note(`${answer.status} instead of ${status}`);
      late.push([(start - begin) / 3_600_000, performance.now() - start]);
    } catch (error) {
      // What is cut after 413 or 431 may break off the client's own write, or the next request on the same connection.
      note(`${(error as NodeJS.ErrnoException).code ?? 'an error'} instead of ${status}`);
    }
  };
  let turn = 0;
  const timer = setInterval(() => {
    const [status, request] = mix[turn++ % mix.length]!;
    const flight = one(status, request).finally(() => flying.delete(flight));
    flying.add(flight);
  }, 1000 / rate);
  const dawdling = (async () => {
    while (!over) await Promise.all([...Array.from({ length: 5 }, () => slow(port)), sleep(1000)]);
  })();
  return {
    late,
    wrong,
    async end() {
      over = true;
      clearInterval(timer);
      await Promise.all([dawdling, ...flying]);
      agent.destroy();
    },
  };
}

function etagOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = get({ host: '127.0.0.1', port, path: DOWNLOAD, headers: { authorization } }, (answer) => {
      answer.resume().on('end', () => resolve(answer.headers.etag!));
    });
    call.on('error', reject);
  });
}

/** A body that does not come: 408 after a few seconds. */
export const slowReceiver = (port: number): Promise<unknown> =>
  raw(
    port,
    [
      `POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-doppler-signature: ${WRONG}\r\ncontent-length: 9\r\n\r\n`,
      'x',
      'x',
    ],
    1000,
  );

/** Somebody who watches for a while and leaves without a word. */
export const slowServe = (port: number): Promise<unknown> =>
  new Promise((resolve) => {
    const call = get({ host: '127.0.0.1', port, path: WATCH, headers: { authorization } }, (answer) => {
      answer.resume().on('error', () => undefined);
      setTimeout(() => call.destroy(), 500 + Math.random() * 4000);
    });
    call.on('error', () => undefined).on('close', resolve);
  });
