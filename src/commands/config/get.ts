import { Args } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { openSession } from '../../session.ts';
import { settingNamed, shownValue } from '../../settings.ts';

export default class ConfigGet extends DcsCommand {
  static override description = 'One setting as it counts here. Asks no server.';
  static override examples = ['<%= config.bin %> config get environment', '<%= config.bin %> config get targets.api.policy'];
  static override args = { key: Args.string({ required: true, description: 'as `dcs config explain` lists them' }) };

  async run(): Promise<Record<string, unknown>> {
    const { args } = await this.parse(ConfigGet);
    const { key, value } = settingNamed(await openSession(this.config, this.invocation()), args.key);
    return this.out([shownValue(value)], { key, value });
  }
}
