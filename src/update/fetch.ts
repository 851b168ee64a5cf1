import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { createHttp, DcsError, isDcsError, path } from 'dcs-sdk';
import { parseManifest, type Channel, type Manifest, type Part } from './manifest.ts';
import { signedText } from './signed.ts';

/** Files of a static server. https alone, but on this machine; no redirect is followed, and no address comes from an answer. */
export interface Updates {
  /** Undefined: there is no such version or channel for this platform. */
  manifest(of: { readonly channel: Channel } | { readonly version: string }): Promise<Manifest | undefined>;
  /** Into a new file, as its manifest says it or not at all. */
  part(part: Part, file: string): Promise<void>;
}

const NAME = 'The server of updates';
const MANIFEST_BYTES = 8 * 1024 * 1024;
/** Ms without a byte, and for all of them: 256 MB at 2 MB/s. */
const [SILENCE, WHOLE] = [30_000, 15 * 60_000];

export function updatesAt({ updates, platform }: { updates: string; platform: string }, userAgent: string): Updates {
  const base = updates.endsWith('/') ? updates : `${updates}/`;
  const http = createHttp({ base, name: NAME, maxBytes: MANIFEST_BYTES, userAgent, attempts: 3 });
  return {
    async manifest(of) {
      const folder = 'channel' in of ? path`/channels/${of.channel}` : path`/versions/${of.version}`;
      try {
        const { status, body } = await http.request({ method: 'GET', path: `${folder}/${platform}.signed`, reads: 'text' });
        if (status !== 200) return absent(status);
        return parseManifest(signedText(body as string));
      } catch (error) {
        // A page in place of JSON says as much as a bare 404.
        if (isDcsError(error) && error.details.status !== undefined && error.details.status >= 400)
          return absent(error.details.status, error);
        throw error;
      }
    },
    part: (part, file) => download(new URL(`parts/${part.sha256}.part`, base), part, file, userAgent),
  };
}

function absent(status: number, error?: DcsError): undefined {
  if (status === 404) return undefined;
  throw error ?? new DcsError('NETWORK', `${NAME} answered ${status}.`, { why: 'Nothing was changed.' });
}

async function download(url: URL, part: Part, file: string, userAgent: string): Promise<void> {
  const stop = new AbortController();
  const silence = setTimeout(() => stop.abort(), SILENCE);
  try {
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { 'user-agent': userAgent, 'accept-encoding': 'identity' },
      signal: AbortSignal.any([stop.signal, AbortSignal.timeout(WHOLE)]),
    });
    if (answer.status !== 200 || !answer.body) throw broken(`answered ${answer.status}`);
    await write(answer.body, part, file, () => silence.refresh());
  } catch (error) {
    if (isAbort(error)) throw broken('did not answer in time');
    if (error instanceof TypeError) throw broken('broke the connection');
    throw error;
  } finally {
    clearTimeout(silence);
  }
}

async function write(body: AsyncIterable<Uint8Array>, part: Part, file: string, alive: () => void): Promise<void> {
  const hash = createHash('sha256');
  const handle = await open(file, 'wx', 0o600);
  let size = 0;
  try {
    for await (const chunk of body) {
      alive();
      size += chunk.byteLength;
      if (size > part.size) break;
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
  } finally {
    await handle.close();
  }
  if (size < part.size) throw broken('ended a file too early');
  if (size > part.size || hash.digest('hex') !== part.sha256)
    throw new DcsError('REFUSED', 'A file of the update is not the one that its manifest names.', {
      why: 'Its SHA-256 differs. Nothing was unpacked; the version in use is as it was.',
      hint: 'try again later; if it stays, report it: see SECURITY.md',
    });
}

const isAbort = (error: unknown): boolean => error instanceof Error && ['AbortError', 'TimeoutError'].includes(error.name);

const broken = (what: string): DcsError =>
  new DcsError('NETWORK', `${NAME} ${what}.`, {
    why: 'Nothing was unpacked; the version in use is as it was.',
    hint: 'the same again later',
  });
