import { expect } from 'chai';
import { compareVersions, VERSION } from '../../src/update/version.ts';

describe('versions', () => {
  // https://semver.org/#spec-item-11, and what a comparison of words would get wrong.
  const order = [
    '0.1.0-5',
    '0.1.0-11',
    '0.1.0-11a',
    '0.1.0-2a',
    '0.1.0-a9',
    '0.1.0-alpha',
    '0.1.0-alpha.1',
    '0.1.0-alpha.1.0',
    '0.1.0-b1',
    '0.1.0-beta',
    '0.1.0-beta.2',
    '0.1.0-beta.11',
    '0.1.0',
    '0.1.2',
    '0.1.10',
    '0.2.0',
    '0.12.0',
    '1.0.0',
    '10.0.0',
  ];

  it('are ordered as semver.org orders them', () => {
    for (const [index, one] of order.entries())
      for (const [place, other] of order.entries())
        expect(Math.sign(compareVersions(one, other)), `${one} ${other}`).to.equal(Math.sign(index - place));
  });

  it('are compared with nothing else', () => {
    for (const [one, other] of [
      ['0.1', '0.1.0'],
      ['0.1.0', 'latest'],
    ] as const)
      expect(() => compareVersions(one, other)).to.throw(TypeError, 'not a version');
  });

  it('are nothing that could lead elsewhere as the name of a folder', () => {
    for (const version of order) expect(VERSION.test(version), version).to.equal(true);
    for (const version of [
      '',
      '1',
      '1.2',
      '01.2.3',
      '1.2.3/..',
      '../1.2.3',
      '1.2.3-',
      '1.2.3-..',
      '1.2.3\n',
      'v1.2.3',
      '1.2.3+build',
      '1.2.3-Beta',
    ])
      expect(VERSION.test(version), version).to.equal(false);
  });
});
