import { BranchCommand, mappedTo } from '../../../branch-command.ts';
import { sourceFlag } from '../../../neon-command.ts';

export default class BranchList extends BranchCommand {
  static override description = 'List the branches of the Neon project, and the environments that dcs.yaml gives them.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];
  static override flags = sourceFlag;

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(BranchList);
    const { branches, project, entry } = await this.scope(flags.source);
    const names = new Map(branches.map(({ id, name }) => [id, name]));
    const rows = branches
      .toSorted((a, b) => (a.created < b.created ? -1 : 1))
      .map(({ parent, ...branch }) => ({
        ...branch,
        parent: parent === undefined ? null : (names.get(parent) ?? parent),
        environments: mappedTo(entry, branch),
      }));
    const width = Math.max(0, ...rows.map(({ name }) => name.length));
    const lines = rows.map(({ name, parent, environments, expires, size, state, ...branch }) =>
      [
        name.padEnd(width),
        ...(branch.default ? ['default'] : []),
        ...(branch.protected ? ['protected'] : []),
        ...(parent === null ? [] : [`of ${parent}`]),
        ...(state === 'ready' ? [] : [state]),
        ...(size === undefined ? [] : [`${(size / 1024 ** 2).toFixed(1)} MiB`]),
        ...(expires === undefined ? [] : [`until ${expires}`]),
        ...environments.map((environment) => `= ${environment}`),
      ].join('  '),
    );
    return this.out(lines, { project, branches: rows });
  }
}
