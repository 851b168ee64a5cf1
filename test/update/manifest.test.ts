import { expect } from 'chai';
import { isDcsError } from 'dcs-sdk';
import { parseManifest } from '../../src/update/manifest.ts';

const hash = 'a'.repeat(64);
const file = (path: unknown, more: object = {}): object => ({ path, size: 1, sha256: hash, ...more });
const manifest = (files: readonly object[], more: object = {}): string =>
  JSON.stringify({
    product: 'dcs',
    channel: 'stable',
    version: '0.1.0',
    platform: 'linux-x64',
    minimum: '0.0.0',
    expires: '2030-01-01T00:00:00.000Z',
    versions: ['0.1.0'],
    parts: [{ sha256: hash, size: 1, files }],
    ...more,
  });

function refused(text: string): boolean {
  try {
    parseManifest(text);
    return false;
  } catch (error) {
    if (isDcsError(error) && error.code === 'REFUSED') return true;
    throw error;
  }
}

describe('the manifest of an update', () => {
  it('is read', () => {
    const read = parseManifest(
      manifest([file('bin/run.js', { executable: true }), file('node_modules/@a/b-c/lib/[x] (1).js'.replace(' ', ''))]),
    );
    expect(read.parts[0]!.files[0]).to.deep.equal({ path: 'bin/run.js', size: 1, sha256: hash, executable: true });
  });

  it('has files that begin with dots, and files and parts of megabytes', () => {
    const text = manifest([file('.npmrc'), file('..x'), file('...'.concat('a')), file('community/nulls', { size: 512 * 2 ** 20 })]);
    const large = text.replace('"size":1,"files"', `"size":${256 * 2 ** 20},"files"`);
    expect(parseManifest(large).parts[0]!.size).to.equal(256 * 2 ** 20);
    expect(refused(text.replace('"size":1,"files"', `"size":${256 * 2 ** 20 + 1},"files"`))).to.equal(true);
    expect(refused(manifest([file('a', { size: 512 * 2 ** 20 + 1 })]))).to.equal(true);
  });

  it('is refused with the field that is wrong, and nothing that it says', () => {
    const why = (text: string): string => {
      try {
        return String(parseManifest(text).version);
      } catch (error) {
        return isDcsError(error) ? String(error.details.why) : String(error);
      }
    };
    expect(why(manifest([file('../canary')]))).to.match(/^It is signed, but parts\.0\.files\.0\.path is not/);
    expect(why('[]')).to.match(/but the whole is not/);
    expect(why('{')).to.match(/but the whole is not/);
    expect(why(manifest([file('a'), file('a')]))).to.match(/but two of its files are one/);
  });

  const paths = [
    '',
    '/etc/passwd',
    '../x',
    'a/../../x',
    'a/./b',
    '.',
    'a//b',
    'a/',
    'a\\b',
    '..\\x',
    'C:/x',
    'C:x',
    'a:stream',
    'a\0b',
    'a\nb',
    'con',
    'lib/NUL.txt',
    'aux',
    'prn.log',
    'com1',
    'LPT9.x',
    'a.',
    'a ',
    'a/b./c',
    '~/x'.repeat(200),
    7,
    null,
  ];
  for (const path of paths)
    it(`has no file ${JSON.stringify(path).slice(0, 40)}`, () => {
      expect(refused(manifest([file(path)]))).to.equal(true);
    });

  it('names no file twice, also not for systems that know no upper case, and no file below a file', () => {
    expect(refused(manifest([file('a'), file('a')]))).to.equal(true);
    expect(refused(manifest([file('a/B'), file('A/b')]))).to.equal(true);
    expect(refused(manifest([file('a'), file('a/b')]))).to.equal(true);
    expect(refused(manifest([file('a/b'), file('A')]))).to.equal(true);
    expect(refused(manifest([file('a/b'), file('a/b/c')]))).to.equal(true);
    expect(refused(manifest([file('a/b'), file('a/c')]))).to.equal(false);
    expect(refused(manifest([file('a'), file('ab'), file('b/c/d'), file('bc')]))).to.equal(false);
  });

  it('has a part at least, and may have several', () => {
    const [part] = (JSON.parse(manifest([file('a')])) as { parts: object[] }).parts;
    expect(refused(manifest([], { parts: [] }))).to.equal(true);
    expect(refused(manifest([], { parts: [part, { ...part, files: [file('b')] }] }))).to.equal(false);
    expect(refused(manifest([], { parts: [part, part] }))).to.equal(true);
  });

  const wrong: readonly (readonly [name: string, text: string])[] = [
    ['no JSON', '{'],
    ['a list', '[]'],
    ['a key that is not known', manifest([file('a')], { url: 'https://elsewhere' })],
    ['a kind of file', manifest([file('a', { type: 'link', target: '/etc' })])],
    ['no files', manifest([])],
    ['a hash of another length', manifest([file('a', { sha256: 'a'.repeat(40) })])],
    ['a hash with more behind', manifest([file('a', { sha256: `${hash}b` })])],
    ['a hash with more before', manifest([file('a', { sha256: `b${hash}` })])],
    ['a size below nothing', manifest([file('a', { size: -1 })])],
    ['a file of a gigabyte', manifest([file('a', { size: 2 ** 30 })])],
    ['a version that leads elsewhere', manifest([file('a')], { version: '../0.1.0' })],
    ['a channel that nobody knows', manifest([file('a')], { channel: 'nightly' })],
    ['no expiry', manifest([file('a')], { expires: undefined })],
  ];
  for (const [name, text] of wrong)
    it(`is refused with ${name}`, () => {
      expect(refused(text)).to.equal(true);
    });
});
