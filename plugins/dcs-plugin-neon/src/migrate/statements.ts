/** One statement of a file, as it is sent. */
export interface Statement {
  readonly sql: string;
  /** Where its first word stands, from 1. */
  readonly line: number;
  readonly column: number;
  /** Its first words, in capitals. */
  readonly words: readonly string[];
}

const TOKEN = /--[^\n]*|\/\*|'|"|\$(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|[a-z_\u0080-\uffff][\w$\u0080-\uffff]*|\d[\w.]*|\s+|[^]/giy;
const WORD = /^[a-z_\u0080-\uffff]/i;
const MOST_WORDS = 4;

/**
 * Splits as psql does: at each semicolon that stands in no quotes, comment, parentheses or SQL-standard body. What has no end goes up to
 * the end of the text, and PostgreSQL says so.
 */
export function statements(text: string): Statement[] {
  const found: Statement[] = [];
  let start: number | undefined;
  let words: string[] = [];
  let parentheses = 0;
  let bodies = 0;
  let before = '';
  let [line, lineStart] = [1, 0];
  let place = { line, column: 1 };
  const close = (end: number): void => {
    if (start !== undefined) found.push({ sql: text.slice(start, end).trimEnd(), ...place, words });
    [start, words, parentheses, bodies] = [undefined, [], 0, 0];
  };
  for (let at = 0; at < text.length;) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)![0];
    const end = endOf(text, token, at, before);
    const silent = token.startsWith('--') || token === '/*' || token.trim() === '';
    if (token === ';' && parentheses === 0 && bodies === 0) close(at);
    else if (!silent) {
      if (start === undefined) place = { line, column: Array.from(text.slice(lineStart, at)).length + 1 };
      start ??= at;
      if (token === '(') parentheses += 1;
      if (token === ')') parentheses = Math.max(0, parentheses - 1);
      if (WORD.test(token)) {
        const word = token.toUpperCase();
        if (words.length < MOST_WORDS) words.push(word);
        if (parentheses === 0 && makesRoutine(words)) bodies += depth(word, bodies);
      }
    }
    for (let index = text.indexOf('\n', at); index !== -1 && index < end; index = text.indexOf('\n', index + 1)) {
      line += 1;
      lineStart = index + 1;
    }
    before = token;
    at = end;
  }
  close(text.length);
  return found;
}

function endOf(text: string, token: string, at: number, before: string): number {
  const from = at + token.length;
  if (token === '/*') return endOfComment(text, from);
  if (token === '"') return past(text, /[^"]*(?:""[^"]*)*("|$)/y, from);
  if (token === "'") return past(text, /^e$/i.test(before) ? /[^'\\]*(?:(?:''|\\[^])[^'\\]*)*('|$)/y : /[^']*(?:''[^']*)*('|$)/y, from);
  if (token.startsWith('$') && token.length > 1) {
    const end = text.indexOf(token, from);
    return end === -1 ? text.length : end + token.length;
  }
  return from;
}

function past(text: string, pattern: RegExp, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : text.length;
}

/** Comments of PostgreSQL nest. */
function endOfComment(text: string, from: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = from;
  for (let open = 1; open > 0;) {
    const [found] = mark.exec(text) ?? [];
    if (found === undefined) return text.length;
    open += found === '/*' ? 1 : -1;
  }
  return mark.lastIndex;
}

/** Only these have bodies without quotes: `BEGIN ATOMIC ...; ...; END`. */
function makesRoutine([first, ...rest]: readonly string[]): boolean {
  const kind = rest[0] === 'OR' && rest[1] === 'REPLACE' ? rest[2] : rest[0];
  return first === 'CREATE' && (kind === 'FUNCTION' || kind === 'PROCEDURE');
}

const depth = (word: string, bodies: number): number =>
  word === 'BEGIN' || (word === 'CASE' && bodies > 0) ? 1 : word === 'END' && bodies > 0 ? -1 : 0;
