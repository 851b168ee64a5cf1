import { Flags } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { migrateProject } from '../../migrate.ts';
import { plural } from '../../render/style.ts';
import { openSession } from '../../session.ts';

export default class ConfigMigrate extends DcsCommand {
  static override description = `Rewrite a dcs.yaml of the first version in today's form. Comments stay; it is shown before it is written.

A target with one place for all environments belongs to one of them: it is asked which, or said with --owner.`;
  static override examples = ['<%= config.bin %> config migrate', '<%= config.bin %> config migrate --owner cloudflare=production --yes'];
  static override flags = {
    yes: Flags.boolean({ char: 'y', description: 'write without asking' }),
    owner: Flags.string({
      helpValue: 'TARGET=ENV',
      multiple: true,
      multipleNonGreedy: true,
      description: 'the environment that owns a target',
    }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(ConfigMigrate);
    const session = await openSession(this.config, this.invocation());
    const { changes, left } = await migrateProject(session, { yes: flags.yes, owners: flags.owner ?? [] }, (line) => {
      if (!this.jsonEnabled() && !flags.quiet) this.logToStderr(line);
    });
    const done = changes.length === 0 ? 'Nothing to do: it is of today’s form.' : `✓ ${plural(changes.length, 'change')} written.`;
    return this.out([done], { changes, left });
  }
}
