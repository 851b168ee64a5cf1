import { expect } from 'chai';
import { isDcsError } from 'dcs-sdk';
import { judge, type Asked } from '../../src/update/judge.ts';
import type { Manifest } from '../../src/update/manifest.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const MANIFEST: Manifest = {
  product: 'dcs',
  channel: 'stable',
  version: '1.2.0',
  platform: 'linux-x64',
  minimum: '1.0.0',
  expires: '2026-11-21T12:00:01.000Z',
  versions: ['1.2.0', '1.1.0'],
  parts: [],
};
const ASKED: Asked = { platform: 'linux-x64', current: '1.1.0', channel: 'stable' };

/** What it says and proposes; empty: it lets pass. */
function said(manifest: Partial<Manifest>, asked: Partial<Asked> = {}): string {
  try {
    judge({ ...MANIFEST, ...manifest }, { ...ASKED, ...asked }, NOW);
    return '';
  } catch (error) {
    if (!isDcsError(error) || error.code !== 'REFUSED') throw error;
    return [error.message, error.details.hint ?? []].flat().join('\n');
  }
}

describe('a signed manifest', () => {
  it('passes where it answers what was asked', () => {
    expect(said({})).to.equal('');
    expect(said({}, { current: '1.2.0' })).to.equal('');
    expect(said({}, { current: '1.0.0' })).to.equal('');
  });

  const wrong: readonly (readonly [name: string, manifest: Partial<Manifest>, asked: Partial<Asked>, says: RegExp])[] = [
    ['another product', { product: 'dcs-sandbox' }, {}, /another product/],
    ['another platform', { platform: 'linux-arm64' }, {}, /another system than linux-x64/],
    ['too old a dcs', { minimum: '1.1.1' }, {}, /too old to update to 1\.2\.0\.\ndcs update --version 1\.1\.1/],
    ['another channel', { channel: 'beta' }, {}, /another channel than stable/],
    ['a manifest whose last second is this one', { expires: NOW.toISOString() }, {}, /expired on 2026-11-21\.\nlook at the clock/],
    ['an older version', { version: '1.0.9' }, {}, /is at 1\.0\.9, older than 1\.1\.0\.\nnothing.*\ndcs update stable --version 1\.0\.9/],
    ['a beta before the version in use', {}, { current: '1.2.1-beta.1' }, /older than/],
    ['another version than a person named', {}, { version: '1.1.0' }, /another version than 1\.1\.0/],
    ['another product, by version', { product: 'x' }, { version: '1.2.0' }, /another product/],
    ['another platform, by version', { platform: 'x' }, { version: '1.2.0' }, /another system/],
    ['too old a dcs, by version', { minimum: '1.1.1' }, { version: '1.2.0' }, /too old/],
  ];
  for (const [name, manifest, asked, says] of wrong)
    it(`is refused: ${name}`, () => {
      expect(said(manifest, asked)).to.match(says);
    });

  it('may be older, of another channel and expired where a person named its version', () => {
    const old = { channel: 'beta', expires: '2020-01-01T00:00:00.000Z' } as const;
    expect(said(old, { version: '1.2.0', current: '2.0.0' })).to.equal('');
  });
});
