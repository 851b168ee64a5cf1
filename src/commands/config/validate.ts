import { DcsCommand } from 'dcs-sdk/command';
import { definitionOf, optionsOf, refuseNamesOfTypes, rulesOf } from '../../jobs.ts';
import { chooseMembers } from '../../members.ts';
import { refuseSharedPlaces } from '../../places.ts';
import { plural } from '../../render/style.ts';
import { openSession, titleOf, type Session } from '../../session.ts';

export default class ConfigValidate extends DcsCommand {
  static override description =
    'Is dcs.yaml right, every target in every environment, and at the root of a workspace every member? Asks no server.';
  static override examples = ['<%= config.bin %> config validate'];

  async run(): Promise<Record<string, unknown>> {
    await this.parse(ConfigValidate);
    const session = await openSession(this.config, this.invocation());
    const { project } = session;
    const isRoot = project.workspace !== undefined && project.workspace.file === project.file;
    const members = isRoot ? await chooseMembers(session, { words: [], all: true }) : undefined;
    if (members?.failed[0]) throw members.failed[0].error;
    const sessions = members?.chosen.map((member) => member.session) ?? [session];
    const checked = (await Promise.all(sessions.map(check))).flat();
    await refuseSharedPlaces(session);
    const whole = members === undefined ? '' : `${plural(members.chosen.length, 'member')}, `;
    return this.out(
      [
        `✓ ${project.file}: ${whole}${plural(checked.length, 'target')}, ${plural(project.environments.size, 'environment')}`,
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

/** Every target of one file; its names. */
async function check(session: Session): Promise<string[]> {
  refuseNamesOfTypes(session);
  return Promise.all(
    [...session.project.targets.values()].map(async (entry) => {
      const definition = await definitionOf(session, entry);
      await rulesOf(session, entry);
      await Promise.all(entry.environments.map((environment) => optionsOf(session, entry, environment, definition)));
      return titleOf(session, entry.name);
    }),
  );
}
