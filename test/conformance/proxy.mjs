import { createServer } from 'node:http';

/** What the connection onward sets itself. */
const OWN = ['host', 'connection', 'content-length', 'transfer-encoding'];

/** Passes everything on to `origin`, and keeps each request and its answer for the judge: in memory only, its values never leave it. */
export async function recordingProxy(origin) {
  const requests = [];
  const server = createServer((request, response) => {
    pass(request, response).catch((error) => response.destroy(error));
  });
  async function pass(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !OWN.includes(name)));
    const url = new URL(request.url, origin);
    const kept = { method: request.method, url, headers, type: headers['content-type'], body: body.toString('utf8') };
    requests.push(kept);
    const answer = await fetch(url, {
      method: request.method,
      headers: { ...headers, 'accept-encoding': 'identity' },
      redirect: 'manual',
      ...(body.length === 0 ? {} : { body }),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    kept.answer = { status: answer.status, body: bytes.toString('utf8') };
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(bytes);
  }
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    requests,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
