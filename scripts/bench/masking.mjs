// Throughput of the mask on log text, in chunks of 64 KiB, and what its table costs.
import { randomBytes } from 'node:crypto';
import { Secret } from 'dcs-sdk';
import { compileMatcher } from '../../src/run/redact/matcher.ts';
import { median, ms, table } from './measure.mjs';

const ROUNDS = 7;
const CHUNK = 64 * 1024;
const TEXT = Buffer.from(
  Array.from(
    { length: 240_000 },
    (_, at) => `2026-11-21T10:${at % 60}:07Z info request ${at} GET /orders/${at % 977} 200 in ${at % 83} ms\n`,
  ).join(''),
);
const value = (at) =>
  at % 10 === 0
    ? `-----BEGIN KEY-----\n${randomBytes(1200)
        .toString('base64')
        .replace(/(.{64})/g, '$1\n')}`
    : randomBytes(24).toString('base64url');

const lines = [200, 5000].map((count) => {
  const secrets = new Map(
    Array.from({ length: count }, (_, at) => [`S_${at}`, new Secret(count > 200 ? randomBytes(24).toString('base64url') : value(at))]),
  );
  gc();
  const before = process.memoryUsage();
  const started = process.cpuUsage();
  const matcher = compileMatcher(secrets);
  const built = cpu(started);
  gc();
  const after = process.memoryUsage();
  const mb = (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / 2 ** 20;
  const rates = Array.from({ length: ROUNDS }, () => {
    const start = process.cpuUsage();
    const stream = matcher.stream();
    for (let at = 0; at < TEXT.length; at += CHUNK) stream.push(TEXT.subarray(at, at + CHUNK));
    stream.end();
    return TEXT.length / 1e6 / (cpu(start) / 1000);
  });
  const rate = median(rates);
  if (rate < 100) process.exitCode = 1;
  return [count.toLocaleString('en'), `${rate.toFixed(0)} MB/s`, '100 MB/s', `${mb.toFixed(0)} MB`, ms(built)];
});
console.log(table(['secrets', 'by CPU time', 'bar', 'memory of the table', 'to build'], lines));

/** Ms of this process. */
function cpu(since) {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}
