import { DcsCommand } from 'dcs-sdk/command';
import { available, pluginViews } from '../../plugins/view.ts';
import { table } from '../../render/style.ts';

export default class Plugins extends DcsCommand {
  static override aliases = ['plugins:list'];
  static override description =
    'The plugins on this machine: versions, what they bring, whether they are official; and the official ones that are not here. Asks no server.';
  static override examples = ['<%= config.bin %> plugins', '<%= config.bin %> plugins --json'];

  async run(): Promise<Record<string, unknown>> {
    await this.parse(Plugins);
    const plugins = pluginViews(this.config);
    const more = available(this.config, plugins);
    const brings = ({ targets, sources, adapters }: (typeof plugins)[number]): string =>
      [
        ...(targets.length > 0 ? [`targets ${targets.join(', ')}`] : []),
        ...(sources.length > 0 ? [`sources ${sources.join(', ')}`] : []),
        ...(adapters.length > 0 ? [`adapters ${adapters.join(', ')}`] : []),
      ].join('; ');
    const rows = plugins.map((plugin) => [
      plugin.name,
      plugin.version ?? '?',
      plugin.type === 'linked' ? 'linked' : plugin.official ? 'official' : 'not official',
      plugin.broken === null ? brings(plugin) : `! ${plugin.broken}`,
    ]);
    const lines = [
      ...(rows.length === 0 ? ['No plugin is installed.'] : table([['PLUGIN', 'VERSION', '', 'BRINGS'], ...rows])),
      ...(more.length === 0
        ? []
        : [
            '',
            ...table([
              ['OFFICIAL, NOT INSTALLED', 'VERSION', ''],
              ...more.map(({ name, version, short }) => [name, version ?? '?', `dcs plugins install ${short}`]),
            ]),
          ]),
    ];
    return this.out(lines, { plugins, available: more });
  }
}
