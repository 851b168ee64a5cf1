import { Args } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { initScript, LINES, SHELLS, type Shell } from '../../shell/scripts.ts';

export default class ShellInit extends DcsCommand {
  static override description = `Print what your shell evaluates to know dcs: the environment of the folder in your prompt, and short names.

It changes no file. Put the line of your shell into its rc file (docs/shells.md).`;
  static override examples = SHELLS.map((shell) => LINES[shell]);
  static override args = { shell: Args.string({ required: true, options: [...SHELLS], description: 'your shell' }) };

  async run(): Promise<Record<string, unknown>> {
    const { args } = await this.parse(ShellInit);
    const shell = args.shell as Shell;
    const script = await initScript(this.config.root, shell);
    return this.out([script], { shell, script, line: LINES[shell] });
  }
}
