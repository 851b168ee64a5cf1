import { Args } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { table } from '../../render/style.ts';
import { openSession } from '../../session.ts';
import { settingNamed, settingsOf, shownValue } from '../../settings.ts';

export default class ConfigExplain extends DcsCommand {
  static override description = `Each setting, where it comes from and what it beats. Asks no server.

A flag beats a variable, that the project file, that the user file, that the default.`;
  static override examples = ['<%= config.bin %> config explain', '<%= config.bin %> config explain targets.api.policy'];
  static override args = { key: Args.string({ description: 'one of them' }) };

  async run(): Promise<Record<string, unknown>> {
    const { args } = await this.parse(ConfigExplain);
    const session = await openSession(this.config, this.invocation());
    const settings = args.key === undefined ? settingsOf(session) : [settingNamed(session, args.key)];
    const rows = settings.map(({ key, value, from, beats }) => [
      key,
      shownValue(value),
      from,
      beats.length === 0 ? '' : `beats ${beats.join(', ')}`,
    ]);
    return this.out(table([['KEY', 'VALUE', 'FROM', ''], ...rows]), { settings });
  }
}
