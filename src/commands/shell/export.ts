import { Args, Flags } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { EXPORTING, exportScript, type ExportingShell } from '../../shell/export.ts';
import { openSession } from '../../session.ts';

export default class ShellExport extends DcsCommand {
  static override description =
    'What the integration evaluates with DCS_AUTO_ENV=export on entering the folder of a trusted dcs.yaml: its secrets, out of the snapshot.';
  static override examples = ['<%= config.bin %> shell export zsh --reveal'];
  static override hidden = true;
  // stdout is evaluated.
  static override enableJsonFlag = false;
  static override args = { shell: Args.string({ required: true, options: [...EXPORTING], description: 'your shell' }) };
  static override flags = { reveal: Flags.boolean({ description: 'print values' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ShellExport);
    const session = await openSession(this.config, this.invocation());
    const script = await exportScript(session, args.shell as ExportingShell, flags.reveal, (line) => {
      if (!flags.quiet) this.logToStderr(line);
    });
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(script, (error) => (error ? reject(error) : resolve()));
    });
  }
}
