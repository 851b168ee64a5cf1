import { getEventListeners } from 'node:events';
import { mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { isDcsError } from '../src/error.ts';
import { readJson, readText } from '../src/body.ts';
import { createPace } from '../src/pace.ts';
import { backoff, certainlyUnsent, pause, retryAfter, untrusted } from '../src/retry.ts';

const reason = (promise: Promise<unknown>): Promise<string> => promise.then(String, (error: unknown) => String(error));
const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('when a request is sent again', () => {
  it('is anywhere up to a step that doubles, to ten seconds', () => {
    const longest = [1, 2, 3, 5, 6, 20].map((attempt) => backoff(attempt, () => 1));
    expect(longest).to.deep.equal([500, 1000, 2000, 8000, 10_000, 10_000]);
    expect([backoff(2, () => 0.5), backoff(2, () => 0)]).to.deep.equal([500, 0]);
  });

  it('is when the server says, in seconds or by a date of any form', () => {
    const now = Date.parse('2026-11-21T12:00:00Z');
    const asked = (text?: string): number | undefined => retryAfter(new Headers(text === undefined ? {} : { 'retry-after': text }), now);
    expect([asked(), asked('soon'), asked('7 days'), asked('0'), asked(' 7 ')]).to.deep.equal([undefined, undefined, undefined, 0, 7000]);
    for (const date of ['Sat, 21 Nov 2026 12:00:25 GMT', 'Sat, 21 Nov 2026 12:00:25 +0000', '2026-11-21T12:00:25Z'])
      expect(asked(date), date).to.equal(25_000);
    expect(asked('Sat, 21 Nov 2026 11:00:00 GMT')).to.equal(0);
  });

  it('is certain not to have arrived, or to be refused again, by these codes alone', () => {
    for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'])
      expect([certainlyUnsent(code), untrusted(code)], code).to.deep.equal([true, false]);
    for (const code of [
      'CERT_HAS_EXPIRED',
      'CERT_NOT_YET_VALID',
      'CERT_REVOKED',
      'CERT_UNTRUSTED',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    ])
      expect([certainlyUnsent(code), untrusted(code)], code).to.deep.equal([false, true]);
    for (const code of [undefined, '', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])
      expect([certainlyUnsent(code), untrusted(code)], code).to.deep.equal([false, false]);
  });

  it('waits no longer than it is interrupted, and leaves nothing behind', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
    const stop = new AbortController();
    await turn(); // mocha's own timer runs from here on
    const before = timers();
    const waiting = pause(60_000, stop.signal);
    expect([listeners(stop.signal), timers()]).to.deep.equal([1, before + 1]);
    stop.abort();
    expect([await reason(waiting), listeners(stop.signal), timers()]).to.deep.equal(['Error: aborted', 0, before]);
    expect(await reason(pause(60_000, stop.signal))).to.equal('Error: aborted');
    const { signal } = new AbortController();
    await pause(1, signal);
    expect(listeners(signal)).to.equal(0);
    await pause(1, undefined);
  });
});

describe('whose turn it is', () => {
  it('is the next one’s, when one that waits is interrupted, and nothing is left behind', async () => {
    const pace = createPace(1);
    const [first, stop] = [new AbortController(), new AbortController()];
    await pace.enter(first.signal);
    expect(listeners(first.signal)).to.equal(0);
    const stopped = pace.enter(stop.signal);
    let entered = false;
    const last = pace.enter().then(() => (entered = true));
    expect(listeners(stop.signal)).to.equal(1);
    stop.abort();
    expect([await reason(stopped), listeners(stop.signal), entered]).to.deep.equal(['Error: aborted', 0, false]);
    pace.leave();
    await last;
    // Who has its turn is not interrupted here.
    first.abort();
    pace.leave();
    await pace.enter();
  });

  it('comes at the very end of a pause, and not before', async () => {
    mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_000_000 });
    try {
      const pace = createPace(1);
      await pace.enter();
      pace.leave();
      let entered = 0;
      const enter = (): void => void pace.enter().then(() => entered++);
      enter();
      await turn();
      expect(entered, 'no pause was asked for').to.equal(1);
      pace.leave(1000);
      enter();
      mock.timers.tick(999);
      await turn();
      expect(entered).to.equal(1);
      mock.timers.tick(1);
      await turn();
      expect(entered).to.equal(2);
    } finally {
      mock.timers.reset();
    }
  });
});

describe('a body', () => {
  it('that is refused is a failure of the network, with its status', async () => {
    const json = { 'content-type': 'application/json' };
    const refused = async (read: Promise<unknown>): Promise<unknown> => {
      const error = await read.catch((caught: unknown) => caught);
      return isDcsError(error) && [error.code, error.details];
    };
    const expected = ['NETWORK', { status: 418 }];
    const answer = (body: string | Uint8Array<ArrayBuffer>, headers = {}): Response => new Response(body, { status: 418, headers });
    expect(await refused(readJson(answer('<p>'), 'Cloud', 99))).to.deep.equal(expected);
    expect(await refused(readJson(answer('{', json), 'Cloud', 99))).to.deep.equal(expected);
    expect(await refused(readJson(answer('{}', json), 'Cloud', 1))).to.deep.equal(expected);
    expect(await refused(readText(answer(new Uint8Array([0xff])), 'Cloud', 99))).to.deep.equal(expected);
    expect(await refused(readJson(answer('['.repeat(70_000), json), 'Cloud', 70_000)), 'nested too deeply').to.deep.equal(expected);
    const none = new Response(null, { status: 418, headers: { 'content-length': '3' } });
    expect(await refused(readText(none, 'Cloud', 2)), 'said to be longer').to.deep.equal(expected);
    expect(await readText(answer('ż'), 'Cloud', 2)).to.equal('ż');
    expect(await readJson(new Response(null, { status: 204 }), 'Cloud', 1)).to.equal(undefined);
    const unchanged = new Response(null, { status: 304, headers: { 'content-length': '2' } });
    expect(await readJson(unchanged, 'Cloud', 1)).to.equal(undefined);
  });
});
