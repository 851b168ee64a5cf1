import { Args } from '@oclif/core';
import { DcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { alone, installed, strike } from '../../plugins/installed.ts';
import { packageName } from '../../plugins/names.ts';

export default class PluginsUninstall extends DcsCommand {
  static override aliases = ['plugins:remove', 'plugins:unlink'];
  static override description = 'Take plugins off this machine; a linked one only off the list. Targets and records stay as they are.';
  static override examples = ['<%= config.bin %> plugins uninstall neon', '<%= config.bin %> plugins remove neon cloudflare'];
  static override strict = false;
  static override args = { plugin: Args.string({ description: 'a plugin of `dcs plugins`', multiple: true }) };

  async run(): Promise<Record<string, unknown>> {
    const { args } = await this.parse(PluginsUninstall);
    const names = [args.plugin ?? []].flat().map(packageName);
    if (names.length === 0) throw new DcsError('USAGE', 'Which plugin?', { hint: 'dcs plugins' });
    const { dataDir } = this.config;
    await alone(dataDir, async () => {
      const here = installed(dataDir).map(({ name }) => name);
      const absent = names.find((name) => !here.includes(name));
      if (absent !== undefined)
        throw new DcsError('USAGE', `${absent} is not installed.`, { why: 'Nothing was changed.', hint: 'dcs plugins' });
      await strike(dataDir, names);
    });
    return this.out(
      names.map((name) => `✓ ${name} uninstalled`),
      { uninstalled: names },
    );
  }
}
