import { join, relative, sep } from 'node:path';
import { callLines } from './call.ts';
import type { Layout } from './layout.ts';
import type { Repository } from './repository.ts';

export const SHEBANG = '#!/bin/sh\n';

/** One script a hook. husky starts those that it keeps by `sh -e`, whatever their first line and mode. */
export function scripts(name: 'git' | 'husky', folder: string, { top }: Repository): Layout {
  const below = relative(top, folder);
  return {
    name,
    file: (hook) => join(folder, hook),
    versioned: !below.startsWith('..') && below.split(sep)[0] !== '.git',
    executable: name === 'git',
    body: (call, chained) => [...callLines(call), ...(chained ? CHAIN : []), ''].join('\n'),
    inner: (text) => text,
    outer: (_text, _hook, inner) => inner,
  };
}

export const BEFORE = '.before-dcs';
/** With its arguments, input and exit code; one that git would not have run does not run either. */
const CHAIN = ['# What stood here before.', `if [ -x "$0${BEFORE}" ]; then`, `  "$0${BEFORE}" "$@" || exit $?`, 'fi'];

/** Lines of sh can be put after its first line. Anything else is started as it is. */
export function isShell(text: string): boolean {
  return /^#![ \t]*(?:\/\S*\/)?(?:env[ \t]+)?(?:ba|da|k|z|a)?sh(?:[ \t][^\n]*)?\r?\n/.test(text);
}
