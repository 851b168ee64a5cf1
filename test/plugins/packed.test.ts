import { gunzipSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { packedManifest } from '../../src/plugins/packed.ts';
import { tarball } from '../e2e/tarball.ts';

const said = (bytes: Buffer): unknown => {
  try {
    return packedManifest(bytes, 'x.tgz');
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code}: ${message}`;
  }
};
const BROKEN = 'CONFIG: x.tgz is not a packed plugin.';
const packed = (text: string): Buffer => tarball({ 'package.json': text });

describe('a packed plugin of this machine', () => {
  it('says who it is', () => {
    expect(
      said(tarball({ 'a.js': 'x'.repeat(600), 'package.json': '{"name": "@acme/dcs-plugin-x", "version": "1.0.0-beta.1"}' })),
    ).to.deep.equal({
      name: '@acme/dcs-plugin-x',
      version: '1.0.0-beta.1',
    });
  });

  it('is refused where it is none', () => {
    for (const text of ['{', 'null', '[]', '{"name": "x"}', '{"name": 1, "version": "1.0.0"}'])
      expect(said(packed(text)), text).to.equal(BROKEN);
    for (const bytes of [Buffer.from('no gzip'), gzipSync(''), tarball({ 'index.js': '' })]) expect(said(bytes)).to.equal(BROKEN);
  });

  it('names no place outside of its folder', () => {
    for (const name of ['..', '../x', 'a/../../..', '@a/../x', '/etc/x', 'a/b/c'])
      expect(said(packed(JSON.stringify({ name, version: '1.0.0' }))), name).to.equal(BROKEN);
  });

  it('ends for every size that a header may claim', () => {
    for (const size of ['-1000', '-777', 'octal', '77777777777']) {
      const tar = gunzipSync(tarball({ 'index.js': '', 'package.json': '{"name": "x", "version": "1.0.0"}' }));
      tar.write(size.padEnd(12, '\0'), 124);
      expect(said(gzipSync(tar)), size).to.equal(BROKEN);
    }
  });
});
