import { Flags } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { init, type OfferPlugins } from '../init.ts';
import { offerOrSay } from '../plugins/offer.ts';
import { openSession } from '../session.ts';

export default class Init extends DcsCommand {
  static override description =
    'Find the clouds of this repository and write dcs.yaml. A Doppler project that is not there is made, after showing it and asking; nothing else is sent to Doppler or to a cloud.';
  static override examples = ['<%= config.bin %> init', '<%= config.bin %> init --yes --name shop'];
  static override flags = {
    yes: Flags.boolean({ char: 'y', description: 'write without asking; never guesses between two projects' }),
    plugins: Flags.boolean({
      default: true,
      allowNo: true,
      description: 'offer the plugins that this repository needs and that are missing',
    }),
    name: Flags.string({ helpValue: 'PROJECT', description: 'the Doppler project (default: the name of this folder)' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(Init);
    const session = await openSession(this.config, this.invocation(), { optional: true });
    const offer: OfferPlugins = async (found) => {
      const names = [...new Set(found.map(({ plugin }) => plugin))];
      await offerOrSay(this.config, names, `This repository uses ${found.map(({ title }) => title).join(', ')}.`, this.invocation());
    };
    const { lines, json } = await init(session, { ...flags, name: flags.name, offer: flags.plugins ? offer : undefined }, (line) => {
      if (!this.jsonEnabled() && !flags.quiet) this.logToStderr(line);
    });
    return this.out(lines, json);
  }
}
