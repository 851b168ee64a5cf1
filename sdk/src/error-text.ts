import { isDcsError } from './error.ts';

const WIDTH = 79;

/** Breaks at spaces; a word longer than the line stays whole (a path must stay copyable). */
export function wrap(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > WIDTH - indent) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** An error as the terminal shows it: what failed, Why, Try, Ref. */
export function errorLines(error: unknown, verbose: boolean): string[] {
  if (!isDcsError(error)) return bugLines(error, verbose);
  const { code, message, details } = error;
  const part = (label: string, lines: readonly string[]): string[] =>
    lines.map((line, index) => `  ${(index === 0 ? label : '').padEnd(4)}  ${line}`);
  return [
    `✗ ${code}  ${message}`,
    ...part('Why', details.why === undefined ? [] : wrap(details.why, 8)),
    ...part('Try', details.hint === undefined ? [] : [details.hint].flat()),
    ...part('Ref', details.ref === undefined ? [] : [details.ref]),
  ];
}

/** A bug's message may quote what was being parsed, so it stays behind --verbose; its stack shows where. */
function bugLines(error: unknown, verbose: boolean): string[] {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [`✗ BUG  ${name}${verbose ? `: ${message}` : ' (--verbose shows its message, which may quote values)'}`, ...frames];
}
