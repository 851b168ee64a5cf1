import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DcsError } from 'dcs-sdk';

/** The port it listens on from now on. Throws CONFIG where that cannot be. */
export async function listen(server: Server, port: number, bind: string): Promise<number> {
  server.listen(port, bind);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw new DcsError('CONFIG', `Port ${port} of ${bind} cannot be used (${code}).`, { hint: 'another --port or --bind' });
  }
  return (server.address() as AddressInfo).port;
}

/** Takes no further request, lets those under way be answered, and closes what only waits. */
export async function hangUp(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const force = setTimeout(() => server.closeAllConnections(), 2000);
  await closed;
  clearTimeout(force);
}
