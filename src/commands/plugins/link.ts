import { readFileSync, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Args } from '@oclif/core';
import { DcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { alone, enlist } from '../../plugins/installed.ts';
import { isPackageName } from '../../plugins/names.ts';
import { fieldsOf } from '../../plugins/packed.ts';

export default class PluginsLink extends DcsCommand {
  static override description =
    'Use a plugin from its folder while you write it, in place of an installed one of that name. Install and build it there yourself.';
  static override examples = ['<%= config.bin %> plugins link .', '<%= config.bin %> plugins link ../dcs-plugin-fly'];
  static override args = { folder: Args.string({ description: 'the folder of its package.json', default: '.' }) };

  async run(): Promise<Record<string, unknown>> {
    const { args } = await this.parse(PluginsLink);
    const root = resolve(args.folder);
    const file = join(root, 'package.json');
    if (!existsSync(file)) throw new DcsError('USAGE', `There is no package.json in ${root}.`, { why: 'Nothing was linked.' });
    const { name, oclif } = fieldsOf(readFileSync(file, 'utf8'));
    if (typeof name !== 'string' || !isPackageName(name) || (oclif as { dcs?: object } | undefined)?.dcs === undefined)
      throw new DcsError('USAGE', `${root} is no plugin for dcs.`, {
        why: 'Its package.json has no name, or no oclif.dcs. Nothing was linked.',
      });
    await alone(this.config.dataDir, () => enlist(this.config.dataDir, { name, type: 'link', root }));
    return this.out([`✓ ${name} linked from ${root}`], { linked: name, root });
  }
}
