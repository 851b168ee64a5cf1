import { setTimeout as sleep } from 'node:timers/promises';
import { createHttp, DcsError, isDcsError, isLoopback, type HttpAnswer } from 'dcs-sdk';
import type { Notice } from './notice.ts';

/** One message goes on for so long at most, ms. */
export const PATIENCE = 12_000;
const TRIES = 3;

/** How a message is sent. */
export interface Sending {
  readonly signal: AbortSignal;
  /** The same for every try of a message that must not count twice. */
  readonly id: string;
  /** Hears of each notice that was taken. */
  readonly arrived: (notice: Notice) => void;
}

/** Where a channel goes: an address out of a variable. Its path may be a secret and is never shown. */
export function address(name: string, value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (
    url === undefined ||
    url.username !== '' ||
    url.password !== '' ||
    !(url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)))
  )
    throw new DcsError('CONFIG', `${name} is no https address.`, { why: 'Nothing was sent.' });
  return url;
}

/** Posts until it is taken, refused, or time is up. `name` is for messages: `Slack`. */
export async function post(
  name: string,
  url: URL,
  {
    body,
    headers = {},
    signal,
  }: { readonly body: string; readonly headers?: Readonly<Record<string, string>>; readonly signal: AbortSignal },
): Promise<void> {
  const http = createHttp({ base: url.origin, name, signal, timeout: 5000, deadline: PATIENCE, attempts: TRIES, maxBytes: 64 * 1024 });
  const request = { method: 'POST', path: url.pathname + url.search, headers, body, reads: 'text', idempotent: true } as const;
  for (let attempt = 1; ; attempt++) {
    const { status } = await http.request(request).catch(refused);
    if (status < 400) return;
    // The one passing failure that the client of vendors' APIs does not repeat.
    if (status !== 500 || attempt === TRIES)
      throw new DcsError('TARGET', `${name} refused the message (${status}).`, { status, why: 'Its answer is not shown.' });
    await sleep(250 * 2 ** attempt, undefined, { signal });
  }
}

/** A refusal that is no JSON is one all the same. */
function refused(error: unknown): Pick<HttpAnswer, 'status'> {
  const { status = 0 } = isDcsError(error) ? error.details : {};
  if (status >= 400 && status < 500 && status !== 429) return { status };
  throw error;
}
