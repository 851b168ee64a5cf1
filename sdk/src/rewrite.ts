/** A node of an ESTree; what its type has besides is under its own keys: https://github.com/estree/estree. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** A module of somebody's app, `file` from its root. Positions are those of `text`: types were blanked out before it was parsed. */
export interface SourceModule {
  readonly file: string;
  readonly text: string;
  /** False: it loads what it needs with `require`. */
  readonly esm: boolean;
  /** It runs as an ES module, where a module may wait. */
  readonly awaits: boolean;
  readonly typescript: boolean;
  readonly program: Node;
  /** Comments are none. */
  readonly tokens: readonly { readonly start: number; readonly end: number }[];
}

/** `text` instead of what stands from `start` to `end`. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value && 'start' in value;

/** The nodes under one key, `[]` where there is none. */
export const nodes = (node: Node, key: string): readonly Node[] => [node[key]].flat().filter(isNode);
export const node = (of: Node, key: string): Node | undefined => nodes(of, key)[0];
export const isFunction = ({ type }: Node): boolean => /^(Arrow)?Function(Expression|Declaration)?/.test(type);

/** Every node from `from` down, each with those it stands in, the innermost last. */
export function* walk(from: Node, within: readonly Node[] = []): Generator<readonly [Node, readonly Node[]]> {
  yield [from, within];
  for (const key of Object.keys(from)) for (const child of nodes(from, key)) yield* walk(child, [...within, from]);
}

