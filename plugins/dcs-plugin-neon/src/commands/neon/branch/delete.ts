import { path } from 'dcs-sdk';
import { branchArg, BranchCommand, loose, named } from '../../../branch-command.ts';
import { consentFlags, sourceFlag } from '../../../neon-command.ts';
import { finished } from '../../../operations.ts';

export default class BranchDelete extends BranchCommand {
  static override description = `Delete a branch, after its name was typed.

The default branch, protected ones, parents and those that dcs.yaml gives to an environment are refused.`;
  static override examples = ['<%= config.bin %> <%= command.id %> checkout-v2', '<%= config.bin %> <%= command.id %> checkout-v2 --yes'];
  static override args = branchArg;
  static override flags = { ...sourceFlag, yes: consentFlags.yes };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(BranchDelete);
    const scope = await this.scope(flags.source);
    const { neon, project } = scope;
    const branch = loose(scope, args.branch, 'deleted');
    await named(
      scope,
      branch,
      `- ${branch.name}  everything written to it since it was made; Neon can bring it back for 7 days`,
      `dcs neon branch delete ${branch.name}`,
    );
    const subject = `branch ${branch.name}`;
    const answer = await neon.api({ method: 'DELETE', path: path`/projects/${project}/branches/${branch.id}`, subject, idempotent: true });
    if (answer['operations'] !== undefined) await finished(neon, project, answer, subject);
    return this.out([`- branch ${branch.name} (${branch.id})`], { project, branch: { id: branch.id, name: branch.name, deleted: true } });
  }
}
