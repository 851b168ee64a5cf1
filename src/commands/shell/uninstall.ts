import { homedir } from 'node:os';
import { basename } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { DcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { prompts } from '../../prompts.ts';
import { findLines, rcFiles, removeLines, type Found } from '../../shell/rc-file.ts';
import { LINES, SHELLS, uninstallScript, type Shell } from '../../shell/scripts.ts';

export default class ShellUninstall extends DcsCommand {
  static override description = `Take dcs out of your shell: the line of its rc file, after showing it and asking, and nothing else in that file.

Prints what the running shell evaluates to be as it was before.`;
  static override examples = [
    'eval "$(<%= config.bin %> shell uninstall zsh)"',
    '<%= config.bin %> shell uninstall fish | source',
    '<%= config.bin %> shell uninstall bash --yes',
  ];
  static override args = { shell: Args.string({ options: [...SHELLS], description: 'your shell; default: the one that dcs is in' }) };
  static override flags = { yes: Flags.boolean({ char: 'y', description: 'take the line out without asking' }) };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(ShellUninstall);
    const say = (line: string): void => {
      if (!this.jsonEnabled() && !flags.quiet) this.logToStderr(line);
    };
    const shell = thisShell(args.shell);
    const script = await uninstallScript(this.config.root, shell);
    const found = await findLines(rcFiles(shell, process.env, homedir()));
    const removable = found.filter((one) => one.removable);
    const theirs = found.filter((one) => !one.removable);
    for (const { file, line, text } of removable) say(`  - ${file}:${line}  ${text}`);
    if (removable.length > 0 && !flags.yes) {
      const asked = await prompts(this.invocation(), process.env).confirm('Take this out?', '--yes');
      if (!asked) throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written, and this shell is as it was.' });
    }
    for (const [file, lines] of Map.groupBy(removable, (one) => one.file)) await removeLines(file, lines);
    if (removable.length > 0) say('✓ taken out; everything else there is as it was.');
    else if (theirs.length === 0) say(`No rc file of ${shell} names dcs shell init.`);
    for (const { file, line, text } of theirs) say(`! ${file}:${line} is yours to take out: ${text.trim()}`);
    const json = { shell, script, removed: removable.map(place), left: theirs.map(place) };
    if (process.stdout.isTTY === true && !this.jsonEnabled()) {
      say(`Next  ${LINES[shell].replace('init', 'uninstall')}     for this shell; new ones no longer have it`);
      return this.out([], json);
    }
    return this.out([script], json);
  }
}

const place = ({ file, line, text }: Found): Record<string, unknown> => ({ file, line, text });

function thisShell(said: string | undefined): Shell {
  const word = said ?? (process.env['DCS_SHELL'] || basename(process.env['SHELL'] ?? ''));
  const shell = SHELLS.find((one) => one === word);
  if (shell !== undefined) return shell;
  throw new DcsError('USAGE', 'Which shell?', { hint: SHELLS.map((one) => `dcs shell uninstall ${one}`) });
}
