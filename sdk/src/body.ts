import { DcsError } from './error.ts';
import { DEPTH, tangled } from './tangled.ts';

/** What vendors' answers have at least, on the whole. */
const BYTES_A_VALUE = 40;

/**
 * A response's JSON, undefined when there is no body. Bytes are joined before they are decoded (a character may span chunks),
 * bounded, and never quoted in an error.
 */
export async function readJson(response: Response, name: string, maxBytes: number): Promise<unknown> {
  if (response.status === 304) return undefined; // it may tell the length of what it does not send
  const bytes = await readBytes(response, name, maxBytes);
  if (bytes.byteLength === 0) return undefined;
  const type = (response.headers.get('content-type') ?? 'nothing said').split(';')[0]!.trim();
  if (!/[/+]json$/i.test(type))
    throw new DcsError('NETWORK', `${name} answered with ${type} instead of JSON.`, { status: response.status });
  const most = Math.floor(maxBytes / BYTES_A_VALUE);
  if (tangled(bytes, most))
    throw new DcsError('NETWORK', `${name} answered with JSON of more than ${most} values, or nested deeper than ${DEPTH}.`, {
      status: response.status,
    });
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new DcsError('NETWORK', `${name} answered with damaged JSON.`, { status: response.status }); // the parser's message would quote it
  }
}

/** A response's text, of any type: bounded, and a byte that is no UTF-8 is damage. */
export async function readText(response: Response, name: string, maxBytes: number): Promise<string> {
  const bytes = await readBytes(response, name, maxBytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new DcsError('NETWORK', `${name} answered with damaged text.`, { status: response.status });
  }
}

async function readBytes(response: Response, name: string, maxBytes: number): Promise<Uint8Array> {
  const tooLong = async (cancel: Promise<void> | undefined): Promise<never> => {
    await cancel;
    throw new DcsError('NETWORK', `${name} answered with more than ${maxBytes} bytes.`, { status: response.status });
  };
  if (Number(response.headers.get('content-length')) > maxBytes) return tooLong(response.body?.cancel());
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader!.read()) {
    size += chunk.value.byteLength;
    if (size > maxBytes) return tooLong(reader!.cancel());
    chunks.push(chunk.value);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
