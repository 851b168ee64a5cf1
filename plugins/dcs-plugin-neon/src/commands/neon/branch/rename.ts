import { Args } from '@oclif/core';
import { DcsError, path } from 'dcs-sdk';
import { branchArg, BranchCommand, mappedTo } from '../../../branch-command.ts';
import { pickBranch } from '../../../branches.ts';
import { consentFlags, sourceFlag } from '../../../neon-command.ts';
import { nextFor } from '../../../restore.ts';

export default class BranchRename extends BranchCommand {
  static override description = 'Rename a branch, also in dcs.yaml.';
  static override examples = ['<%= config.bin %> <%= command.id %> checkout-v2 checkout'];
  static override args = { ...branchArg, name: Args.string({ description: 'its new name', required: true }) };
  static override flags = { ...sourceFlag, yes: consentFlags.yes };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(BranchRename);
    const { host, neon, entry, project, branches } = await this.scope(flags.source);
    const branch = pickBranch(branches, args.branch, project);
    if (branches.some(({ name }) => name === args.name))
      throw new DcsError('CONFLICT', `There is a branch ${args.name} already.`, { why: 'Nothing was written.', hint: 'another name' });
    const environments = mappedTo(entry, branch);
    const map = environments.length === 0 ? '' : `, and in dcs.yaml for ${environments.join(', ')}`;
    if (!(await host.confirm(`Rename ${branch.name} to ${args.name}${map}?`, '--yes')))
      throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });
    const subject = `branch ${branch.name}`;
    await neon.api({
      method: 'PATCH',
      path: path`/projects/${project}/branches/${branch.id}`,
      body: { branch: { name: args.name } },
      subject,
      idempotent: true,
    });
    for (const environment of environments) await host.editConfig(['sources', entry.name, 'branch', environment], args.name);
    return this.out([`~ branch ${branch.name} is ${args.name}`, ...nextFor(entry.name, environments)], {
      project,
      branch: { id: branch.id, name: args.name, was: branch.name },
    });
  }
}
