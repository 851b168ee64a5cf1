import { event, sign, type Post } from './post.ts';

/** A signature of the right form. */
export const WRONG = `sha256=${'0'.repeat(64)}`;
/** So short that a test can wait for them. */
export const LIMITS = { headers: 400, request: 800, idle: 300, connections: 50 };
/** What a request is, what it is answered, and how to send it. */
export const BAD: readonly (readonly [name: string, status: number, request: Post])[] = [
  ['no signature', 401, { headers: { 'x-doppler-signature': undefined } }],
  ['an empty signature', 401, { headers: { 'x-doppler-signature': '' } }],
  ['a wrong signature', 401, { headers: { 'x-doppler-signature': WRONG } }],
  ['a signature by another key', 401, { headers: { 'x-doppler-signature': sign(event(), 'somebody-elses-signing-key') } }],
  ['a signature of another body', 401, { headers: { 'x-doppler-signature': sign(event('prd')) } }],
  ['a signature cut short', 401, { headers: { 'x-doppler-signature': sign(event()).slice(0, -2) } }],
  ['a signature too long', 401, { headers: { 'x-doppler-signature': `${sign(event())}00` } }],
  ['a signature that is no hex', 401, { headers: { 'x-doppler-signature': `sha256=${'z'.repeat(64)}` } }],
  ['a signature with another algorithm', 401, { headers: { 'x-doppler-signature': sign(event()).replace('sha256', 'sha1') } }],
  ['a signature without its algorithm', 401, { headers: { 'x-doppler-signature': sign(event()).slice(7) } }],
  ['two signatures, one right', 401, { headers: { 'x-doppler-signature': [sign(event()), WRONG] } }],
  ['null', 400, { body: 'null' }],
  ['a number', 400, { body: '7' }],
  ['a list', 400, { body: '[]' }],
  ['nothing', 400, { body: '' }],
  ['no JSON', 400, { body: '{"type":' }],
  ['no UTF-8', 400, { body: Buffer.from([0x22, 0xff, 0xfe, 0x22]) }],
  ['an event without a config', 400, { body: '{"type":"config.secrets.update"}' }],
  ['a config that is a text', 400, { body: '{"type":"config.secrets.update","config":"stg","project":"shop"}' }],
  ['a config whose name is an object', 400, { body: '{"type":"config.secrets.update","config":{"name":{},"project":"shop"}}' }],
  ['deep nesting', 400, { body: '['.repeat(30_000) + ']'.repeat(30_000) }],
  ['a form', 415, { headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
  ['no content type', 415, { headers: { 'content-type': undefined } }],
  ['JSON by another name', 415, { headers: { 'content-type': 'application/jsonp' } }],
  ['JSON by a longer name', 415, { headers: { 'content-type': 'x-application/json' } }],
  ['a packed body', 415, { headers: { 'content-encoding': 'gzip' } }],
  ['64 KiB and one byte', 413, { body: 'x'.repeat(65_537) }],
  ['a body of 8 MB', 413, { body: 'x'.repeat(8_000_000) }],
  ['GET', 405, { method: 'GET' }],
  ['PUT', 405, { method: 'PUT' }],
  ['DELETE', 405, { method: 'DELETE' }],
  ['another path', 404, { path: '/' }],
  ['a path below', 404, { path: '/webhook/doppler' }],
  ['a path in capitals', 404, { path: '/WEBHOOK' }],
  ['health by POST', 405, { path: '/health' }],
];

/** What a request begins with. */
export const head = (more: string): string =>
  `POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-doppler-signature: ${WRONG}\r\n${more}\r\n`;
/** What no HTTP client would send, how the answer begins, and ms between its parts. Each connection is cut. */
export const RAW: readonly (readonly [name: string, answer: RegExp, bytes: string | readonly string[], pause?: number])[] = [
  ['headers that never end', /^HTTP\/1\.1 408 /, [head('').slice(0, 60), 'a'], 100],
  ['headers byte by byte', /^HTTP\/1\.1 408 /, head('').split(''), 50],
  ['a body that does not come', /^HTTP\/1\.1 408 /, head('content-length: 100\r\n')],
  ['a body byte by byte', /^HTTP\/1\.1 408 /, [head('content-length: 1000\r\n'), ...Array.from({ length: 100 }, () => 'x')], 50],
  [
    'chunks without an end',
    /^HTTP\/1\.1 408 /,
    [head('transfer-encoding: chunked\r\n'), ...Array.from({ length: 60 }, () => '1\r\nx\r\n')],
    50,
  ],
  [
    'chunks beyond 64 KiB',
    /^HTTP\/1\.1 413 /,
    [head('transfer-encoding: chunked\r\n'), ...Array.from({ length: 20 }, () => `2000\r\n${'x'.repeat(8192)}\r\n`)],
  ],
  ['headers of 20 KB', /^HTTP\/1\.1 431 /, head(`x-pad: ${'x'.repeat(20_000)}\r\n`)],
  ['no HTTP', /^HTTP\/1\.1 400 /, 'hello\r\n\r\n'],
  ['two lengths', /^HTTP\/1\.1 400 /, head('content-length: 5\r\ncontent-length: 6\r\n')],
  ['a length and chunks', /^HTTP\/1\.1 400 /, head('content-length: 5\r\ntransfer-encoding: chunked\r\n')],
  ['a length below zero', /^HTTP\/1\.1 400 /, head('content-length: -1\r\n')],
  ['a TLS greeting', /^HTTP\/1\.1 400 /, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
];
