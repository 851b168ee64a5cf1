import { setTimeout as sleep } from 'node:timers/promises';
import { DcsError, type Log } from 'dcs-sdk';

export interface WatchOptions {
  readonly base: string;
  readonly token: string;
  readonly project: string;
  readonly config: string;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** A stream that says nothing for so long is dead: Doppler pings. */
const SILENCE_MS = 90_000;
const BACKOFF_MS = { first: 1_000, most: 60_000 };

/**
 * Calls `changed` whenever the config may have changed, first once the stream stands, until the signal. Answers false at once and for good
 * where the plan has no watch: it is for paid ones, undocumented, and what the Doppler CLI uses
 * (github.com/DopplerHQ/cli, pkg/http/api.go, last verified 2026-11-21).
 */
export async function watchConfig(options: WatchOptions, changed: () => void): Promise<false | undefined> {
  for (let wait = BACKOFF_MS.first; !options.signal.aborted; wait = Math.min(wait * 2, BACKOFF_MS.most)) {
    try {
      const body = await open(options);
      if (body === undefined) return false;
      wait = BACKOFF_MS.first;
      await listen(body, changed);
    } catch (error) {
      if (options.signal.aborted) return undefined;
      options.log(`watch: ${error instanceof Error ? error.name : 'failed'}, again in ${wait} ms`);
    }
    await sleep(wait * (0.5 + Math.random() / 2), undefined, { signal: options.signal }).catch(() => undefined);
  }
  return undefined;
}

async function open({ base, token, project, config, signal }: WatchOptions): Promise<ReadableStream<Uint8Array> | undefined> {
  const url = new URL(`${base}/v3/configs/config/secrets/watch`);
  url.search = new URLSearchParams({ project, config }).toString();
  const response = await fetch(url, {
    headers: { accept: 'text/event-stream', authorization: `Bearer ${token}` },
    redirect: 'error',
    signal,
  });
  const streams =
    response.status === 200 && response.headers.get('content-type')?.startsWith('text/event-stream') && response.body !== null;
  if (streams) return response.body!;
  await response.body?.cancel();
  if (response.status >= 400 && response.status < 500 && response.status !== 429) return undefined;
  throw new DcsError('NETWORK', `Doppler's watch answered with status ${response.status}.`);
}

/** Ends when the stream does; throws when it falls silent. */
async function listen(body: ReadableStream<Uint8Array>, changed: () => void): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>).getReader();
  let text = '';
  for (;;) {
    let silence: NodeJS.Timeout | undefined;
    const dead = new Promise<never>((_, reject) => {
      silence = setTimeout(() => reject(new DcsError('NETWORK', 'Doppler’s watch fell silent.')), SILENCE_MS);
    });
    try {
      const { done, value } = await Promise.race([reader.read(), dead]);
      if (done) return;
      text += value;
    } catch (error) {
      await reader.cancel().catch(() => undefined);
      throw error;
    } finally {
      clearTimeout(silence);
    }
    const events = text.split(/\r?\n\r?\n/);
    text = events.pop() ?? '';
    if (text.length > 65_536) throw new DcsError('NETWORK', 'Doppler’s watch sends no events.');
    // A new connection may have missed something.
    if (events.some((event) => /"type"\s*:\s*"(connected|secrets\.update)"/.test(event))) changed();
  }
}
