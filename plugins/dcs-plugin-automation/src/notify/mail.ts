import { setTimeout as sleep } from 'node:timers/promises';
import { DcsError, isLoopback } from 'dcs-sdk';
import type { Notice } from './notice.ts';
import { details, origin, place, summary, type Told, what } from './words.ts';

/** A mail server, and who hears. */
export interface Mailbox {
  readonly server: URL;
  readonly from: string;
  readonly to: readonly string[];
}

const ADDRESS = /^[^\s<>,;:@"]+@[^\s<>,;:@"]+$/;
/** Of more only the number is told. */
const MOST = 500;
const TRIES = 3;

function addressesIn(name: string, value: string): string[] {
  const addresses = value.split(',').map((each) => each.trim());
  if (addresses.every((each) => ADDRESS.test(each))) return addresses;
  throw new DcsError('CONFIG', `${name} has no e-mail address, or one that is none.`, { why: 'Nothing was sent.' });
}

/** Out of `SMTP`, `TO` and `FROM`; each is `[name of the variable, its value]`. */
export function mailboxOf(smtp: [string, string], to: [string, string], from: [string, string]): Mailbox {
  const server = URL.canParse(smtp[1]) ? new URL(smtp[1]) : undefined;
  if (server === undefined || !['smtp:', 'smtps:'].includes(server.protocol) || server.hostname === '')
    throw new DcsError('CONFIG', `${smtp[0]} is no address of a mail server.`, {
      why: 'Nothing was sent.',
      hint: 'smtp://USER:PASSWORD@HOST:587, smtps:// for TLS from the first byte',
    });
  const [sender = ''] = addressesIn(...from);
  return { server, from: sender, to: addressesIn(...to) };
}

function paragraph(notice: Told): string {
  return [`${notice.project} ${place(notice)}: ${what(notice)}`, ...details(notice).map((line) => `  ${line}`)].join('\n');
}

/** Plain text. The id is the same for every try, so that whoever gets it twice shows it once. */
export function letter(
  { from, to }: Mailbox,
  notices: readonly Told[],
  id: string,
): Record<'from' | 'to' | 'subject' | 'text' | 'messageId', string> {
  const more = notices.length - MOST;
  const [first] = notices as readonly Notice[];
  return {
    from,
    to: to.join(', '),
    subject: `dcs: ${summary(notices)}`,
    text: [
      ...notices.slice(0, MOST).map(paragraph),
      ...(more > 0 ? [`and ${more} more`] : []),
      `-- \n${first === undefined ? 'dcs' : origin(first)}. Names only: values never leave.\n`,
    ].join('\n\n'),
    messageId: `<${id}@${from.split('@')[1] ?? 'dcs'}>`,
  };
}

interface Refused {
  readonly code?: string;
  readonly responseCode?: number;
}

/** The server's own words are not repeated. */
function refusal({ code = 'unknown', responseCode }: Refused): DcsError {
  if (code === 'EAUTH') return new DcsError('AUTH', 'The mail server refused the user or the password.');
  if (responseCode !== undefined)
    return new DcsError('TARGET', `The mail server refused the message (${responseCode}).`, { status: responseCode });
  return new DcsError('NETWORK', `The mail server cannot be reached, or did not answer (${code}).`);
}

const lasting = ({ code, responseCode = 0 }: Refused): boolean => code === 'EAUTH' || responseCode >= 500;

/** Sends one message until it is taken, refused for good, or `signal` ends it. TLS, except to this machine. */
export async function sendMail(mailbox: Mailbox, notices: readonly Told[], id: string, signal: AbortSignal): Promise<void> {
  const { createTransport } = await import('nodemailer');
  const { server } = mailbox;
  const secure = server.protocol === 'smtps:';
  const local = isLoopback(new URL(`http://${server.host}`));
  const transport = createTransport({
    host: server.hostname.replaceAll(/[[\]]/g, ''),
    port: Number(server.port) || (secure ? 465 : 587),
    secure,
    requireTLS: !secure && !local,
    ignoreTLS: local,
    ...(server.username === '' ? {} : { auth: { user: decodeURIComponent(server.username), pass: decodeURIComponent(server.password) } }),
    connectionTimeout: 5000,
    greetingTimeout: 5000,
    socketTimeout: 5000,
    logger: false,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const message = letter(mailbox, notices, id);
  try {
    for (let attempt = 1; ; attempt++) {
      const failed = await Promise.race([transport.sendMail(message).then(() => undefined, asRefused), ended(signal)]);
      if (failed === undefined) return;
      if (attempt === TRIES || signal.aborted || lasting(failed)) throw refusal(failed);
      await sleep(250 * 2 ** attempt, undefined, { signal }).catch(() => {
        throw refusal(failed);
      });
    }
  } finally {
    transport.close();
  }
}

function asRefused(error: unknown): Refused {
  const { code, responseCode } = error as Refused;
  if (code === undefined && responseCode === undefined) throw error;
  return { ...(code === undefined ? {} : { code }), ...(responseCode === undefined ? {} : { responseCode }) };
}

function ended(signal: AbortSignal): Promise<Refused> {
  const { promise, resolve } = Promise.withResolvers<Refused>();
  const end = (): void => resolve({ code: 'ETIMEDOUT' });
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  return promise;
}
