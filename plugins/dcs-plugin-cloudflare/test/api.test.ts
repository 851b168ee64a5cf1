import { expect } from 'chai';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApi, pages } from '../src/api.ts';
import { contextFor } from './sandbox.ts';

/** Answers each request with what `page` makes of its number. */
async function serving<T>(page: (number: number) => unknown, use: (base: string) => Promise<T>): Promise<T> {
  const server = createServer((request, response) => {
    const number = Number(new URL(request.url ?? '', 'http://127.0.0.1').searchParams.get('page'));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(page(number)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('Cloudflare lists', () => {
  const all = (base: string) =>
    pages(createApi(contextFor(base, { CLOUDFLARE_API_TOKEN: 'a' })), { method: 'GET', path: '/things', subject: 'the things' }, 2);

  it('end where the count says, though a page is short', async () => {
    const page = (number: number) => ({ success: true, result: [{ name: `n${number}` }], result_info: { per_page: 2, total_count: 3 } });
    expect((await serving(page, all)).map((item) => item['name'])).to.deep.equal(['n1', 'n2', 'n3']);
  });

  it('that never end are an error within 1,000 requests', async () => {
    let requests = 0;
    const page = (number: number) => {
      requests += 1;
      return { success: true, result: [{ name: `n${number}` }], result_info: { per_page: 1, total_count: number + 1 } };
    };
    const error: unknown = await serving(page, all).then(
      () => undefined,
      (problem: unknown) => problem,
    );
    expect(error).to.have.property('code', 'TARGET');
    expect(requests).to.be.lessThan(1000);
  });
});
