import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from './e2e/world.ts';

interface Row {
  readonly promise: string;
  readonly held: string;
}

const rows = (page: string): Row[] =>
  /^## What is promised\n([\s\S]*?)^## /m
    .exec(page)![1]!
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| promise'))
    .map((line) => {
      const [, promise = '', held = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      return { promise, held };
    });

/** Promises whose test is not there: no link, no file, or no such words in it. */
const empty = (all: readonly Row[]): string[] =>
  all
    .filter(({ held }) => {
      const links = [...held.matchAll(/\]\(\.\.\/([^)]+\.test\.ts)\)(?:: `([^`]+)`)?/g)];
      return (
        links.length === 0 || !links.some(([, , words]) => words !== undefined) || links.some(([, file, words]) => !holds(file!, words))
      );
    })
    .map(({ promise }) => promise);

/** Titles of tests may be templates, or escaped. */
const holds = (file: string, words = ''): boolean =>
  existsSync(join(ROOT, file)) && readFileSync(join(ROOT, file), 'utf8').replaceAll("\\'", "'").includes(words);

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
