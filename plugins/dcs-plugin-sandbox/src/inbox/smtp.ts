import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SMTPServerSession } from 'smtp-server';
import { SEED } from '../seed.ts';
import { makeCertificate } from '../server/certificate.ts';
import type { Panel } from '../server/control.ts';
import { readMessage } from './mime.ts';
import type { Shelf } from './shelf.ts';

/** A message that was accepted. */
export interface Letter {
  at: string;
  from: string;
  to: string[];
  subject: string;
  messageId: string;
  text: string;
  tls: boolean;
  user: string | null;
}

/** `tls`: STARTTLS with a certificate that nobody trusts; `auth`: nothing goes without signing in. */
export interface Settings {
  tls: boolean;
  auth: boolean;
}

export interface Postman {
  take(socket: Socket): void;
}

interface Office {
  settings: Settings;
  shelf: Shelf<Letter>;
  changed: () => void;
  panel: Pick<Panel, 'faults' | 'journal'>;
}

type Reply = (error?: Error | null) => void;

const refusal = (code: number, text: string): Error => Object.assign(new Error(text), { responseCode: code });

function letterOf(raw: Buffer, session: SMTPServerSession): Letter {
  const { headers, text } = readMessage(raw);
  const { mailFrom, rcptTo } = session.envelope;
  return {
    at: new Date().toISOString(),
    from: mailFrom === false ? '' : mailFrom.address,
    to: rcptTo.map(({ address }) => address),
    subject: headers.get('subject') ?? '',
    messageId: headers.get('message-id') ?? '',
    text,
    tls: session.secure,
    user: typeof session.user === 'string' ? session.user : null,
  };
}

/**
 * The words of SMTP, with faults for `SMTP /mail/rcpt` and `SMTP /mail/send` (`status` is the reply's code; a reset after the commit
 * keeps the message and loses the answer).
 */
export async function smtp({ settings, shelf, changed, panel }: Office): Promise<Postman> {
  const { SMTPServer } = await import('smtp-server');
  const sockets = new Map<string, Socket>();
  const step = async (name: 'rcpt' | 'send', session: SMTPServerSession, commit: () => void): Promise<Error | undefined> => {
    const path = `/mail/${name}`;
    const fault = panel.faults.due('mail', 'SMTP', path);
    const note = (status: number): void =>
      panel.journal.add({ cloud: 'mail', method: 'SMTP', path, status, ...(fault === undefined ? {} : { fault: fault.kind }) });
    if (fault?.ms !== undefined) await sleep(fault.ms);
    if (fault?.kind === 'status') {
      note(fault.status ?? 451);
      return refusal(fault.status ?? 451, 'Injected by the sandbox');
    }
    if (fault?.kind === 'reset') {
      note(0);
      sockets.get(session.id)?.destroy();
      return refusal(421, 'cut');
    }
    commit();
    note(250);
    if (fault?.kind === 'reset-after-commit') sockets.get(session.id)?.destroy();
    return undefined;
  };
  const server = new SMTPServer({
    ...makeCertificate(),
    name: 'mail.sandbox.example',
    logger: false,
    authOptional: true,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    size: 10 * 1024 * 1024,
    onConnect(session, done) {
      session.disabledCommands = settings.tls ? [] : ['STARTTLS'];
      done();
    },
    onAuth({ username, password }, _session, done) {
      if (username === SEED.mail.user && password === SEED.mail.password) done(null, { user: username });
      else done(refusal(535, 'Authentication credentials invalid'));
    },
    onMailFrom(_address, session, done) {
      done(settings.auth && !session.user ? refusal(530, 'Authentication required') : null);
    },
    onRcptTo(_address, session, reply: Reply) {
      step('rcpt', session, () => undefined).then(reply, reply);
    },
    onData(stream, session, reply: Reply) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const keep = (): void => {
          shelf.items.push(letterOf(Buffer.concat(chunks), session));
          changed();
        };
        step('send', session, keep).then(reply, reply);
      });
    },
  });
  server.on('error', () => undefined);
  return {
    take(socket) {
      server.connect(socket, {} as never);
      const connection = [...server.connections].at(-1) as unknown as { id: string };
      sockets.set(connection.id, socket);
      socket.on('close', () => sockets.delete(connection.id));
    },
  };
}
