import { Args } from '@oclif/core';
import { DcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { installed } from '../../plugins/installed.ts';
import { packageName } from '../../plugins/names.ts';
import { isIntact } from '../../plugins/seal.ts';
import { pluginViews } from '../../plugins/view.ts';
import { table } from '../../render/style.ts';

export default class PluginsInspect extends DcsCommand {
  static override description =
    'One plugin: who published it, its checksum, what it brings, and whether every file is still the one that was installed.';
  static override examples = ['<%= config.bin %> plugins inspect neon', '<%= config.bin %> plugins inspect neon --json'];
  static override args = { plugin: Args.string({ description: 'a plugin of `dcs plugins`', required: true }) };

  async run(): Promise<Record<string, unknown>> {
    const { args } = await this.parse(PluginsInspect);
    const name = packageName(args.plugin);
    const view = pluginViews(this.config).find((plugin) => plugin.name === name);
    if (view === undefined) throw new DcsError('USAGE', `${name} is not installed.`, { hint: 'dcs plugins' });
    const seal = installed(this.config.dataDir).find((plugin) => plugin.name === name)?.seal;
    const intact = view.type === 'linked' ? null : isIntact(view.root, name);
    const commands = this.config.commands
      .filter(({ pluginName }) => pluginName === name)
      .map(({ id }) => id.replaceAll(':', ' '))
      .toSorted();
    const rows: [string, string][] = [
      ['version', `${view.version ?? '?'}${view.pinned === null ? '' : ' (asked for by name: dcs plugins update leaves it)'}`],
      ['', view.type === 'linked' ? `linked from ${view.root}` : view.official ? 'official' : 'not official'],
      ...(seal === undefined
        ? []
        : ([
            ['from', `${seal.from}${seal.publisher === undefined ? '' : `, published by ${seal.publisher}`}`],
            ['built', seal.provenance ?? 'no provenance'],
            ['checksum', seal.integrity],
            ['installed', seal.installed],
          ] as [string, string][])),
      ...(intact === null
        ? []
        : ([['files', intact ? 'as they were installed' : 'CHANGED since they were installed']] as [string, string][])),
      ...(view.broken === null ? [] : ([['broken', view.broken]] as [string, string][])),
      ['targets', view.targets.join(', ') || 'none'],
      ['sources', view.sources.join(', ') || 'none'],
      ['adapters', view.adapters.join(', ') || 'none'],
      ['commands', commands.join(', ') || 'none'],
    ];
    const { files: _files, ...sealed } = seal ?? { files: {} };
    return this.out([name, ...table(rows)], { ...view, intact, commands, seal: seal === undefined ? null : sealed });
  }
}
