import { Secret } from 'dcs-sdk';
import { isAlias, isCollection, isMap, isScalar, LineCounter, type Node, type Pair } from 'yaml';
import { compose } from '../config/document.ts';
import { refuseProblems, type Given } from './given.ts';

/** A flat map of names and texts. Numbers and the like are taken as they are written in YAML, and refused in JSON. */
export function parseDocument(text: string, shown: string, format: 'json' | 'yaml'): Given[] {
  if (format === 'json') refuseOtherThanJson(text, shown);
  const lines = new LineCounter();
  // A carriage return alone is white space in JSON, where it can only stand outside of texts, and none in YAML.
  const { contents } = compose(format === 'json' ? text.replaceAll('\r', ' ') : text, shown, lines);
  const at = (node: unknown): string => `${shown}:${lines.linePos((node as Node).range?.[0] ?? 0).line}`;
  if (contents === null) return [];
  if (!isMap(contents)) refuseProblems([`${at(contents)}: the file must be one map of names and texts`]);
  const given: Given[] = [];
  const problems: string[] = [];
  for (const { key, value } of (contents as unknown as { items: Pair[] }).items) {
    const place = at(key);
    const taken = textOf(value, format);
    if (!isScalar(key) || typeof key.value !== 'string') problems.push(`${place}: this key is no name`);
    else if ('text' in taken) given.push({ name: key.value, secret: new Secret(taken.text), at: place });
    else problems.push(`${place}: ${pathOf(key.value, value)} is ${taken.is}; only flat names and texts can be imported`);
  }
  refuseProblems(problems);
  return given;
}

function refuseOtherThanJson(text: string, shown: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // The rest of the engine's message quotes the file.
    const line = /\(line (\d+) column \d+\)/.exec(error.message)?.[1];
    refuseProblems([`${shown}${line === undefined ? '' : `:${line}`}: this is not JSON`]);
  }
}

function textOf(value: unknown, format: 'json' | 'yaml'): { readonly text: string } | { readonly is: string } {
  if (isAlias(value)) return { is: 'an alias' };
  if (isCollection(value)) return { is: isMap(value) ? 'a map' : 'a list' };
  if (!isScalar(value)) return { text: '' };
  if (typeof value.value === 'string') return { text: value.value };
  if (format === 'json') return { is: value.value === null ? 'null' : `a ${typeof value.value}` };
  return { text: value.value === null ? '' : (value.source ?? '') };
}

/** As deep as the first thing inside: `DB.HOST`. */
function pathOf(name: string, value: unknown): string {
  const shown = /^[\w.-]{1,80}$/.test(name) ? name : 'this';
  const inner = isMap(value) ? (value.items[0] as Pair | undefined)?.key : undefined;
  return isScalar(inner) && typeof inner.value === 'string' && /^[\w.-]{1,80}$/.test(inner.value) ? `${shown}.${inner.value}` : shown;
}
