import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DcsError, type Host } from 'dcs-sdk';
import { type Channel, variable } from './channels.ts';
import { mailboxOf, sendMail, type Mailbox } from './mail.ts';
import type { Notice } from './notice.ts';
import { routingKey, sendPagerDuty } from './pagerduty.ts';
import { address, type Sending } from './post.ts';
import { sendSlack } from './slack.ts';
import { type Period, Spool } from './spool.ts';
import { sendWebhook, signingKey } from './webhook.ts';
import { counted, type Told } from './words.ts';

/** Where dcs sends PagerDuty's events; PAGERDUTY_EVENTS_URL is another one, for Europe or a sandbox. */
const PAGERDUTY = 'https://events.pagerduty.com';

/** The variables of each type of channel, all of which it needs. */
const VARIABLES = { slack: ['URL'], webhook: ['URL', 'SECRET'], email: ['SMTP', 'TO', 'FROM'], pagerduty: ['KEY'] } as const;

/** Whether this machine is meant to tell that channel anything: one without any of its variables is silent. */
export const isHere = (host: Host, channel: Channel): boolean => VARIABLES[channel.type].some((what) => value(host, channel, what) !== '');

function value(host: Host, channel: Channel, what: string): string {
  return (host.env[variable(channel, what)] ?? '').trim();
}

function given(host: Host, channel: Channel, what: string): [string, string] {
  const name = variable(channel, what);
  const found = value(host, channel, what);
  if (found === '') throw new DcsError('CONFIG', `${name} is not set.`, { why: `The channel ${channel.name} needs it. Nothing was sent.` });
  return [name, found];
}

const told = (channel: Channel, notices: readonly Notice[]): readonly Told[] =>
  channel.names === 'count' ? notices.map(counted) : notices;

const mailbox = (host: Host, channel: Channel): Mailbox =>
  mailboxOf(given(host, channel, 'SMTP'), given(host, channel, 'TO'), given(host, channel, 'FROM'));

/** A folder of the channel, of this project alone. */
export function folderOf({ stateDir, root }: Host, channel: Channel): string {
  return join(stateDir, 'notify', createHash('sha256').update(root).digest('hex').slice(0, 16), channel.name);
}

/** Sends at once. Answers where it went: a host, never a path. Throws DcsError. */
export async function send(host: Host, channel: Channel, notices: readonly Notice[], sending: Sending): Promise<string> {
  const words = told(channel, notices);
  const { signal, id, arrived } = sending;
  if (channel.type === 'pagerduty') {
    const key = routingKey(...given(host, channel, 'KEY'));
    const url = address('PAGERDUTY_EVENTS_URL', host.env['PAGERDUTY_EVENTS_URL'] ?? PAGERDUTY);
    await sendPagerDuty(url, key, words, sending);
    return url.host;
  }
  const took = await whole(host, channel, words, { signal, id });
  for (const notice of notices) arrived(notice);
  return took;
}

/** One message for all. */
async function whole(
  host: Host,
  channel: Channel,
  words: readonly Told[],
  { signal, id }: Pick<Sending, 'signal' | 'id'>,
): Promise<string> {
  if (channel.type === 'email') {
    const box = mailbox(host, channel);
    await sendMail(box, words, id, signal);
    return box.server.host;
  }
  const url = address(...given(host, channel, 'URL'));
  if (channel.type === 'slack') await sendSlack(url, words, signal);
  else await sendWebhook(url, signingKey(...given(host, channel, 'SECRET')), words, { signal, id });
  return url.host;
}

/** A job of CI has no disk that outlives it. */
const periodOf = (host: Host, { digest }: Channel): Period => (digest === undefined || host.env['CI'] ? 'immediate' : digest);

/** Puts it on disk first, where it is safe. */
export const spool = (host: Host, channel: Channel, notices: readonly Notice[]): Promise<void> =>
  new Spool(folderOf(host, channel)).add(notices);

/** Sends what is due, until the first failure. Answers how many notices went. */
export async function sendDue(host: Host, channel: Channel, signal: AbortSignal): Promise<number> {
  let count = 0;
  for await (const batch of new Spool(folderOf(host, channel)).due(periodOf(host, channel))) {
    try {
      await send(host, channel, batch.notices, { signal, id: batch.id, arrived: () => undefined });
    } catch (error) {
      if (await batch.keep()) host.output.note(`notifications: ${channel.name} gave up ${batch.notices.length} notices after a week`);
      throw error;
    }
    await batch.done();
    count += batch.notices.length;
  }
  return count;
}
