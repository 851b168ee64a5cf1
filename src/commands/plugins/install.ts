import { Args, Flags } from '@oclif/core';
import { DcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { bring } from '../../plugins/bring.ts';
import { wanted } from '../../plugins/names.ts';
import { needed } from '../../plugins/needed.ts';
import { broughtLines, broughtJson } from '../../plugins/report.ts';
import { openSession } from '../../session.ts';

export default class PluginsInstall extends DcsCommand {
  static override aliases = ['plugins:add'];
  static override description = `Install plugins from the npm registry, or a packed one from this machine.

A short name is an official or a community plugin: neon is dcs-plugin-neon, never the npm package neon. Official plugins come in the version that was released with this dcs. No script of any package runs; docs/plugins.md says what is checked.`;
  static override examples = [
    '<%= config.bin %> plugins install neon',
    '<%= config.bin %> plugins install neon@0.1.0 cloudflare',
    '<%= config.bin %> plugins install @acme/dcs-plugin-vault',
    '<%= config.bin %> plugins install ./dcs-plugin-fly-0.1.0.tgz',
    { description: 'In CI: what dcs.yaml uses, official plugins only', command: '<%= config.bin %> plugins install --needed --yes' },
  ];
  static override strict = false;
  static override args = { plugin: Args.string({ description: 'a name, a name@version, or a packed file', multiple: true }) };
  static override flags = {
    needed: Flags.boolean({ description: "what dcs.yaml uses, in this dcs's versions" }),
    yes: Flags.boolean({ char: 'y', description: 'without asking; covers official plugins only' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(PluginsInstall);
    const words = [args.plugin ?? []].flat();
    if (Boolean(flags.needed) === words.length > 0)
      throw new DcsError('USAGE', flags.needed ? '--needed says itself which plugins.' : 'Which plugin?', {
        hint: ['dcs plugins     what there is', 'dcs plugins install neon', 'dcs plugins install --needed'],
      });
    const say = (line: string): void => {
      if (!this.jsonEnabled() && !flags.quiet) this.logToStderr(line);
    };
    const asked = flags.needed ? await needed(this.config, await openSession(this.config, this.invocation()), say) : words.map(wanted);
    const brought = await bring(this.config, asked, this.invocation(), say);
    return this.out(broughtLines(brought, 'dcs.yaml needs no other plugin.'), broughtJson(brought));
  }
}
