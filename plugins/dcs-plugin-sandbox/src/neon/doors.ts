import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stores } from './postgres/stores.ts';
import { Serverless } from './serverless.ts';
import type { Endpoint } from './state.ts';

const SSL_REQUEST = 80_877_103;

/** Where a connection to an endpoint leads: a store, nowhere yet, or the reason why not. */
export type Destination = { store: string } | 'later' | { refusal: string };

/** Two listeners an endpoint, direct and pooled: 127.0.0.1 has no host names to tell endpoints apart by. */
export class Doors {
  readonly #stores: Stores;
  readonly #lead: (endpoint: Endpoint) => Destination;
  readonly #open = new Map<string, Server[]>();
  readonly #guests = new Map<string, Set<Socket>>();
  readonly #serverless = new Serverless();
  readonly #rest = new Map<string, NodeJS.Timeout>();

  constructor(stores: Stores, lead: (endpoint: Endpoint) => Destination) {
    this.#stores = stores;
    this.#lead = lead;
  }

  /** Listens for the endpoint, on its former ports where they are free, and writes the ports into it. */
  async open(endpoint: Endpoint): Promise<void> {
    if (this.#open.has(endpoint.id)) return;
    const servers = [];
    for (const side of ['direct', 'pooled'] as const) {
      const server = createServer({ allowHalfOpen: true }, (guest) => this.#receive(endpoint, guest));
      endpoint.ports[side] = await listening(server, endpoint.ports[side]);
      servers.push(server);
    }
    this.#open.set(endpoint.id, servers);
  }

  /** PostgreSQL's clients speak first, and never with a letter. */
  #receive(endpoint: Endpoint, guest: Socket): void {
    guest.on('error', () => guest.destroy());
    guest.once('data', (first: Buffer) => {
      guest.pause();
      guest.unshift(first);
      void this.#admit(endpoint, guest, first.readUInt8(0) >= 0x41);
    });
  }

  async #admit(endpoint: Endpoint, guest: Socket, http: boolean): Promise<void> {
    let lead = this.#lead(endpoint);
    // As at the vendor, who connects early waits until the compute is there.
    for (; lead === 'later' && !guest.destroyed; lead = this.#lead(endpoint)) await sleep(50);
    if (lead === 'later') return;
    if ('refusal' in lead) return turnAway(guest, lead.refusal);
    const { store } = lead;
    const guests = this.#guests.get(store) ?? new Set();
    this.#guests.set(store, guests.add(guest));
    clearTimeout(this.#rest.get(store));
    guest.once('close', () => this.#leave(store, guest, endpoint.suspendAfter));
    try {
      const port = await this.#stores.wake(store);
      if (http) return this.#serverless.take(guest, port);
      const server = connect(port, '127.0.0.1');
      server.on('error', () => guest.destroy());
      guest.on('close', () => server.destroy());
      server.on('close', () => guest.destroy());
      guest.pipe(server);
      server.pipe(guest);
    } catch (error) {
      turnAway(guest, error instanceof Error ? error.message : 'unknown');
    }
  }

  /** After the last guest the store may sleep, as a compute does that nobody uses. */
  #leave(store: string, guest: Socket, seconds: number): void {
    const guests = this.#guests.get(store);
    guests?.delete(guest);
    if (guests === undefined || guests.size > 0 || seconds < 0) return;
    const timer = setTimeout(() => void this.#stores.sleep(store), (seconds || 300) * 1000).unref();
    this.#rest.set(store, timer);
  }

  async shut(id: string): Promise<void> {
    const servers = this.#open.get(id) ?? [];
    this.#open.delete(id);
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  async close(): Promise<void> {
    for (const timer of this.#rest.values()) clearTimeout(timer);
    for (const guests of this.#guests.values()) for (const guest of guests) guest.destroy();
    await Promise.all([...this.#open.keys()].map((id) => this.shut(id)));
  }
}

async function listening(server: Server, wanted: number): Promise<number> {
  for (const port of [wanted, 0]) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const taken = (): void => resolve(false);
    server.once('error', taken);
    server.listen(port, '127.0.0.1', () => resolve(true));
    if (await promise) {
      server.off('error', taken);
      return (server.address() as AddressInfo).port;
    }
  }
  throw new Error('The sandbox found no free port.');
}

/** Says no in PostgreSQL's own words, once the client has introduced itself. */
function turnAway(guest: Socket, why: string): void {
  guest.resume();
  guest.on('data', (bytes: Buffer) => {
    if (bytes.length >= 8 && bytes.readInt32BE(4) === SSL_REQUEST) return void guest.write('N');
    const fields = Buffer.from(`SFATAL\0VFATAL\0CXX000\0M${why}\0\0`);
    const head = Buffer.alloc(5);
    head.write('E');
    head.writeInt32BE(fields.length + 4, 1);
    guest.end(Buffer.concat([head, fields]));
  });
}
