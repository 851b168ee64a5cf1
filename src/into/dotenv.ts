import { Secret } from 'dcs-sdk';
import { refuseProblems, type Given } from './given.ts';

const BLANK = /[^\S\n]*(?:#.*)?(?:\n|$)/y;
const NAME = /[^\S\n]*(?:export[^\S\n]+)?([\w.-]+)[^\S\n]*=/y;
// As npm's dotenv reads a quoted value: a backslash keeps a quote from closing it, and both stay.
const QUOTED = /[^\S\n]*('(?:\\'|[^'])*'|"(?:\\"|[^"])*"|`(?:\\`|[^`])*`)[^\S\n]*(?:#.*)?(?:\n|$)/y;
const BARE = /([^#\n]*)(?:#.*)?(?:\n|$)/y;
const LINE = /[^\n]*(?:\n|$)/y;
const OPEN = /[^\S\n]*['"`]/y;

/**
 * A .env file with the values that npm's dotenv reads, and an error for each line that dotenv would skip or guess at. Names are as
 * they stand there. No message quotes the file: half a key looks like a name.
 */
export function parseDotenv(file: string, shown: string): Given[] {
  const text = file.replace(/\r\n?/g, '\n');
  const given: Given[] = [];
  const problems: string[] = [];
  const lines = new Map<string, number>();
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  let line = 1;
  for (let start = 0; start < text.length; line += breaks(text, start, at), start = at) {
    if (take(BLANK)) continue;
    const place = `${shown}:${line}`;
    const name = take(NAME)?.[1];
    OPEN.lastIndex = at;
    const quoted = OPEN.test(text);
    const value = name === undefined ? undefined : valueFrom(take);
    if (name === undefined || value === undefined) {
      if (name === undefined || !quoted) take(LINE);
      // For dotenv a line separator (U+2028) ends a comment, and what follows may be a name.
      const why =
        name === undefined
          ? 'this is no NAME=value'
          : quoted
            ? 'the quotes of this value do not close'
            : 'a line separator ends its comment';
      problems.push(`${place}: ${why}`);
      continue;
    }
    const before = lines.get(name);
    if (before !== undefined) problems.push(`${place}: this name stands on line ${before} already`);
    lines.set(name, line);
    given.push({ name, secret: new Secret(value), at: place });
  }
  refuseProblems(problems);
  return given;
}

function valueFrom(take: (pattern: RegExp) => RegExpExecArray | null): string | undefined {
  const quoted = take(QUOTED)?.[1];
  if (quoted === undefined) {
    const bare = take(BARE)?.[1]?.trim() ?? '';
    return /^['"`]/.test(bare) ? undefined : bare;
  }
  const inner = quoted.slice(1, -1);
  return quoted.startsWith('"') ? inner.replaceAll('\\n', '\n').replaceAll('\\r', '\r') : inner;
}

const breaks = (text: string, from: number, to: number): number => text.slice(from, to).split('\n').length - 1;
