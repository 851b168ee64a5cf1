import { Flags } from '@oclif/core';
import { DcsError, path } from 'dcs-sdk';
import { branchArg, BranchCommand, loose } from '../../../branch-command.ts';
import { sourceFlag } from '../../../neon-command.ts';
import { expiryIn } from '../../../times.ts';

export default class BranchExpire extends BranchCommand {
  static override description = 'Say when Neon deletes a branch, or that it does not.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> checkout-v2 --ttl 7d',
    '<%= config.bin %> <%= command.id %> checkout-v2 --never',
  ];
  static override args = branchArg;
  static override flags = {
    ttl: Flags.string({ helpValue: '7d', description: 'after so long', exclusive: ['never'] }),
    never: Flags.boolean({ description: 'it stays' }),
    ...sourceFlag,
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(BranchExpire);
    if (flags.ttl === undefined && !flags.never) throw new DcsError('USAGE', 'When?', { hint: ['--ttl 7d', '--never'] });
    const expires = flags.ttl === undefined ? null : expiryIn(flags.ttl, new Date());
    const scope = await this.scope(flags.source);
    const branch = loose(scope, args.branch, 'deleted');
    const subject = `branch ${branch.name}`;
    await scope.neon.api({
      method: 'PATCH',
      path: path`/projects/${scope.project}/branches/${branch.id}`,
      body: { branch: { expires_at: expires } },
      subject,
      idempotent: true,
    });
    return this.out([`~ branch ${branch.name} ${expires === null ? 'stays' : `until ${expires}`}`], {
      project: scope.project,
      branch: { id: branch.id, name: branch.name, expires },
    });
  }
}
