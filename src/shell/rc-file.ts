import { readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { DcsError, type Env } from 'dcs-sdk';
import { isMissing, replaceFile } from '../files.ts';
import type { Shell } from './scripts.ts';

/** Where a line may stand that starts the integration. */
export function rcFiles(shell: Shell, env: Env, home: string): readonly string[] {
  const config = env['XDG_CONFIG_HOME'] && isAbsolute(env['XDG_CONFIG_HOME']) ? env['XDG_CONFIG_HOME'] : join(home, '.config');
  const powershell = ['profile.ps1', 'Microsoft.PowerShell_profile.ps1'];
  const files: Readonly<Record<Shell, readonly string[]>> = {
    bash: ['.bashrc', '.bash_profile', '.bash_login', '.profile'].map((name) => join(home, name)),
    zsh: ['.zshrc', '.zprofile', '.zshenv', '.zlogin'].map((name) => join(env['ZDOTDIR'] || home, name)),
    fish: ['config.fish', 'conf.d/dcs.fish'].map((name) => join(config, 'fish', name)),
    powershell: [join(config, 'powershell'), join(home, 'Documents', 'PowerShell'), join(home, 'Documents', 'WindowsPowerShell')].flatMap(
      (folder) => powershell.map((name) => join(folder, name)),
    ),
  };
  return files[shell];
}

/** A line that names `dcs shell init`. */
export interface Found {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** It is the documented line and stands by itself; anything else only its author can take out. */
  readonly removable: boolean;
}

const AS_DOCUMENTED =
  /^(?:command -v dcs (?:&>|>)\s*\/dev\/null(?: 2>&1)? && )?(?:eval "\$\(dcs shell init \w+\)"|(?:source|\.) <\(dcs shell init \w+\)|dcs shell init \w+ \| source|dcs shell init powershell \| Out-String \| Invoke-Expression)\s*(?:#.*)?$/;
/** The next line belongs to a block or a command that this one begins. */
const BEGINS = /(?:\\|&&|\|\||\||\{|\(|\bthen|\bdo|\belse|\bbegin|^\s*(?:if|while|for|switch|function)\b.*)\s*$/;

export async function findLines(files: readonly string[]): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const file of files) {
    const lines = (await bytes(file)).split('\n');
    for (const [index, raw] of lines.entries()) {
      const text = raw.replace(/\r$/, '');
      if (!/^[^#]*\bdcs shell init\b/.test(text)) continue;
      const before = lines.slice(0, index).findLast((line) => line.trim() !== '') ?? '';
      const removable = AS_DOCUMENTED.test(text) && !BEGINS.test(before.replace(/\r$/, ''));
      found.push({ file, line: index + 1, text, removable });
    }
  }
  return found;
}

/** Takes these lines out of their file; every other byte stays. A link stays one. */
export async function removeLines(file: string, found: readonly Found[]): Promise<void> {
  const real = await realpath(file);
  const before = await bytes(real);
  const lines = before.split('\n');
  for (const { line, text } of found)
    if (lines[line - 1]?.replace(/\r$/, '') !== text)
      throw new DcsError('CONFLICT', `${file} was changed by somebody else meanwhile.`, {
        why: 'Nothing was written.',
        hint: 'run the command again',
      });
  const gone = new Set(found.map(({ line }) => line - 1));
  const after = lines.filter((_, index) => !gone.has(index)).join('\n');
  await replaceFile(real, Buffer.from(after, 'latin1'), (await stat(real)).mode & 0o777);
}

/** A character a byte: an rc file need not be UTF-8. */
async function bytes(file: string): Promise<string> {
  try {
    return await readFile(file, 'latin1');
  } catch (error) {
    if (isMissing(error)) return '';
    throw new DcsError('CONFIG', `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}).`, {
      why: 'A line in it may start the integration. Nothing was written.',
    });
  }
}
