import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];

/** The one line of an rc file, for people. */
export const LINES: Readonly<Record<Shell, string>> = {
  bash: 'eval "$(dcs shell init bash)"',
  zsh: 'eval "$(dcs shell init zsh)"',
  fish: 'dcs shell init fish | source',
  powershell: 'dcs shell init powershell | Out-String | Invoke-Expression',
};

const PARTS: Readonly<Record<Shell, readonly string[]>> = {
  bash: ['posix.sh', 'bash.sh'],
  zsh: ['posix.sh', 'zsh.sh'],
  fish: ['fish.sh'],
  powershell: ['powershell.ps1'],
};

/** What the shell evaluates to have the integration. `root`: the folder of dcs's package.json. */
export async function initScript(root: string, shell: Shell): Promise<string> {
  const parts = await Promise.all(PARTS[shell].map((part) => script(root, part)));
  return `# ${LINES[shell]}\n${parts.join('\n')}`;
}

/** What it evaluates to be as it was before. */
export const uninstallScript = (root: string, shell: Shell): Promise<string> =>
  script(root, shell === 'powershell' ? 'powershell.uninstall.ps1' : `${shell}.uninstall.sh`);

const script = (root: string, name: string): Promise<string> => readFile(join(root, 'lib', 'shell', 'scripts', name), 'utf8');
