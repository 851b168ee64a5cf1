import { DcsError } from 'dcs-sdk';
import { branchArg, BranchCommand, loose, mappedTo, named } from '../../../branch-command.ts';
import { consentFlags, sourceFlag } from '../../../neon-command.ts';
import { nextFor, restore } from '../../../restore.ts';

export default class BranchReset extends BranchCommand {
  static override description = `Give a branch the data of its parent again, after its name was typed.

The default branch, protected ones and parents are refused.`;
  static override examples = ['<%= config.bin %> <%= command.id %> dev', '<%= config.bin %> <%= command.id %> dev --yes'];
  static override args = branchArg;
  static override flags = { ...sourceFlag, yes: consentFlags.yes };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(BranchReset);
    const scope = await this.scope(flags.source);
    const branch = loose(scope, args.branch, 'reset');
    const parent = scope.branches.find(({ id }) => id === branch.parent);
    if (parent === undefined)
      throw new DcsError('REFUSED', `${branch.name} is not reset.`, { why: 'It has no parent. Nothing was written.' });
    await named(
      scope,
      branch,
      `- ${branch.name}  everything that is not on ${parent.name}; connections to it drop`,
      `dcs neon branch reset ${branch.name}`,
    );
    await restore(scope, branch, { source_branch_id: parent.id });
    return this.out([`~ branch ${branch.name} is as ${parent.name}`, ...nextFor(scope.entry.name, mappedTo(scope.entry, branch))], {
      project: scope.project,
      branch: { id: branch.id, name: branch.name, parent: parent.name },
    });
  }
}
