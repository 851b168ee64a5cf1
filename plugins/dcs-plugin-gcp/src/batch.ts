import { DcsError, isDcsError } from 'dcs-sdk';
import { isJson, type Api, type Json } from './api.ts';

export interface Answer {
  readonly status: number;
  readonly body: Json;
}

/** Google's own clients put at most so many calls into one request. */
const MOST = 1000;
const AT_A_TIME = 16;
const BOUNDARY = 'dcs-batch';

/**
 * The answers to many GETs, each to its path. One request a thousand, where the API takes batches (`batchPath` of its discovery
 * document; not verified against the real one); where it does not, or one part did not fit in, one request each.
 */
export async function getAll(api: Api, paths: readonly string[], one: (path: string) => Promise<Answer>): Promise<Answer[]> {
  const answers = new Map<string, Answer>();
  if (paths.length > 1)
    for (let at = 0; at < paths.length; at += MOST)
      for (const [path, answer] of await batch(api, paths.slice(at, at + MOST))) answers.set(path, answer);
  await each(
    paths.filter((path) => !answers.has(path)),
    async (path) => {
      answers.set(path, await one(path));
    },
  );
  return paths.map((path) => answers.get(path)!);
}

/** Runs some at a time; the first failure is thrown when those that run have ended. */
export async function each<T>(items: readonly T[], run: (item: T) => Promise<void>, atATime = AT_A_TIME): Promise<void> {
  let next = 0;
  let failed: { readonly error: unknown } | undefined;
  const work = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const item = items[next++]!;
      await run(item).catch((error: unknown) => {
        failed ??= { error };
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(atATime, items.length) }, work));
  if (failed) throw failed.error;
}

async function batch(api: Api, paths: readonly string[]): Promise<Map<string, Answer>> {
  try {
    const { text } = await api({
      method: 'POST',
      path: '/batch',
      contentType: `multipart/mixed; boundary=${BOUNDARY}`,
      body: `${paths.map(part).join('')}--${BOUNDARY}--\r\n`,
      reads: 'text',
      idempotent: true,
      subject: 'a batch of reads',
    });
    return typeof text === 'string' ? parse(text, paths) : new Map();
  } catch (error) {
    if (isDcsError(error) && error.code !== 'INTERRUPTED') return new Map(); // what is wrong, each single read says better
    throw error;
  }
}

const part = (path: string, index: number): string =>
  `--${BOUNDARY}\r\ncontent-type: application/http\r\ncontent-id: <${index}>\r\n\r\nGET ${path} HTTP/1.1\r\n\r\n\r\n`;

/** Parts are told apart by their ids; a part that is not whole is read again alone. */
function parse(text: string, paths: readonly string[]): Map<string, Answer> {
  const boundary = text.slice(0, text.search(/\r?\n/)).trim();
  const answers = new Map<string, Answer>();
  for (const whole of boundary.startsWith('--') ? text.split(boundary) : []) {
    const path = paths[Number(/^content-id:\s*<response-(\d+)>/im.exec(whole)?.[1] ?? -1)];
    const status = Number(/^HTTP\/[\d.]+ (\d{3})/m.exec(whole)?.[1] ?? 0);
    const body = bodyOf(whole);
    if (path !== undefined && body !== undefined && status >= 200 && status !== 429 && status < 500) answers.set(path, { status, body });
  }
  return answers;
}

function bodyOf(whole: string): Json | undefined {
  const start = whole.indexOf('{');
  try {
    const body: unknown = start < 0 ? undefined : JSON.parse(whole.slice(start));
    return isJson(body) ? body : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A single read as a batch would answer it: a refusal that the caller judges is no failure. */
export async function answerOf(read: () => Promise<Json>): Promise<Answer> {
  try {
    return { status: 200, body: await read() };
  } catch (error) {
    if (!(error instanceof DcsError) || error.details.status === undefined || error.code === 'NETWORK' || error.details.status === 401)
      throw error;
    const { status, vendorCode } = error.details;
    return { status, body: { error: { status: vendorCode } } };
  }
}
