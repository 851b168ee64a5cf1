import { DcsCommand } from 'dcs-sdk/command';
import { table } from '../render/style.ts';
import { openSession } from '../session.ts';
import { shortName } from '../plugins/names.ts';
import { missingTypes } from '../registry.ts';

export default class Targets extends DcsCommand {
  static override description = 'The targets of dcs.yaml, and the types that plugins bring. Asks no server.';
  static override examples = ['<%= config.bin %> targets', '<%= config.bin %> targets --json'];

  async run(): Promise<Record<string, unknown>> {
    await this.parse(Targets);
    const { project, registry } = await openSession(this.config, this.invocation());
    const entries = [...project.targets.values()].map(({ name, type, environments, policy }) => ({
      name,
      type,
      environments,
      policy,
      installed: registry.targets.has(type),
    }));
    const types = [...registry.targets.values()].map(({ id, plugin }) => ({ type: id, plugin: plugin.name, version: plugin.version }));
    const missing = missingTypes(registry).map(({ type, plugin }) => ({ type, plugin }));
    const lines = [
      ...table([
        ['TARGET', 'TYPE', 'ENVIRONMENTS', 'POLICY'],
        ...entries.map((entry) => [
          entry.name,
          `${entry.type}${entry.installed ? '' : ' (no plugin)'}`,
          entry.environments.join(', '),
          entry.policy,
        ]),
      ]),
      '',
      ...table([
        ['TYPE', 'PLUGIN'],
        ...types.map(({ type, plugin, version }) => [type, `${plugin} ${version}`]),
        ...missing.map(({ type, plugin }) => [type, `not installed: dcs plugins install ${shortName(plugin)}`]),
      ]),
    ];
    return this.out(lines, { targets: entries, types, missing });
  }
}
