/** The part of GitHub's expressions that our workflows use: https://docs.github.com/actions/reference/workflows-and-actions/expressions (last verified 2026-11-21) */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value };
export type Contexts = Readonly<Record<string, Value>>;

export interface Status {
  readonly failed: boolean;
}

const TOKEN = /\s*('(?:[^']|'')*'|\d+(?:\.\d+)?|[A-Za-z_][\w-]*|==|!=|&&|\|\||[!().,[\]])/y;

function tokens(text: string): string[] {
  const found: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new Error(`not an expression at ${at}: ${text}`);
    found.push(match[1]!);
  }
  return found;
}

const truthy = (value: Value): boolean => value !== null && value !== false && value !== 0 && value !== '';

/** Different kinds are compared as numbers: null is 0, true is 1, '' is 0, other text is not a number. */
function numeric(value: Value): number {
  if (typeof value === 'number') return value;
  if (value === null || value === false) return 0;
  if (value === true) return 1;
  if (typeof value === 'string') return value.trim() === '' ? 0 : Number(value);
  return Number.NaN;
}

function equal(a: Value, b: Value): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a.toLowerCase() === b.toLowerCase();
  if (typeof a === typeof b && a !== null && b !== null) return a === b;
  return numeric(a) === numeric(b);
}

export const text = (value: Value): string => (value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value));

export function evaluate(source: string, contexts: Contexts, status: Status = { failed: false }): Value {
  const list = tokens(source);
  let at = 0;
  const eat = (word: string): boolean => (list[at] === word ? ++at > 0 : false);
  const need = (word: string): void => {
    if (!eat(word)) throw new Error(`${word} missing in: ${source}`);
  };
  const or = (): Value => {
    let left = and();
    while (eat('||')) {
      const right = and();
      left = truthy(left) ? left : right;
    }
    return left;
  };
  const and = (): Value => {
    let left = compare();
    while (eat('&&')) {
      const right = compare();
      left = truthy(left) ? right : left;
    }
    return left;
  };
  const compare = (): Value => {
    const left = unary();
    if (eat('==')) return equal(left, unary());
    return eat('!=') ? !equal(left, unary()) : left;
  };
  const unary = (): Value => (eat('!') ? !truthy(unary()) : primary());
  const primary = (): Value => {
    if (eat('(')) {
      const value = or();
      need(')');
      return value;
    }
    const word = list[at++];
    if (word === undefined) throw new Error(`ends too early: ${source}`);
    if (word.startsWith("'")) return word.slice(1, -1).replaceAll("''", "'");
    if (/^\d/.test(word)) return Number(word);
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'null') return null;
    return eat('(') ? call(word) : path(word);
  };
  const call = (name: string): Value => {
    const given: Value[] = [];
    while (!eat(')')) {
      given.push(or());
      eat(',');
    }
    switch (name) {
      case 'always':
        return true;
      case 'success':
        return !status.failed;
      case 'failure':
        return status.failed;
      case 'cancelled':
        return false;
      case 'fromJSON':
        return JSON.parse(text(given[0] ?? null)) as Value;
      case 'startsWith':
        return text(given[0] ?? null)
          .toLowerCase()
          .startsWith(text(given[1] ?? null).toLowerCase());
      default:
        throw new Error(`the scratch runner knows no ${name}()`);
    }
  };
  const path = (name: string): Value => {
    if (!Object.hasOwn(contexts, name)) throw new Error(`there is no context ${name} here: ${source}`);
    let value: Value = contexts[name]!;
    for (;;) {
      if (eat('.')) value = member(value, list[at++]!);
      else if (eat('[')) {
        value = member(value, text(or()));
        need(']');
      } else return value;
    }
  };
  const value = or();
  if (at !== list.length) throw new Error(`what is ${list[at]} in: ${source}`);
  return value;
}

const member = (value: Value, name: string): Value =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? ((value as Record<string, Value>)[name] ?? null) : null;

/** A text with `${{ }}` in it. */
export function fill(template: string, contexts: Contexts, status?: Status): string {
  return template.replaceAll(/\$\{\{([^]*?)\}\}/g, (_, source: string) => text(evaluate(source, contexts, status)));
}

/** `if:` of a job or step: without a status function it also needs success. */
export function condition(source: string | undefined, contexts: Contexts, status: Status): boolean {
  const bare = (source ?? 'success()').replace(/^\s*\$\{\{([^]*)\}\}\s*$/, '$1');
  const named = /\b(?:always|success|failure|cancelled)\s*\(/.test(bare);
  return (named || !status.failed) && truthy(evaluate(bare, contexts, status));
}
