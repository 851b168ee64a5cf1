import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DcsError, type GitHook } from 'dcs-sdk';
import { callLines } from './call.ts';
import type { Layout } from './layout.ts';

type Fields = Record<string, unknown>;

const KEY = 'simple-git-hooks';

/**
 * simple-git-hooks writes and removes every hook of the folder as its configuration says, so the lines go there.
 * https://github.com/toplenboren/simple-git-hooks (last verified 2026-11-21)
 */
export function simpleGitHooks(top: string): Layout | undefined {
  const name = ['cjs', 'js', 'mjs'].flatMap((end) => [`.${KEY}.${end}`, `${KEY}.${end}`]).find((each) => existsSync(join(top, each)));
  const json = [`.${KEY}.json`, `${KEY}.json`].find((each) => existsSync(join(top, each)));
  const inPackage = name === undefined && json === undefined && hasKey(join(top, 'package.json'));
  const file = name ?? json ?? (inPackage ? 'package.json' : undefined);
  if (file === undefined) return undefined;
  const hooksOf = (fields: Fields): Fields => (inPackage ? (fields[KEY] as Fields) : fields);
  const formatted = `${file} is not formatted as npm formats it, and dcs would change more than its own lines`;
  const parsed = (text: string | undefined): Fields => read(file, text);
  return {
    name: KEY,
    file: () => join(top, file),
    versioned: true,
    apply: `npx ${KEY}`,
    executable: false,
    body: (call) => [...callLines(call), ''].join('\n'),
    inner(text, hook) {
      const command = name === undefined ? hooksOf(parsed(text))[hook] : undefined;
      return typeof command === 'string' ? command : undefined;
    },
    outer(text = '', hook, inner) {
      const fields = parsed(text);
      if (written(fields, text) !== text) throw new DcsError('CONFLICT', `${formatted}.`, { why: 'Nothing was changed.' });
      const hooks = hooksOf(fields);
      if (inner === undefined) delete hooks[hook];
      else hooks[hook] = inner;
      return written(fields, text);
    },
    refusal(_inner, hook: GitHook) {
      if (name !== undefined) return `${file} is a program`;
      const text = readFileSync(join(top, file), 'latin1');
      return written(parsed(text), text) === text && typeof (hooksOf(parsed(text))[hook] ?? '') === 'string' ? undefined : formatted;
    },
  };
}

function hasKey(file: string): boolean {
  if (!existsSync(file)) return false;
  const text = readFileSync(file, 'latin1');
  return text.includes(`"${KEY}"`) && typeof read(file, text)[KEY] === 'object';
}

function read(file: string, text: string | undefined): Fields {
  try {
    const value: unknown = JSON.parse((text ?? '').replace(/^\xEF\xBB\xBF/, ''));
    if (typeof value === 'object' && value !== null) return value as Fields;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new DcsError('CONFLICT', `${file} cannot be read as JSON.`, { why: 'Nothing was changed.' });
}

/** With the indent, line ends and last line of what it replaces. */
function written(fields: Fields, like: string): string {
  const [, indent = '  '] = /^\{\r?\n([ \t]+)/.exec(like) ?? [];
  const text = `${JSON.stringify(fields, undefined, indent)}${like.endsWith('\n') ? '\n' : ''}`;
  return like.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text;
}