/** The name of an identifier or the text of a string. */
export function nameOf(of: Node | undefined): string | undefined {
  const name = of?.type === 'Identifier' ? of['name'] : of?.type === 'Literal' ? of['value'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

/** `b` of `a.b` and `a['b']`. */
export function memberName(of: Node): string | undefined {
  if (of.type !== 'MemberExpression') return undefined;
  const property = node(of, 'property');
  return of['computed'] === true && property?.type !== 'Literal' ? undefined : nameOf(property);
}

export const isProcessEnv = (of: Node): boolean => memberName(of) === 'env' && nameOf(node(of, 'object')) === 'process';

export interface Read {
  readonly name: string;
  /** `process.env.NAME`. */
  readonly node: Node;
  /** `process.env`. */
  readonly object: Node;
  readonly within: readonly Node[];
}

/** Where names of secrets are read from an object that `isEnv` knows; writing to one is no read. */
export function envReads(from: Node, isEnv: (object: Node) => boolean): Read[] {
  const reads: Read[] = [];
  for (const [found, within] of walk(from)) {
    const name = memberName(found);
    const object = node(found, 'object');
    const parent = within.at(-1);
    const written = parent?.type === 'AssignmentExpression' && parent['left'] === found;
    if (name !== undefined && object !== undefined && !written && /^[A-Z_][A-Z0-9_]*$/.test(name) && isEnv(object))
      reads.push({ name, node: found, object, within });
  }
  return reads;
}

/** What a module calls an export of `from`, by `import` or `require`. */
export function importedAs(module: SourceModule, from: string, name: string): string | undefined {
  for (const statement of nodes(module.program, 'body')) {
    if (statement.type === 'ImportDeclaration' && nameOf(node(statement, 'source')) === from)
      for (const each of nodes(statement, 'specifiers')) if (nameOf(node(each, 'imported')) === name) return nameOf(node(each, 'local'));
    for (const each of statement.type === 'VariableDeclaration' ? nodes(statement, 'declarations') : []) {
      const pattern = node(each, 'id');
      if (pattern?.type !== 'ObjectPattern' || required(node(each, 'init')) !== from) continue;
      for (const property of nodes(pattern, 'properties'))
        if (nameOf(node(property, 'key')) === name) return nameOf(node(property, 'value'));
    }
  }
  return undefined;
}

const required = (call: Node | undefined): string | undefined =>
  call?.type === 'CallExpression' && nameOf(node(call, 'callee')) === 'require' ? nameOf(nodes(call, 'arguments')[0]) : undefined;

/** What a module calls the things it gets from modules that `from` knows, whatever those call them. */
export function localNames({ program }: SourceModule, from: RegExp): Set<string> {
  const found = new Set<string>();
  const add = (name: string | undefined): void => void (name !== undefined && found.add(name));
  for (const statement of nodes(program, 'body')) {
    if (statement.type === 'ImportDeclaration' && from.test(nameOf(node(statement, 'source')) ?? ''))
      for (const each of nodes(statement, 'specifiers')) add(nameOf(node(each, 'local')));
    for (const each of statement.type === 'VariableDeclaration' ? nodes(statement, 'declarations') : []) {
      if (!from.test(required(node(each, 'init')) ?? '')) continue;
      const id = node(each, 'id')!;
      add(nameOf(id));
      for (const property of nodes(id, 'properties')) add(nameOf(node(property, 'value')));
    }
  }
  return found;
}

/** The import of `names` after the imports there are, in their style. */
export function addImport(module: SourceModule, names: readonly string[], from: string): TextEdit {
  const { text, program } = module;
  const statements = nodes(program, 'body');
  const last = statements.findLast(
    (each) => each.type === 'ImportDeclaration' || nodes(each, 'declarations').some((one) => required(node(one, 'init')) !== undefined),
  );
  const semicolon = last === undefined || text.slice(last.start, last.end).endsWith(';') ? ';' : '';
  const specifier = quoted(module, from);
  const words = `{ ${names.join(', ')} }`;
  const line = module.esm ? `import ${words} from ${specifier}${semicolon}` : `const ${words} = require(${specifier})${semicolon}`;
  if (last !== undefined) return { start: last.end, end: last.end, text: `\n${line}` };
  const first = statements.find((each) => each['directive'] === undefined)?.start ?? text.length;
  return { start: first, end: first, text: `${line}\n\n` };
}

/** A string as this module writes strings. */
export function quoted({ text, tokens }: SourceModule, value: string): string {
  const first = tokens.find(({ start }) => text[start] === '"' || text[start] === "'");
  const mark = first && text[first.start] === '"' ? '"' : "'";
  return mark + value.replaceAll(/[\\'"]/g, '\\$&') + mark;
}

export const quotedList = (module: SourceModule, names: readonly string[]): string =>
  `[${names.map((name) => quoted(module, name)).join(', ')}]`;

/** `name` as parameter number `index` of a function; those before it that are not there get names that say they are unused. */
export function addParameter(module: SourceModule, of: Node, index: number, name: string, before: readonly string[]): TextEdit {
  const { text, tokens } = module;
  const parameters = nodes(of, 'params');
  const next = parameters[index];
  if (next !== undefined) return { start: next.start, end: next.start, text: `${name}, ` };
  const last = parameters.at(-1);
  const words = [...before.slice(parameters.length, index), name].join(', ');
  // `request => ...` has no parentheses to put it into.
  if (last !== undefined && !tokens.some(({ start }) => start >= of.start && start < last.start && text[start] === '('))
    return { start: last.start, end: last.end, text: `(${text.slice(last.start, last.end)}, ${words})` };
  const close = tokens.findIndex(({ start }) => start >= (last?.end ?? openOf(module, of)) && text[start] === ')');
  const at = tokens[close]!.start;
  const comma = last !== undefined && text[tokens[close - 1]!.start] !== ',';
  return { start: at, end: at, text: comma ? `, ${words}` : words };
}

/** Behind the parenthesis that opens the parameters. */
const openOf = ({ text, tokens }: SourceModule, of: Node): number =>
  tokens.find(({ start }) => start >= of.start && text[start] === '(')!.end;

/** A name that nothing in the module bears; a key or a property may. */
export function freeName({ program, tokens }: SourceModule, ...wanted: readonly string[]): string {
  const used = new Set<string | undefined>();
  for (const [found, within] of walk(program)) {
    const parent = within.at(-1);
    const labelled =
      parent?.['computed'] !== true && (parent?.['property'] === found || (parent?.['key'] === found && parent['shorthand'] !== true));
    if (found.type === 'Identifier' && !labelled) used.add(nameOf(found));
  }
  return wanted.find((name) => !used.has(name)) ?? `${wanted[0]}${tokens.length}`;
}

/** Where a node ends with what was blanked out behind it: `as string`, `!`. */
export function outerEnd({ text, tokens }: SourceModule, { end }: Node): number {
  const behind = text.slice(end, tokens.find(({ start }) => start >= end)?.start ?? end).trimEnd();
  return /\/[/*]/.test(behind) ? end : end + behind.length;
}

/** `edits` do not overlap; of two at one place the first stands first. Lines end as they do in `text`. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  let result = '';
  let at = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    if (edit.start < at) throw new Error('edits overlap');
    result += text.slice(at, edit.start) + edit.text.replaceAll('\n', end);
    at = edit.end;
  }
  return result + text.slice(at);
}
