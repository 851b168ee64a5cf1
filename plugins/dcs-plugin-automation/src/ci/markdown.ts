/** GitHub takes 65,536 characters a comment, GitLab 1,000,000: https://docs.github.com/graphql/reference/mutations, last verified 2026-11-21 */
const LIMIT = 60_000;

/** Text that was written by others, inert: a fence longer than any in it; no mention, link or HTML works inside. */
export function fenced(lines: readonly string[]): string {
  const shown: string[] = [];
  let length = 0;
  for (const line of lines.map(plain)) {
    length += line.length + 1;
    if (length > LIMIT / 2) {
      shown.push(`... and ${lines.length - shown.length} more`);
      break;
    }
    shown.push(line);
  }
  const ticks = Math.max(2, ...shown.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)));
  const fence = '`'.repeat(ticks + 1);
  return [`${fence}text`, ...shown, fence].join('\n');
}

/** One line, without what a terminal or a page would act on: control characters, marks of direction, ends of line. */
export const plain = (line: string): string => line.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').slice(0, 500);

/** What a runner would take for a command of its own (`::add-mask::`, `##[...]`) is text. */
export const logLine = (line: string): string => plain(line).replaceAll(/::|##(?=\[)|##vso/g, (found) => found.split('').join(' '));

/** An environment in a mark or a heading: no character there ends either. */
export const word = (name: string): string => name.replaceAll(/[^\w.-]/g, '_');
