// Loaded before dcs (--expose-gc --import): after a collection, what memory is still held, as a line of JSON on file descriptor 3.
import { subscribe } from 'node:diagnostics_channel';
import { writeSync } from 'node:fs';

const { SOAK_EVERY, SOAK_LEAK } = process.env;
setInterval(() => {
  globalThis.gc();
  writeSync(3, `${JSON.stringify(process.memoryUsage())}\n`);
}, Number(SOAK_EVERY)).unref();

// The planted fault: so many bytes that each request leaves behind.
if (SOAK_LEAK !== undefined) {
  const left = [];
  subscribe('http.server.request.start', () => left.push(Buffer.alloc(Number(SOAK_LEAK), 1)));
}
