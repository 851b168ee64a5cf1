// A program that prints every secret it was given, in every form that programs write, again and again between the lines of a log: so many
// MB on each stream, cut anywhere, at first into pieces of a few bytes. In the end it says how many values it printed.
import { writeSync } from 'node:fs';

const SECRETS = /^(DATABASE_URL|JWT_SECRET|REDIS_HOST|SENDGRID_KEY|SESSION_KEY|STRIPE_KEY|LOUD_\d+)$/;
const [MB, TINY] = [1_000_000, 64 * 1024];
const values = Object.keys(process.env).filter((name) => SECRETS.test(name));
const megabytes = Number(process.argv[2]);

let state = 20261121;
function pick(below) {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  return (state >>> 8) % below;
}
const among = (value) => Buffer.from('x'.repeat(pick(3)) + value + 'y'.repeat(pick(3)));
const xml = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const FORMS = [
  (value) => value,
  (value) => among(value).toString('base64'),
  (value) => among(value).toString('base64url'),
  (value) => Buffer.from(value).toString('base64').replaceAll(/.{76}/g, '$&\n'),
  (value) => among(value).toString('hex'),
  (value) => among(value).toString('hex').toUpperCase(),
  (value) => encodeURIComponent(value),
  (value) => new URLSearchParams({ value }).toString(),
  (value) => JSON.stringify({ value }),
  (value) => JSON.stringify(JSON.stringify({ value })),
  (value) => value.replaceAll(/[&<>"']/g, (sign) => xml[sign]),
  (value) => `'${value.replaceAll("'", "'\\''")}'`,
];

/** About one MB of a log, and how many values stand in it. */
function log() {
  let text = '';
  let printed = 0;
  while (text.length < MB) {
    const value = process.env[values[pick(values.length)]];
    for (let line = 0; line < 3; line++)
      text += `2026-11-21T12:00:00.${100 + pick(900)}Z info GET /orders/${pick(1e6)} -> 200 in ${pick(300)} ms, of ${pick(1e9).toString(36)}\n`;
    text += `2026-11-21T12:00:01.${100 + pick(900)}Z debug asks with ${FORMS[pick(FORMS.length)](value)} again\n`;
    printed++;
  }
  return { bytes: Buffer.from(text), printed };
}

function write(stream, bytes) {
  for (let at = 0; at < bytes.length;) {
    const size = 1 + pick(at < TINY ? 40 : 65_536);
    at += writeSync(stream, bytes, at, Math.min(size, bytes.length - at));
  }
}

const logs = [log(), log()];
for (let sent = 0; sent < megabytes; sent++) for (const [at, { bytes }] of logs.entries()) write(at + 1, bytes);
writeSync(2, `printed ${megabytes * (logs[0].printed + logs[1].printed)} values\n`);
