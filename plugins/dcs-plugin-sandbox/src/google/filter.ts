import { camel, invalid, isObject, type Json } from './envelope.ts';

/** https://google.aip.dev/160, last verified 2026-11-21: terms joined by AND (or nothing), OR, NOT or `-`, and parentheses. OR binds closer. */
type Test = (item: Json) => boolean;

const TOKEN = /\s*(?:([()])|"((?:[^"\\]|\\.)*)"|(<=|>=|!=|[:=<>])|([^\s()"<>=!:]+))/y;

interface Token {
  kind: 'mark' | 'quoted' | 'operator' | 'word';
  text: string;
}

function tokens(filter: string): Token[] {
  const found: Token[] = [];
  const source = filter.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const match = TOKEN.exec(source);
    if (match === null) throw invalid('The filter is invalid.');
    const [, mark, quoted, operator, word = ''] = match;
    if (mark !== undefined) found.push({ kind: 'mark', text: mark });
    else if (quoted !== undefined) found.push({ kind: 'quoted', text: quoted.replaceAll(/\\(.)/g, '$1') });
    else if (operator !== undefined) found.push({ kind: 'operator', text: operator });
    else if (word.startsWith('-') && word.length > 1) found.push({ kind: 'word', text: 'NOT' }, { kind: 'word', text: word.slice(1) });
    else found.push({ kind: 'word', text: word });
  }
  return found;
}

/** The value at a dotted path; names below `labels` and `annotations` may hold dots themselves. */
function valueAt(item: Json, path: string): unknown {
  const [first = '', ...rest] = path.split('.');
  const value = Object.hasOwn(item, camel(first)) ? item[camel(first)] : undefined;
  if (rest.length === 0 || !isObject(value)) return value;
  const key = rest.join('.');
  return Object.hasOwn(value, key) ? value[key] : valueAt(value, key);
}

function has(value: unknown, wanted: string): boolean {
  if (isObject(value)) return Object.hasOwn(value, wanted);
  if (Array.isArray(value)) return value.includes(wanted);
  if (wanted === '*') return value !== undefined;
  return typeof value === 'string' && value.toLowerCase().includes(wanted.toLowerCase());
}

function compare(value: unknown, operator: string, wanted: string): boolean {
  if (operator === ':') return has(value, wanted);
  const given = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
  if (operator === '=') return wanted === '*' ? given !== '' : given === wanted;
  if (operator === '!=') return given !== wanted;
  const [a, b] = [Date.parse(given), Date.parse(wanted)];
  const order = Number.isNaN(a) || Number.isNaN(b) ? given.localeCompare(wanted) : a - b;
  return { '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[operator] ?? false;
}

class Parser {
  readonly #tokens: Token[];
  #at = 0;

  constructor(filter: string) {
    this.#tokens = tokens(filter);
  }

  #next(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #take(text: string, kind: Token['kind'] = 'word'): boolean {
    const next = this.#next();
    if (next?.kind !== kind || next.text !== text) return false;
    this.#at += 1;
    return true;
  }

  whole(): Test {
    const test = this.#all();
    if (this.#next() !== undefined) throw invalid('The filter is invalid.');
    return test;
  }

  #all(): Test {
    const tests = [this.#any()];
    while (this.#next() !== undefined && this.#next()?.text !== ')') {
      this.#take('AND');
      tests.push(this.#any());
    }
    return (item) => tests.every((test) => test(item));
  }

  #any(): Test {
    const tests = [this.#one()];
    while (this.#take('OR')) tests.push(this.#one());
    return (item) => tests.some((test) => test(item));
  }

  #one(): Test {
    if (this.#take('NOT')) {
      const test = this.#one();
      return (item) => !test(item);
    }
    if (this.#take('(', 'mark')) {
      const test = this.#all();
      if (!this.#take(')', 'mark')) throw invalid('The filter is invalid.');
      return test;
    }
    return this.#term();
  }

  #term(): Test {
    const field = this.#next();
    if (field === undefined || field.kind === 'mark' || field.kind === 'operator') throw invalid('The filter is invalid.');
    this.#at += 1;
    const operator = this.#next();
    if (operator?.kind !== 'operator') return (item) => has(item['name'], field.text);
    this.#at += 1;
    const value = this.#next();
    if (value === undefined || value.kind === 'mark' || value.kind === 'operator') throw invalid('The filter is invalid.');
    this.#at += 1;
    return (item) => compare(valueAt(item, field.text), operator.text, value.text);
  }
}

/** The test that a filter expression stands for; none lets everything pass. */
export function filterOf(expression: string | null): Test {
  return expression === null || expression.trim() === '' ? () => true : new Parser(expression).whole();
}
