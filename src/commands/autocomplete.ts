import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { keepCommands } from '../completion/keep.ts';
import { directories } from '../config/directories.ts';
import { SHELLS, type Shell } from '../shell/scripts.ts';

const LINES: Readonly<Record<Shell, string>> = {
  bash: 'eval "$(dcs autocomplete bash)"',
  zsh: 'eval "$(dcs autocomplete zsh)"',
  fish: 'dcs autocomplete fish | source',
  powershell: 'dcs autocomplete powershell | Out-String | Invoke-Expression',
};

export default class Autocomplete extends DcsCommand {
  static override description = `Print what your shell evaluates to complete dcs: commands, flags, environments, targets, names of secrets.

Put the line of your shell into its rc file (docs/shells.md). Completing starts no program and asks no server: it reads what dcs
commands kept. Plugins' commands are there after the next dcs command in a project, or with --refresh-cache.`;
  static override examples = [...SHELLS.map((shell) => LINES[shell]), '<%= config.bin %> autocomplete --refresh-cache'];
  static override args = { shell: Args.string({ options: [...SHELLS], description: 'your shell' }) };
  static override flags = {
    'refresh-cache': Flags.boolean({ char: 'r', description: 'look for commands anew; without a shell that is all' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Autocomplete);
    const { cacheDir } = directories(process.env, homedir());
    await keepCommands(cacheDir, this.config);
    const shell = args.shell as Shell | undefined;
    if (flags['refresh-cache'] && shell === undefined) return this.out([], { refreshed: true });
    if (shell === undefined) return this.out(instructions(), { lines: LINES });
    const script = await readFile(join(this.config.root, 'lib', 'completion', 'scripts', fileOf(shell)), 'utf8');
    return this.out([script.trimEnd()], { shell, script, line: LINES[shell] });
  }
}

const fileOf = (shell: Shell): string => (shell === 'powershell' ? 'powershell.ps1' : `${shell}.sh`);

const instructions = (): string[] => [
  'The line of your shell, for its rc file:',
  '',
  ...SHELLS.map((shell) => `  ${shell.padEnd(12)}${LINES[shell]}`),
];
