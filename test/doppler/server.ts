import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
export type Answer = (request: Seen, response: ServerResponse) => void;

/** A real server on this machine; `answer` is set by each test. */
export interface Wire {
  base: string;
  seen: Seen[];
  answer: Answer;
}

export const json = (response: ServerResponse, body: unknown, status = 200, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
};

export const secret = (value: string | null, raw = value): Record<string, unknown> => ({
  raw,
  computed: value,
  note: '',
  rawVisibility: value === null ? 'restricted' : 'masked',
  computedVisibility: value === null ? 'restricted' : 'masked',
});

export function useServer(): Wire {
  const wire: Wire = { base: '', seen: [], answer: (_, response) => response.destroy() };
  let server: Server;
  beforeEach(async () => {
    wire.seen = [];
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const seen = {
          method: request.method ?? '',
          url: request.url ?? '',
          headers: request.headers,
          body: Buffer.concat(chunks).toString(),
        };
        wire.seen.push(seen);
        wire.answer(seen, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    wire.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return wire;
}

/** The error of a promise that must fail. */
export async function failure(promise: Promise<unknown>): Promise<Error & { code?: string; details?: Record<string, unknown> }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected a failure');
}
