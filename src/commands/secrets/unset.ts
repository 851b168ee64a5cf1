import { Args, Flags } from '@oclif/core';
import { DcsCommand, syncFlags } from 'dcs-sdk/command';
import { unsetSecrets } from '../../into/unset.ts';
import { checkedNames } from '../../into/words.ts';
import { firstLine } from '../../render/first-line.ts';
import { styleFor } from '../../render/style.ts';
import { openSession } from '../../session.ts';

export default class SecretsUnset extends DcsCommand {
  static override description = `Delete secrets from Doppler, exactly the named ones: the plan says who refers to them and who inherits them, then consent.

The write is refused where somebody edited one of them meanwhile. Targets keep what dcs wrote there, until dcs sync --prune.`;
  static override examples = [
    '<%= config.bin %> secrets unset OLD_TOKEN -e dev',
    '<%= config.bin %> secrets unset OLD_TOKEN -e prod --dry-run',
  ];
  static override strict = false;
  static override args = { name: Args.string({ required: true, multiple: true, ignoreStdin: true, description: 'names, as in Doppler' }) };
  static override flags = { 'dry-run': Flags.boolean({ description: 'the plan only' }), yes: syncFlags.yes };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(SecretsUnset);
    const names = checkedNames([args.name].flat());
    const session = await openSession(this.config, this.invocation());
    const say = (line: string): void => {
      if (!flags.quiet && !this.jsonEnabled()) this.logToStderr(line);
    };
    const environment = session.choose(false);
    firstLine(session, environment, say);
    const options = { names, yes: flags.yes, dryRun: flags['dry-run'] };
    const style = styleFor(flags['dry-run'] ? process.stdout : process.stderr, session.env);
    const { lines, json } = await unsetSecrets(session, environment, options, style, say);
    return this.out(lines, json);
  }
}
