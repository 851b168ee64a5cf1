import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { SEED } from '../seed.ts';
import type { Cloud, Reply } from '../server/cloud.ts';
import { Shelf } from './shelf.ts';
import { type Letter, type Settings, smtp, type Postman } from './smtp.ts';

interface Saved {
  port: number;
  items: Letter[];
}

const isSaved = (value: unknown): value is Saved =>
  typeof value === 'object' && value !== null && 'port' in value && 'items' in value && Array.isArray(value.items);

async function listen(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, '127.0.0.1', resolve);
  await promise;
  return (server.address() as AddressInfo).port;
}

/** A mail server on a port of its own, the same after a restart. What speaks SMTP is loaded with the first connection. */
export function mail(): Cloud {
  const shelf = new Shelf<Letter>();
  const settings: Settings = { tls: false, auth: false };
  const open = new Set<Socket>();
  let port = 0;
  let server: Server | undefined;
  return {
    name: 'mail',
    prefix: '/mail',
    routes: [
      ...shelf.routes('mail'),
      {
        method: 'POST',
        path: '/_sandbox/mail/settings',
        answer({ body }): Reply {
          const { tls = false, auth = false } = (body ?? {}) as Partial<Settings>;
          Object.assign(settings, { tls: tls === true, auth: auth === true });
          return { status: 200, body: settings };
        },
      },
    ],
    env: () => ({
      DCS_NOTIFY_EMAIL_SMTP: `smtp://${SEED.mail.user}:${SEED.mail.password}@127.0.0.1:${port}`,
      DCS_NOTIFY_EMAIL_TO: SEED.mail.to,
      DCS_NOTIFY_EMAIL_FROM: SEED.mail.from,
    }),
    notFound: () => ({ status: 404, body: { message: 'Mail comes by SMTP.' } }),
    async open(changed, panel) {
      let postman: Promise<Postman> | undefined;
      server = createServer((socket) => {
        open.add(socket);
        socket.on('close', () => open.delete(socket)).on('error', () => socket.destroy());
        postman ??= smtp({ settings, shelf, changed, panel });
        postman.then(
          (ready) => ready.take(socket),
          () => socket.destroy(),
        );
      });
      port = await listen(server, port);
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
    },
    state: (): Saved => ({ port, items: shelf.items }),
    restore(state) {
      if (!isSaved(state)) throw new Error('The saved state of the mail sandbox is not readable.');
      shelf.items = state.items;
      if (server === undefined) port = state.port;
    },
    seed: () => undefined,
  };
}
