import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** RFC 6455, as much of it as carries a stream of bytes: binary messages, pings and the end. */
const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const FINAL = 0x80;

function frame(code: number, payload: Buffer): Buffer {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([FINAL | code, length]), payload]);
  const head = Buffer.alloc(length < 65_536 ? 4 : 10);
  head[0] = FINAL | code;
  if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

interface Parsed {
  code: number;
  payload: Buffer;
  size: number;
}

/** The first frame in `bytes`, undefined while it is not whole. Clients mask what they send. */
function parse(bytes: Buffer): Parsed | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  const start = 2 + extra + 4;
  if (bytes.length < start) return undefined;
  const length = extra === 0 ? short : extra === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < start + length) return undefined;
  const mask = bytes.subarray(start - 4, start);
  const payload = Buffer.from(bytes.subarray(start, start + length));
  for (let index = 0; index < length; index++) payload[index] = payload.readUInt8(index) ^ mask.readUInt8(index % 4);
  return { code: bytes.readUInt8(0) & 0x0f, payload, size: start + length };
}

/** Makes `guest`, who asked for an upgrade, a WebSocket that carries the bytes of `server` both ways. */
export function tunnel(request: IncomingMessage, guest: Duplex, head: Buffer, server: Duplex): void {
  const key = createHash('sha1').update(`${request.headers['sec-websocket-key']}${MAGIC}`).digest('base64');
  guest.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`);
  server.on('data', (bytes: Buffer) => void guest.write(frame(BINARY, bytes)));
  server.on('close', () => guest.end(frame(CLOSE, Buffer.from([3, 232]))));
  let left = head;
  const take = (bytes: Buffer): void => {
    left = Buffer.concat([left, bytes]);
    for (let next = parse(left); next !== undefined; next = parse(left)) {
      left = left.subarray(next.size);
      if (next.code === CLOSE) server.end();
      else if (next.code === PING) guest.write(frame(PONG, next.payload));
      else if (next.code !== PONG) server.write(next.payload);
    }
  };
  guest.on('data', take);
  take(Buffer.alloc(0));
}
