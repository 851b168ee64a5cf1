import { stripVTControlCharacters } from 'node:util';
import { Args, Flags, type Help as StandardHelp, loadHelpClass } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';

export default class HelpCommand extends DcsCommand {
  static override description = 'How a command is used; without one, all commands.';
  static override examples = ['<%= config.bin %> help', '<%= config.bin %> help sync', '<%= config.bin %> help config show'];
  static override strict = false;
  static override args = { command: Args.string({ description: 'a command, or the words before several' }) };
  static override flags = { 'nested-commands': Flags.boolean({ char: 'n', description: 'include all nested commands' }) };

  async run(): Promise<Record<string, unknown>> {
    const { argv, flags } = await this.parse(HelpCommand);
    const Help = (await loadHelpClass(this.config)) as typeof StandardHelp;
    const lines: string[] = [];
    class Page extends Help {
      protected override log(...words: string[]): void {
        lines.push(words.join(' '));
      }
    }
    await new Page(this.config, { all: flags['nested-commands'] }).showHelp(argv as string[]);
    return this.out(lines, { topic: argv.join(' '), text: stripVTControlCharacters(lines.join('\n')).trimEnd() });
  }
}
