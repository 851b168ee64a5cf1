import { readFileSync } from 'node:fs';
import { DcsError } from 'dcs-sdk';
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type * as z from 'zod';
import { isMissing } from '../files.ts';
import { nearest } from './nearest.ts';

export type Path = readonly PropertyKey[];

const LARGEST = 1024 * 1024;
const ALIASES = 100;

/** A YAML file, read and checked, that still knows where each key stands. */
export interface Parsed<T> {
  readonly value: T;
  /** `dcs.yaml:12:5` of the deepest part of the path that exists. */
  readonly at: (path: Path) => string;
}

/** Undefined: there is no such file. */
export async function readText(file: string, shown: string): Promise<string | undefined> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file); // at once: each of the thread pool's steps costs a start half a millisecond
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new DcsError('CONFIG', `${shown} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}).`);
  }
  if (bytes.length > LARGEST) throw new DcsError('CONFIG', `${shown} is larger than 1 MiB.`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new DcsError('CONFIG', `${shown} is not UTF-8 text.`);
  }
}

/** `shown` is the file as messages name it. No message quotes the file: what stands there could be a secret. */
export function parse<T>(text: string, shown: string, schema: z.ZodType<T>): Parsed<T> {
  const { value, at } = read(text, shown);
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data, at };
  throw invalid(result.error.issues[0]!, schema, at);
}

/** The YAML alone; no schema has seen it. */
export function read(text: string, shown: string): Parsed<unknown> {
  const lines = new LineCounter();
  const document = compose(text, shown, lines);
  return { value: toValue(document, shown, lines), at: (path) => `${shown}${place(lines, find(document, path))}` };
}

/** The document itself, for edits that keep comments. */
export function compose(text: string, shown: string, lines = new LineCounter()): Document.Parsed {
  let document: Document.Parsed;
  let twice: Node | undefined;
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true, uniqueKeys: false });
    twice = keyTwice(document);
  } catch (error) {
    // The library's first use of a pattern fails as a SyntaxError where the stack is nearly full.
    if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
    throw new DcsError('CONFIG', `${shown} is nested too deeply.`);
  }
  const problem = document.errors[0] ?? document.warnings[0];
  const [offset, code] = problem ? [problem.pos[0], problem.code] : [twice?.range?.[0], 'DUPLICATE_KEY'];
  if (problem ?? twice)
    throw new DcsError('CONFIG', `${shown}${place(lines, offset)}: ${YAML_ERRORS[code] ?? `this is not YAML (${code})`}.`);
  return document;
}

/** The library compares every key with all before it: a file of 500 KB would take minutes. */
function keyTwice(document: Document.Parsed): Node | undefined {
  let found: Node | undefined;
  visit(document, {
    Map(_, { items }) {
      const keys = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (keys.has(key.value)) found ??= key as Node;
        keys.add(key.value);
      }
      return found ? visit.BREAK : undefined;
    },
  });
  return found;
}

const YAML_ERRORS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key stands twice in one map',
  TAB_AS_INDENT: 'YAML indents with spaces, not tabs',
  BAD_INDENT: 'the indentation does not fit',
  MULTIPLE_DOCS: 'a second document begins here; one file holds one',
  TAG_RESOLVE_FAILED: 'tags such as !name have no meaning here',
  BAD_ALIAS: 'this alias names nothing',
  MISSING_CHAR: 'a closing quote or bracket, or a colon, is missing',
};

function toValue(document: Document.Parsed, shown: string, lines: LineCounter): unknown {
  const refuse = (node: unknown, sentence: string): never => {
    throw new DcsError('CONFIG', `${shown}${place(lines, (node as Node).range?.[0])}: ${sentence}.`);
  };
  visit(document, {
    Pair(_, { key }) {
      if (!isScalar(key)) return refuse(key ?? document.contents, 'a key must be plain text');
      // The one is a setter on every object that is made from this; with the other zod takes none of them for a map.
      if (key.value === '__proto__' || key.value === 'constructor') return refuse(key, `${key.value} cannot be a key`);
    },
  });
  try {
    return document.toJS({ maxAliasCount: ALIASES });
  } catch (error) {
    if (error instanceof ReferenceError || error instanceof RangeError)
      throw new DcsError('CONFIG', `${shown} repeats itself too often with aliases (*name), or an alias names nothing.`);
    throw error;
  }
}

