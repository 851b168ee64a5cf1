import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from './e2e/world.ts';
import { empty, rows } from './security-page.ts';

describe('docs/security.md', () => {
  const promises = rows(readFileSync(join(ROOT, 'docs/security.md'), 'utf8'));

  it('promises what a test holds, and nothing else', () => {
    expect(promises.length).to.be.above(25);
    expect(empty(promises)).to.deep.equal([]);
  });

  it('notices a promise without a test, with one that is gone, and with words that no test has', () => {
    const [, good] = promises;
    const bad = [
      { promise: 'none', held: 'us' },
      { promise: 'gone', held: '[x](../test/gone.test.ts): `x`' },
      { promise: 'other', held: '[x](../test/e2e/leaks.test.ts): `never heard of`' },
      { promise: 'unnamed', held: '[x](../test/e2e/leaks.test.ts)' },
    ];
    expect(empty([good!, ...bad])).to.deep.equal(['none', 'gone', 'other', 'unnamed']);
  });
});
