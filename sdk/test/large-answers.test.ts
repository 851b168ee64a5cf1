import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createHttp } from '../src/http-client.ts';
import { tangled } from '../src/tangled.ts';

describe('large answers', () => {
  let server: Server;
  let body: string;
  let headers: Record<string, string>;
  beforeEach(async () => {
    headers = {};
    server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers });
      if (headers['content-length'] === undefined) response.end(body);
      else response.flushHeaders();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const ask = async (text: string, maxBytes?: number): Promise<unknown> => {
    body = text;
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const http = createHttp({ base, name: 'Cloud', attempts: 1, ...(maxBytes === undefined ? {} : { maxBytes }) });
    return (await http.request({ method: 'GET', path: '/' })).body;
  };
  const said = (text: string, maxBytes?: number): Promise<unknown> =>
    ask(text, maxBytes).then(
      () => 'taken',
      (error: unknown) => (error as Error).message,
    );
  const MANY = 'Cloud answered with JSON of more than 104857 values, or nested deeper than 64.';
  const lists = (count: number, item = '[]'): string => `[${Array<string>(count).fill(item).join()}]`;
  const nest = (depth: number): string => `${'['.repeat(depth)}"${'x'.repeat(70_000)}"${']'.repeat(depth)}`;

  it('are read where they are a config of 5,000 secrets, or one of 500 KiB that doubles where it is quoted', async () => {
    const told = (value: string) => ({ computed: value, computedVisibility: 'masked', computedValueType: { type: 'string' }, note: '' });
    const secret = (value: string) => ({ raw: value, rawVisibility: 'masked', rawValueType: { type: 'string' }, ...told(value) });
    const config = (count: number, value: string) => ({
      secrets: Object.fromEntries(Array.from({ length: count }, (_, index) => [`A_NAME_OF_SOME_LENGTH_${index}`, secret(value)])),
    });
    for (const [count, value] of [
      [5000, 'x'.repeat(64)],
      [1200, '"\n'.repeat(213)],
    ] as const)
      expect(await ask(JSON.stringify(config(count, value)))).to.deep.equal(config(count, value));
  });
  it('are refused where parsing them would cost many times their bytes', async () => {
    expect(await said(lists(52_000))).to.equal('taken');
    expect(await said(lists(53_000))).to.equal(MANY);
    expect(await said(lists(53_000, '{}'))).to.equal(MANY);
    expect(await said(lists(106_000, '1'))).to.equal(MANY);
    expect(await said(nest(64))).to.equal('taken');
    expect(await said(nest(65))).to.equal(MANY);
    expect(await said('['.repeat(1_000_000))).to.equal(MANY);
    expect(await said('{"a":'.repeat(100_000))).to.equal(MANY);
  });
  it('may hold in a text whatever they like', async () => {
    for (const text of ['[{,"\\'.repeat(100_000), `${'x'.repeat(70_000)}\\`, `\\"${'['.repeat(200_000)}`]) {
      expect(await ask(JSON.stringify([text, [text]]))).to.deep.equal([text, [text]]);
    }
  });
  it('are damaged where they are, of more signs than pairs', async () => {
    for (const text of [']'.repeat(70_000), `${' '.repeat(70_000)}"[`, `"${'x'.repeat(70_000)}\\`])
      expect(await said(text)).to.equal('Cloud answered with damaged JSON.');
  });
  it('may have more values where more bytes are read', async () => {
    expect(await said(lists(53_000), 8 * 1024 * 1024)).to.equal('taken');
  });
  it('are refused before a byte of them has come where they say how large they are', async () => {
    headers['content-length'] = String(4 * 1024 * 1024 + 1);
    expect(await said('')).to.equal('Cloud answered with more than 4194304 bytes.');
  });
});

describe('JSON that costs many times its bytes', () => {
  const pad = (json: string, length = 70_000): Uint8Array => Buffer.from(json.padEnd(length));
  const nest = (depth: number, open = '[', close = ']'): string => open.repeat(depth) + close.repeat(depth);

  it('is what has more values than it may, or is nested deeper than 64', () => {
    for (const json of ['[1,2,3]', '{"a":1,"b":[]}', '["[[[,,,{{{",[]]', String.raw`["\\","\"",[]]`]) {
      const signs = json.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').match(/[[{,]/g)!.length;
      expect([tangled(pad(json), signs), tangled(pad(json), signs - 1)], json).to.deep.equal([false, true]);
    }
    for (const [open, close] of [
      ['[', ']'],
      ['{', '}'],
    ] as const) {
      expect([tangled(pad(nest(64, open, close)), 999), tangled(pad(nest(65, open, close)), 999)]).to.deep.equal([false, true]);
      expect(tangled(pad(nest(64, open, close).repeat(9)), 999), 'side by side').to.equal(false);
    }
  });

  it('is none where it is small, whatever it is', () => {
    expect([tangled(pad(nest(65), 65_536), 0), tangled(pad(nest(65), 65_537), 0)]).to.deep.equal([false, true]);
  });

  it('ends where it ends, also inside a text', () => {
    expect(tangled(Buffer.from(`[1,"${'x'.repeat(70_000)}`), 2)).to.equal(false);
    expect(tangled(Buffer.from(`[1,"${'x'.repeat(70_000)}"`), 1)).to.equal(true);
  });
});
