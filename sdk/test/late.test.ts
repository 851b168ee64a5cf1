import { expect } from 'chai';
import { isDcsError } from '../src/error.ts';
import { createHttp } from '../src/http-client.ts';

/** How a POST fails that this is the answer to. */
async function detailsOf(answer: (signal: AbortSignal) => Promise<Response>): Promise<unknown> {
  const asked: typeof fetch = (_, init) => answer(init!.signal!);
  const error: unknown = await createHttp({ base: 'https://cloud.invalid', name: 'Cloud', timeout: 50, fetch: asked })
    .request({ method: 'POST', path: '/x' })
    .catch((caught: unknown) => caught);
  return isDcsError(error) ? error.details : error;
}

describe('a request that nobody answered in time', () => {
  it('may be under way still: of a time-out, also of a gateway’s, not of a broken connection', async () => {
    const never = (signal: AbortSignal): Promise<Response> =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    expect(await detailsOf(never)).to.deep.include({ applied: 'unknown', late: true });
    expect(await detailsOf(async () => new Response('', { status: 504 }))).to.deep.include({ applied: 'unknown', late: true });
    const broken = new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } });
    expect(await detailsOf(() => Promise.reject(broken))).to.not.have.property('late');
  });
});
