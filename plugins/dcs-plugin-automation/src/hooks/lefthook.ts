import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { callLines } from './call.ts';
import type { Layout } from './layout.ts';

const EXTENSIONS = ['yml', 'yaml', 'toml', 'json', 'jsonc'];
const anyOf = (top: string, names: readonly string[]): string | undefined =>
  names.flatMap((name) => EXTENSIONS.map((extension) => `${name}.${extension}`)).find((name) => existsSync(join(top, name)));

/**
 * lefthook writes its own scripts again and again; what is one's own goes into lefthook-local.yml, which it merges.
 * https://lefthook.dev/configuration/ (last verified 2026-11-21)
 */
export function lefthook(top: string): Layout | undefined {
  if (anyOf(top, ['lefthook', '.lefthook', join('.config', 'lefthook')]) === undefined) return undefined;
  const local = anyOf(top, ['lefthook-local', '.lefthook-local', join('.config', 'lefthook-local')]);
  return {
    name: 'lefthook',
    file: () => join(top, 'lefthook-local.yml'),
    versioned: false,
    apply: 'lefthook install',
    executable: false,
    body: (call) =>
      [`${call.hook}:`, '  commands:', '    dcs:', '      run: |', ...callLines(call, '{3}').map((line) => `        ${line}`), ''].join(
        '\n',
      ),
    inner: (text) => text,
    outer: (_text, _hook, inner) => inner,
    refusal(inner = '', hook) {
      if (local !== undefined && local !== 'lefthook-local.yml') return `lefthook reads ${local}, and dcs edits lefthook-local.yml only`;
      if (new RegExp(`^["']?${hook}["']?[ \\t]*:`, 'm').test(inner)) return `lefthook-local.yml has a ${hook} of its own`;
      return /^(?:---|%|\{|\uFEFF|\xEF\xBB\xBF)/.test(inner) ? 'lefthook-local.yml does not begin as plain YAML' : undefined;
    },
  };
}
