import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { download, integrityOf } from '../../src/plugins/release.ts';

describe('the download of a plugin', () => {
  it('stops at 64 MiB, also where nobody said how much comes', async () => {
    let sent = 0;
    const chunk = Buffer.alloc(1024 * 1024);
    const server = createServer((_, response) => {
      const more = (): void => {
        sent++;
        if (sent > 300) response.end();
        else if (!response.destroyed) response.write(chunk, more);
      };
      more();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const release = { name: 'one', version: '1.0.0', integrity: integrityOf(chunk), tarball: `${url}one.tgz`, registry: { url } };
    const refused = await download(release).catch((error: unknown) => error as { details: unknown });
    server.closeAllConnections();
    server.close();
    expect(refused).to.have.property('message', 'one could not be downloaded from '.concat(new URL(url).host, '.'));
    expect(refused).to.have.nested.property('details.why', 'It is larger than 64 MiB. Nothing was installed.');
    expect(sent).to.be.below(200);
  });
});
