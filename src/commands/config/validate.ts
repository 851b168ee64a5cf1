import { DcsCommand } from 'dcs-sdk/command';
import { definitionOf, optionsOf, refuseNamesOfTypes, rulesOf } from '../../jobs.ts';
import { refuseSharedPlaces } from '../../places.ts';
import { plural } from '../../render/style.ts';
import { openSession } from '../../session.ts';

export default class ConfigValidate extends DcsCommand {
  static override description = 'Is dcs.yaml right, every target in every environment? Asks no server.';
  static override examples = ['<%= config.bin %> config validate'];

  async run(): Promise<Record<string, unknown>> {
    await this.parse(ConfigValidate);
    const session = await openSession(this.config, this.invocation());
    const { project } = session;
    refuseNamesOfTypes(session);
    const checked = await Promise.all(
      [...project.targets.values()].map(async (entry) => {
        const definition = await definitionOf(session, entry);
        await rulesOf(session, entry);
        await Promise.all(entry.environments.map((environment) => optionsOf(session, entry, environment, definition)));
        return entry.name;
      }),
    );
    await refuseSharedPlaces(session);
    return this.out(
      [
        `✓ ${project.file}: ${plural(checked.length, 'target')}, ${plural(project.environments.size, 'environment')}`,
        ...project.notices.map((notice) => `! ${notice}`),
      ],
      {
        file: project.file ?? null,
        targets: checked,
        notices: project.notices,
      },
    );
  }
}