function place(lines: LineCounter, offset: number | undefined): string {
  if (offset === undefined) return '';
  const { line, col } = lines.linePos(offset);
  return `:${line}:${col}`;
}

function find(document: Document.Parsed, path: Path): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined = document.contents?.range?.[0];
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (!pair) return offset;
      offset = (pair.key as Node).range?.[0];
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      if (node === undefined) return offset;
      offset = (node as Node).range?.[0];
    } else return offset;
  }
  return offset;
}

type Issue = z.core.$ZodIssue;

function invalid(first: Issue, schema: z.ZodType, at: (path: Path) => string): DcsError {
  const issue = narrow(first);
  const where = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const like = nearest(key, keysAt(schema, issue.path));
    const sentence = `${at([...issue.path, key])}: ${where === '' ? '' : `${where}: `}unknown key "${key}"`;
    return new DcsError('CONFIG', like === undefined ? `${sentence}.` : `${sentence}; did you mean "${like}"?`);
  }
  if (issue.code === 'invalid_key')
    return new DcsError('CONFIG', `${at(issue.path)}: ${where}: a name is made of letters, digits, - and _.`);
  return new DcsError('CONFIG', `${at(issue.path)}: ${where === '' ? 'the file' : where} ${say(issue)}.`);
}

/** Of a union, the branch that fits the value's own type and fails deeper inside. */
function narrow(issue: Issue, prefix: Path = []): Issue {
  const path = [...prefix, ...issue.path];
  if (issue.code !== 'invalid_union') return { ...issue, path };
  const branch = issue.errors.find((errors) => errors.some((inner) => inner.path.length > 0 || inner.code !== 'invalid_type'));
  return branch?.[0] ? narrow(branch[0], path) : { ...issue, path };
}

function say(issue: Issue): string {
  if (issue.code === 'invalid_type') {
    if (issue.message.endsWith('received undefined')) return 'is missing';
    const kinds: Readonly<Record<string, string>> = {
      string: 'text (put it in quotes)',
      boolean: 'true or false',
      array: 'a list',
      object: 'a map',
      record: 'a map',
      never: 'said by each target itself',
    };
    return `must be ${kinds[issue.expected] ?? issue.expected}`;
  }
  if (issue.code === 'invalid_value')
    return `must be ${issue.values
      .map(String)
      .join(', ')
      .replace(/, ([^,]*)$/, ' or $1')}`;
  if (issue.code === 'invalid_union') return 'has the wrong type';
  return issue.message;
}

/** Keys that the schema takes at this path. */
function keysAt(schema: z.ZodType, path: Path): string[] {
  let options: z.ZodType[] = [schema];
  for (const step of path) options = options.flatMap((one) => inside(one, step));
  return options.flatMap((one) => {
    const { shape } = bare(one) as { shape?: object };
    return shape ? Object.keys(shape) : [];
  });
}

function inside(schema: z.ZodType, step: PropertyKey): z.ZodType[] {
  const def = bare(schema)._zod.def as {
    shape?: Record<string, z.ZodType>;
    valueType?: z.ZodType;
    element?: z.ZodType;
    options?: z.ZodType[];
  };
  if (def.options) return def.options.flatMap((one) => inside(one, step));
  const next = def.shape && Object.hasOwn(def.shape, step) ? def.shape[String(step)] : (def.valueType ?? def.element);
  return next ? alternatives(next) : [];
}

function alternatives(schema: z.ZodType): z.ZodType[] {
  const { options } = bare(schema)._zod.def as { options?: z.ZodType[] };
  return options ? options.flatMap(alternatives) : [schema];
}

/** Without `optional` and `nullable`. */
export function bare(schema: z.ZodType): z.ZodType {
  const { innerType } = schema._zod.def as { innerType?: z.ZodType };
  return innerType ? bare(innerType) : schema;
}
