import { randomUUID } from 'node:crypto';
import { DcsError, type Host, isDcsError } from 'dcs-sdk';
import { type Channel, channelsOf, hears } from './channels.ts';
import { folderOf, isHere, send, sendDue, spool } from './deliver.ts';
import { Memory } from './memory.ts';
import { EVENTS, isTrouble, type Notice } from './notice.ts';
import { dedupKey, withEnds } from './pagerduty.ts';
import type { Sending } from './post.ts';

export { noticesOf, type Notice, type NoticeEvent } from './notice.ts';

/** What became of a channel. */
export interface Delivery {
  readonly channel: string;
  readonly type: Channel['type'];
  /** `kept`: on disk, for a digest or another try. `silent`: it hears nothing of this, or has no variables here. */
  readonly result: 'sent' | 'kept' | 'silent' | 'failed';
  /** Of one that failed, or is kept because it failed. */
  readonly error?: DcsError;
}

/** All channels together, ms. */
const PATIENCE = 15_000;
const HOUR = 3_600_000;
/** How soon the same trouble is told again, ms. Programs hear of every run. */
const AGAIN: Record<Channel['type'], number> = { slack: 24 * HOUR, email: 24 * HOUR, pagerduty: HOUR, webhook: 0 };

/**
 * Tells the channels of dcs.yaml what became of one run: all its notices in one call. Takes 15 s at most, never throws and changes no
 * exit code; what could not be told is a line on stderr, and stands in the answer for other logs.
 */
export function notify(host: Host, notices: readonly Notice[]): Promise<readonly Delivery[]> {
  return each(host, (channel, signal) => tell(host, channel, notices, signal));
}

/** Sends digests that are due and e-mails that an earlier process could not. As patient, and as quiet, as `notify`. */
export function flush(host: Host): Promise<readonly Delivery[]> {
  return each(host, async (channel, signal) =>
    channel.type === 'email' ? spooled(host, channel, signal, 'silent') : { result: 'silent' },
  );
}

type Fate = Pick<Delivery, 'result' | 'error'>;

async function each(host: Host, work: (channel: Channel, signal: AbortSignal) => Promise<Fate>): Promise<readonly Delivery[]> {
  const signal = AbortSignal.timeout(PATIENCE);
  const channels = await channelsOf(host).catch((thrown: unknown) => {
    host.output.note(`notifications: ${asError(thrown).message}`);
    return [];
  });
  return Promise.all(
    channels
      .filter((channel) => isHere(host, channel))
      .map(async (channel) => {
        const fate = await work(channel, signal).catch(failed);
        if (fate.error !== undefined) host.output.note(`notifications: ${channel.name}: ${fate.error.message}`);
        return { channel: channel.name, type: channel.type, ...fate };
      }),
  );
}

const failed = (thrown: unknown): Fate => ({ result: 'failed', error: asError(thrown) });

/** A defect in here must not end a sync either; its own words could quote what it was given. */
function asError(thrown: unknown): DcsError {
  if (isDcsError(thrown)) return thrown;
  const { code, name } = thrown as { code?: unknown; name?: unknown };
  const word = [code, name].find((each) => typeof each === 'string') ?? 'unknown';
  return new DcsError('TARGET', `The notification failed unexpectedly (${word}).`);
}

async function tell(host: Host, channel: Channel, notices: readonly Notice[], signal: AbortSignal): Promise<Fate> {
  const memory = new Memory(folderOf(host, channel), AGAIN[channel.type]);
  const pages = channel.type === 'pagerduty';
  const all = (pages ? withEnds(notices) : notices).toSorted((a, b) => EVENTS.indexOf(a.event) - EVENTS.indexOf(b.event));
  const known = await memory.heard(all);
  // An incident is resolved by who opened it. A job of CI remembers nothing, and resolves whatever is well.
  const isNews = (notice: Notice): boolean =>
    isTrouble(notice) ? !known.lately(notice) : !pages || host.env['CI'] !== undefined || known.trouble(notice);
  const news = all.filter((notice) => hears(channel, notice) && isNews(notice));
  // Nobody is told that all is well again, but the next trouble is a new one.
  const over = all.filter((notice) => !isTrouble(notice) && !hears(channel, notice));
  const taken = new Set<string>();
  const sending = { signal, id: randomUUID(), arrived: (notice: Notice) => void taken.add(dedupKey(notice)) };
  const fate = await deliver(host, channel, news, sending).catch(failed);
  const told = [...news.filter((notice) => taken.has(dedupKey(notice))), ...over];
  await memory.keep(told).catch((error: unknown) => {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    host.output.note(`notifications: ${channel.name}: what was told is not remembered (${code}), and may be told again`);
  });
  return fate;
}

async function deliver(host: Host, channel: Channel, notices: readonly Notice[], sending: Sending): Promise<Fate> {
  if (channel.type === 'email') {
    if (notices.length > 0) await spool(host, channel, notices);
    for (const notice of notices) sending.arrived(notice);
    return spooled(host, channel, sending.signal, notices.length > 0 ? 'kept' : 'silent');
  }
  if (notices.length === 0) return { result: 'silent' };
  await send(host, channel, notices, sending);
  return { result: 'sent' };
}

/** `otherwise`: where nothing was due. */
async function spooled(host: Host, channel: Channel, signal: AbortSignal, otherwise: Fate['result']): Promise<Fate> {
  try {
    return { result: (await sendDue(host, channel, signal)) > 0 ? 'sent' : otherwise };
  } catch (error) {
    return { result: 'kept', error: asError(error) };
  }
}
