import { hasWords } from './titles.ts';

export interface Row {
  readonly promise: string;
  readonly held: string;
}

/** The promises of docs/security.md, and what it says holds each. */
export const rows = (page: string): Row[] =>
  /^## What is promised\n([\s\S]*?)^## /m
    .exec(page)![1]!
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| promise'))
    .map((line) => {
      const [, promise = '', held = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      return { promise, held };
    });

/** Promises whose test is not there: no link, no file, or no such words in it. */
export const empty = (all: readonly Row[]): string[] =>
  all
    .filter(({ held }) => {
      const links = [...held.matchAll(/\]\(\.\.\/([^)]+\.test\.ts)\)(?:: `([^`]+)`)?/g)];
      return (
        links.length === 0 || !links.some(([, , words]) => words !== undefined) || links.some(([, file, words]) => !hasWords(file!, words))
      );
    })
    .map(({ promise }) => promise);
